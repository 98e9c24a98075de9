"""Filters: the tree of an expression, its grammar, what is refused, and what values mean."""
