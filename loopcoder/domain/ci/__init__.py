"""What CI says: checks of a commit, and failures read from logs."""
