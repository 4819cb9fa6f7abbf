"""What a tick sees, what it decides, and how it reports."""
