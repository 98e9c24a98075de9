"""What can be done with the contacts, addresses and notes of clients."""
