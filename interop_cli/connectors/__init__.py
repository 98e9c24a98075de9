"""What speaks to a remote system: one file or package a system."""
