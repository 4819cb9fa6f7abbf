"""One attempt at one unit, stage by stage."""
