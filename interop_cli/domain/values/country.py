"""Countries by code or by name, in English and French.

The data come from CLDR: ``scripts/make_countries.py`` writes the file read here.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

from interop_cli.domain.values.text import words

_FILE = Path(__file__).parent.parent / "data" / "countries.json"


class _Country(TypedDict):
    alpha3: str
    en: str
    fr: str
    others: list[str]


@lru_cache(maxsize=1)
def _countries() -> dict[str, _Country]:
    data: dict[str, _Country] = json.loads(_FILE.read_text(encoding="utf-8"))
    return data


@lru_cache(maxsize=1)
def _codes_by_name() -> dict[str, str]:
    """Every code and name, folded, with the alpha-2 code it stands for."""
    found = {words(code): code for code in _countries()}
    for code, country in _countries().items():
        for name in (country["alpha3"], country["en"], country["fr"], *country["others"]):
            found.setdefault(words(name), code)
    return found


@lru_cache(maxsize=4096)
def country_code(text: str) -> str | None:
    """The ISO 3166 alpha-2 code that ``text`` means, ``None`` where it means no country.

    Takes alpha-2 and alpha-3 codes, English and French names, and common others ("USA",
    "Royaume-Uni", "England"), whatever their case and accents.
    """
    name = words(text)
    found = _codes_by_name()
    return found.get(name) or found.get(name.removeprefix("the "))


def country_name(code: str, lang: str) -> str:
    """The name of a country in ``fr`` or ``en``; the code itself where it is not known."""
    country = _countries().get(code)
    if country is None:
        return code
    return country["fr"] if lang == "fr" else country["en"]


def country_codes() -> list[str]:
    """All alpha-2 codes, sorted."""
    return sorted(_countries())
