"""What sync keeps in the database: targets, links, events; and our records as it reads them."""
