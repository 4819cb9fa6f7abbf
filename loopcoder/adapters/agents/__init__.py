"""Workers and reviewers."""
