"""Files for systems that import them: what a profile says, the bytes, and handing them over."""

from __future__ import annotations

from interop_cli.connectors.files.connector import Files

__all__ = ["Files"]
