"""The Landlock sandbox: for machines that have no bubblewrap, or that do not let it work."""
