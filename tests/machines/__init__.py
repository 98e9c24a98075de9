"""Machines that are not ours: what they refuse is emulated where this one does not."""
