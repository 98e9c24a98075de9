"""Entities and their rules. Knows no click, no SQL and no HTTP."""
