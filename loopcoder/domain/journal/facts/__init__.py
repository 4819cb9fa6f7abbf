"""Every fact that the journal can hold, by what it is about."""
