"""The engines: opening a database, making it, looking after it."""
