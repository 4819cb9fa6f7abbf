"""What is written into a repository or a machine, once, and taken out again."""
