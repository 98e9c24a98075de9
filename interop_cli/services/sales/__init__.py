"""What can be done with documents, invoices and sales totals."""
