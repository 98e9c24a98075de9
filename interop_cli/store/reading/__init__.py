"""Reads: one SQL statement each, whose rows already have the shape of the JSON contract.

No entity is built and neither pydantic nor sqlite-utils is imported, so a read starts fast.
"""
