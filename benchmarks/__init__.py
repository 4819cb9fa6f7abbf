"""What loopcoder costs: `make bench` writes the table in docs/reference/performance.md."""
