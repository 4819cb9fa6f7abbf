"""The local tracker and code host: SQLite in the repository's git directory."""
