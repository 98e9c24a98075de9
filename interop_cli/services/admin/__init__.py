"""Undo, users and made-up data."""
