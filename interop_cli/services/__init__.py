"""The use cases, by subject. The first argument of each is the unit of work it writes in."""
