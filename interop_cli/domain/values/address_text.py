"""An address as text: on one line, as a link to a map, and out of the parts of a geocoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from interop_cli.domain.values.places import country_name


def one_line(address: Mapping[str, Any]) -> str:
    """The address on one line, without its phone and instructions."""
    place = " ".join(filter(None, [address["city"], address["province"], address["postal_code"]]))
    parts = [address["label"], address["attention"], address["line1"], address["line2"], place]
    return ", ".join(part for part in (*parts, address["country"]) if part)


def bare_line(address: Mapping[str, Any]) -> str:
    """The same without the label, which is a word of the house."""
    return one_line({**address, "label": None})


def directions_url(address: Mapping[str, Any], provider: str, origin: str | None = None) -> str:
    """A directions link to ``address``: ``osm`` (OpenStreetMap) or ``google``."""
    parts = [
        address["line1"],
        address["city"],
        address["province"],
        address["postal_code"],
        country_name(address["country"], "en"),
    ]
    place = ", ".join(part for part in parts if part)
    if provider == "google":
        query = {"api": "1", "destination": place} | ({"origin": origin} if origin else {})
        return "https://www.google.com/maps/dir/?" + urlencode(query)
    query = ({"from": origin} if origin else {}) | {"to": place}
    return "https://www.openstreetmap.org/directions?" + urlencode(query)


# Where the number of a house follows its street.
NUMBER_LAST = frozenset(
    "AT BE BR CH CZ DE DK EE ES FI GR HR HU IS IT LI LT LV MX NL NO PL PT RO SE SI SK TR".split()
)
CITY = (
    "locality",
    "postal_town",
    "sublocality_level_1",
    "sublocality",
    "administrative_area_level_3",
    "administrative_area_level_2",
)
FIELDS = ("line1", "line2", "city", "province", "postal_code", "country")


@dataclass(frozen=True)
class GeocodedPlace:
    """A place that was found: its address as fields (``""`` where unknown), and on one line."""

    fields: Mapping[str, str]
    formatted: str


def place(components: Sequence[Any], formatted: object) -> GeocodedPlace:
    """A place of Google's ``addressComponents``; what has another form is passed over."""
    long: dict[str, str] = {}
    short: dict[str, str] = {}
    for part in components:
        if not isinstance(part, Mapping):
            continue
        for kind in part.get("types") or ():
            if isinstance(kind, str):
                long.setdefault(kind, _text(part.get("longText")))
                short.setdefault(kind, _text(part.get("shortText")) or long[kind])
    country = short.get("country", "")
    fields = {
        "line1": _street(long, country),
        "line2": long.get("subpremise", ""),
        "city": next((long[kind] for kind in CITY if long.get(kind)), ""),
        "province": short.get("administrative_area_level_1", ""),
        "postal_code": long.get("postal_code", ""),
        "country": country,
    }
    return GeocodedPlace(fields, _text(formatted))


def _street(parts: Mapping[str, str], country: str) -> str:
    number, route = parts.get("street_number", ""), parts.get("route", "")
    if not route:
        return parts.get("premise", "")
    words = (route, number) if country in NUMBER_LAST else (number, route)
    return " ".join(word for word in words if word)


def _text(value: object) -> str:
    """Text without the control characters that no address has."""
    if not isinstance(value, str):
        return ""
    return "".join(char if char.isprintable() else " " for char in value).strip()
