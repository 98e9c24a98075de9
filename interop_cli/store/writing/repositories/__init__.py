"""Writes: what a service may ask of the tables, in the words of the domain."""
