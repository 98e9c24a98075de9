"""An address as text: on one line, out of one cell or a geocoder's parts, as a link to a map.

In one cell, an address is on lines of its own or between commas, from the street to the country.
What cannot surely be told apart is refused: a street in the place of a city would be found by
nobody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from interop_cli.domain.values.code import strip_legal_suffix
from interop_cli.domain.values.places import CountryRules, country_code, country_name, country_rules
from interop_cli.domain.values.text import fold


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


_SEPARATORS = re.compile(r"[\r\n,;]+")
_NUMBER = re.compile(r"(?:no\.? ?|n° ?)?\d+(?:[-/]\d+)? ?[A-Za-z]?", re.IGNORECASE)
# Not "5e étage", "3 rd Floor" or "2 Local".
_HOUSE = re.compile(
    r"\d+(?:[-/]\d+)?[A-DF-Z]?,? (?!(?:e|[eè]me|[eè]re|er|st|nd|rd|th|étages?|etages?|floors?"
    r"|loca[lux]+|suite|unit[éye]?|bureau|apt|app)\b)",
    re.IGNORECASE,
)
_STREET = re.compile(
    r"\b(?:rue|ave?|avenue|boul|boulevard|bd|blvd|ch|chemin|rte|route|rang|mont[ée]e|c[ôo]te|all[ée]e"
    r"|street|road|rd|drive|lane|way|highway|crescent|terrasse|autoroute)\b",
    re.IGNORECASE,
)
_COUNTRY_NAME = 4  # letters: what is shorter may be a province
_PROVINCE = 2  # letters of one
_LONGEST_NAME = 4  # words of a province or a country
_NEIGHBOURS = ("CA", "US")


def parse_address(text: str, country: str, name: str = "") -> dict[str, str] | None:
    """The fields of an address, ``country`` among them where the cell tells it.

    ``country`` is the one that is meant where none is written. Segments that only repeat the
    ``name`` of the client are passed over; what else stands before the street, a person or a
    building, is behind it in ``line2``. ``None`` where the parts cannot be told apart.
    """
    parts = _segments(text, name)
    written = _take_country(parts)
    for candidate in dict.fromkeys([written] if written else [country, *_NEIGHBOURS]):
        found = _in_country(list(parts), country_rules(candidate))
        if found is not None:
            said = candidate if written or candidate != country else ""
            return {**found, "country": said}
    return None


def _segments(text: str, name: str) -> list[str]:
    """What stands between the commas and lines; a number of a house stays with its street."""
    parts, own = _split(text), _split(name)
    if own and [*map(fold, parts[: len(own)])] == [*map(fold, own)]:  # "Doyon, inc." too
        named = len(own)
        surely = not (_HOUSE.match(parts[0]) and _STREET.search(parts[0]))
    else:
        named = int(
            bool(own and parts) and strip_legal_suffix(parts[0]) == strip_legal_suffix(name)
        )
        surely = False
    # Else it may be the street, or the building, that has the client's name.
    if named and (surely or any(map(_HOUSE.match, parts[named:]))):
        del parts[:named]
    for place in range(len(parts) - 1):
        if _NUMBER.fullmatch(parts[place]):
            return [*parts[:place], f"{parts[place]}, {parts[place + 1]}", *parts[place + 2 :]]
    return parts


def _split(text: str) -> list[str]:
    return [part for piece in _SEPARATORS.split(text) if (part := " ".join(piece.split()))]


def _take_country(parts: list[str]) -> str | None:
    """The country at the end, which is then gone from there."""
    if not parts:
        return None
    words = parts[-1].split()
    for count in range(min(_LONGEST_NAME, len(words)), 0, -1):
        name = " ".join(words[-count:])
        alone = count == len(words)
        after_code = alone and len(parts) > 1 and any(map(str.isdigit, parts[-2]))
        if len(name) < _COUNTRY_NAME and not after_code:
            continue
        if (code := country_code(name)) is not None:
            # "Atlanta, Georgia" is no country in itself: there must be a place before it.
            if alone and len(parts) > 1:
                parts.pop()
            elif not alone:
                parts[-1] = " ".join(words[:-count])
            else:
                return None
            return code
    return None


def _in_country(parts: list[str], rules: CountryRules) -> dict[str, str] | None:
    postal_code = _take_postal_code(parts, rules)
    province = _take_province(parts, rules)
    if len(parts) < 2 or not (postal_code or province):
        return None
    if postal_code and province and not rules.fits_province(postal_code, province):
        return None
    *lines, city = parts
    if any(map(str.isdigit, city)) or not any(map(str.isalpha, lines[0])):
        return None
    if not province and len(city) == _PROVINCE and rules.province_code(city):
        return None
    if rules.country in _NEIGHBOURS:
        lines = _street_first(lines)
    return {
        "line1": lines[0],
        "line2": ", ".join(lines[1:]),
        "city": city,
        "province": province or (rules.province_of(postal_code) or "" if postal_code else ""),
        "postal_code": postal_code,
    }


def _street_first(lines: list[str]) -> list[str]:
    """The lines from the one that begins with the number of a house, then those without any."""
    street = next((place for place, line in enumerate(lines) if _HOUSE.match(line)), 0)
    before = " ".join(lines[:street])
    if any(map(str.isdigit, before)) or _STREET.search(before):
        return lines
    return [*lines[street:], *lines[:street]]


def _take_postal_code(parts: list[str], rules: CountryRules) -> str:
    """The postal code at the end, or before the city as in Europe; it is then gone from there."""
    if not parts or rules.postal_form is None:
        return ""
    words = parts[-1].split()
    for count in (2, 1):
        for taken, rest in ((words[-count:], words[:-count]), (words[:count], words[count:])):
            code = rules.postal_code(" ".join(taken))
            if len(taken) == count and rules.fits_form(code) and _is_code(code):
                if rest:
                    parts[-1] = " ".join(rest)
                else:
                    parts.pop()
                return code
    return ""


def _is_code(code: str) -> bool:
    return any(map(str.isdigit, code))


def _take_province(parts: list[str], rules: CountryRules) -> str:
    """The province at the end; a name that is all there is of the city is the city's."""
    if not parts or not rules.provinces:
        return ""
    words = parts[-1].split()
    for count in range(min(_LONGEST_NAME, len(words)), 0, -1):
        name = " ".join(words[-count:]).strip("()")
        rest = " ".join(words[:-count])
        code = rules.province_code(name)
        if code is None or (not rest and not _a_city_before(parts)):
            continue
        if rest:
            parts[-1] = rest
        else:
            parts.pop()
        return code
    return ""


def _a_city_before(parts: Sequence[str]) -> bool:
    """Whether a street and a city stand before the last part."""
    return len(parts) > 2 and not any(map(str.isdigit, parts[-2]))
