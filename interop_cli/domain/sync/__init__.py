"""What sync is about, without SQL and without HTTP: payloads, descriptors, plans, merges."""
