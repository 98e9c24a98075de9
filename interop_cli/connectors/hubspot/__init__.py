"""HubSpot CRM, dated API 2026-09: clients as companies, contacts as contacts of theirs.

Companies have no usable key of their own there, so each object gets a unique property of ours.
"""

from __future__ import annotations

from interop_cli.connectors.hubspot.connector import HubSpot

__all__ = ["HubSpot"]
