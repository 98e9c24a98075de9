"""Helpers and fixtures that the tests share; nothing here is a test."""
