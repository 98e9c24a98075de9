"""The fields of every entity, each said once."""
