"""The hosts of the remote systems: the one place that names them. Each is overridable."""

from __future__ import annotations

HUBSPOT = "https://api.hubapi.com"
