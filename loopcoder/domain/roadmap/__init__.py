"""ROADMAP.md and other lists of tasks: text in, units and diagnostics out, and back."""
