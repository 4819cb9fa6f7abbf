"""Narrow protocols, owned by the engine that calls them."""
