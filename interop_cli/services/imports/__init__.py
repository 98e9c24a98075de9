"""Files in: each row to its record, all of them or none."""
