"""Looking at everything that could keep a tick from working."""
