"""The way to an address, as a link to somebody's map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from interop_cli.domain.country import country_name


def directions_url(address: Mapping[str, Any], provider: str, origin: str | None = None) -> str:
    """A directions link to ``address``: ``osm`` (OpenStreetMap) or ``google``."""
    parts = [
        address["line1"], address["city"], address["province"], address["postal_code"],
        country_name(address["country"], "en"),
    ]  # fmt: skip
    place = ", ".join(part for part in parts if part)
    if provider == "google":
        query = {"api": "1", "destination": place} | ({"origin": origin} if origin else {})
        return "https://www.google.com/maps/dir/?" + urlencode(query)
    query = ({"from": origin} if origin else {}) | {"to": place}
    return "https://www.openstreetmap.org/directions?" + urlencode(query)
