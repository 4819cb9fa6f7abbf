"""Verbs that do the work, as one process runs them."""
