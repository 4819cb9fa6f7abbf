"""Configured agents, made into workers and reviewers."""
