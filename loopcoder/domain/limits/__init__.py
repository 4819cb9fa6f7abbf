"""Money, tokens, time and trust in a run: how much may still be spent."""
