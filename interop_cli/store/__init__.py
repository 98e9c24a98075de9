"""The database: one seam, two engines, every write through the journal."""
