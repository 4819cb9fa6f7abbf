"""Judgements of a change, and how far they can be relied on."""
