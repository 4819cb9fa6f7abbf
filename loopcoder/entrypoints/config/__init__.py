"""`loopcoder.yml`: its shape, where it is read from, and what it is made into."""
