"""interop: the Clients module of a print shop's ERP, on the command line."""

__version__ = "0.2.0"
