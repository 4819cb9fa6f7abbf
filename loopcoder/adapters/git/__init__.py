"""Real git, by subprocess."""
