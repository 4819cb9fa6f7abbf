"""What happened to a change, so that others can check it later."""
