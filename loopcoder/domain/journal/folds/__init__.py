"""How each fact changes the record of its unit, by topic."""
