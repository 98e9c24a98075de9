"""Which remote system the links of a target belong to."""

from __future__ import annotations

# NULL until a run asks for it. Found out, not configured: it is not journaled.
SCRIPT = """
ALTER TABLE sync_target ADD COLUMN remote {text};
ALTER TABLE sync_target ADD COLUMN remote_name {text};
"""
