"""interop: the Clients module of a print shop's ERP, on the command line."""

__version__ = "0.2.0"
FORMATS = ("table", "json", "ndjson", "csv", "tsv", "codes", "xlsx", "vcard", "vcard4")
"""What data is written as; ``output/columns.py`` knows how."""
