"""The facts that are stored, and what they add up to."""
