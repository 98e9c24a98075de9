"""The hosts of the remote systems: the one place that names them. Each is overridable."""

from __future__ import annotations

HUBSPOT = "https://api.hubapi.com"
QBO = "https://quickbooks.api.intuit.com"
QBO_SANDBOX = "https://sandbox-quickbooks.api.intuit.com"
QBO_TOKEN = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105 - an address
PLACES = "https://places.googleapis.com"
