"""Ways to sign, each with its way to check."""
