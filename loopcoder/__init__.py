"""loopcoder: a roadmap becomes issues, issues become reviewed pull requests, a human merges."""

__version__ = "0.1.0"
