"""Values and their rules: what a code, an amount, a phone number or a place may be."""
