"""interop: the Clients module of a print shop's ERP, on the command line."""

__version__ = "0.1.0"
