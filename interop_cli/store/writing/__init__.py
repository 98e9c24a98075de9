"""Writes: the unit of work with its journal, and the repositories that services use."""
