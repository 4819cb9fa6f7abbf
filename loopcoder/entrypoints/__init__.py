"""Configuration, composition and everything a person touches."""
