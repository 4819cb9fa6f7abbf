"""What is written for people to read on GitHub and in reports."""
