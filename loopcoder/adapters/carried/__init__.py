"""The journal and the commits of a wave, on their way between machines."""
