"""Secrets: finding them, and keeping them out of what is written."""
