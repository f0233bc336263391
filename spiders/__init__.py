"""Which bytes to fetch: one file per registry. Interprets no field."""
