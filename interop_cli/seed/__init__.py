"""Made-up data of a print shop: the same for the same numbers, on every Python.

``clients`` gives clients with their people and notes as rows that an import takes, ``shop`` puts
them together with their documents. ``chance`` decides; ``words`` and ``places`` are what the rows
are made of. Nothing here reads the database, and nothing outside the standard library is needed.
"""

from __future__ import annotations

from interop_cli.seed.clients import clients

__all__ = ["clients"]
