"""The use cases, written against ports."""
