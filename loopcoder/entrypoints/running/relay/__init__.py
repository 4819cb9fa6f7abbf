"""A tick as a relay of processes, each with no more power than its part needs."""
