"""One function a use case; the first argument is the unit of work."""
