"""One unattended pass, in one process or as a relay of jobs."""
