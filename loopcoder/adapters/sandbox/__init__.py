"""Where agents and commands run: the walls, the limits, and what ends a run."""
