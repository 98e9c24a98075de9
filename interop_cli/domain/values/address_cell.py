"""An address in one cell, taken apart: street, city, province, postal code, country.

On lines of their own or between commas, from the street to the country. What cannot surely be told
apart is refused: a street in the place of a city would be found by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from interop_cli.domain.values.places import CountryRules, country_code, country_rules
from interop_cli.domain.values.text import fold

_SEPARATORS = re.compile(r"[\r\n,;]+")
_NUMBER = re.compile(r"(?:no\.? ?|n° ?)?\d+(?:[-/]\d+)? ?[A-Za-z]?", re.IGNORECASE)
_COUNTRY_NAME = 4  # letters: what is shorter may be a province
_LONGEST_NAME = 4  # words of a province or a country
_NEIGHBOURS = ("CA", "US")


def parse_address(text: str, country: str, name: str = "") -> dict[str, str] | None:
    """The fields of an address, ``country`` among them where the cell tells it.

    ``country`` is the one that is meant where none is written. Segments that only repeat the
    ``name`` of the client are passed over. ``None`` where the parts cannot be told apart.
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
    parts = [part for piece in _SEPARATORS.split(text) if (part := " ".join(piece.split()))]
    if name and parts and fold(parts[0]) == fold(name):
        del parts[0]
    for place in range(len(parts) - 1):
        if _NUMBER.fullmatch(parts[place]):
            return [*parts[:place], f"{parts[place]}, {parts[place + 1]}", *parts[place + 2 :]]
    return parts


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
    return {
        "line1": lines[0],
        "line2": ", ".join(lines[1:]),
        "city": city,
        "province": province or (rules.province_of(postal_code) or "" if postal_code else ""),
        "postal_code": postal_code,
    }


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
