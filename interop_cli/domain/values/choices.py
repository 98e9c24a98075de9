"""Values out of a closed list: languages, currencies, shipper identities, yes and no."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from interop_cli.domain.messages import N_
from interop_cli.domain.rule_faults import fault
from interop_cli.domain.values.text import clean_value, fold

LANGUAGES = {
    "fr": "fr",
    "francais": "fr",
    "french": "fr",
    "fra": "fr",
    "fre": "fr",
    "en": "en",
    "anglais": "en",
    "english": "en",
    "eng": "en",
}
SHIPPER_IDENTITIES = {"standard": "standard", "client": "client", "none": "none", "aucune": "none"}

_CURRENCIES = Path(__file__).parent.parent / "data" / "currencies.json"


def read_choice(value: object, choices: Mapping[str, str], code: str = "choice.unknown") -> str:
    """The value that ``choices`` has for a folded word; raises ``code`` and names the values."""
    found = find_choice(str(value), choices)
    if found is None:
        raise fault(code, N_("is not one of {choices}"), choices=", ".join(unique(choices)))
    return found


def find_choice(text: str, choices: Mapping[str, str]) -> str | None:
    """The value that ``choices`` has for a folded word; None where it has none."""
    if text in choices:
        return choices[text]
    # "fr-CA" and "fr_CA" are French; a spreadsheet's apostrophe is no part of a word.
    word = fold(text).lstrip("'").replace("_", "-").split("-")[0].strip()
    return choices.get(word)


def unique(choices: Mapping[str, str]) -> list[str]:
    """The values of ``choices``, each once, in their order."""
    return list(dict.fromkeys(choices.values()))


def read_language(value: object) -> str:
    """``fr`` or ``en``; takes the languages' names too; raises ``client.language.unknown``."""
    return read_choice(value, LANGUAGES, "client.language.unknown")


@lru_cache(maxsize=1)
def currencies() -> frozenset[str]:
    """The ISO 4217 codes of the money in use today (from CLDR, ``scripts/make_countries.py``)."""
    return frozenset(json.loads(_CURRENCIES.read_text(encoding="utf-8")))


def find_currency(value: object) -> str | None:
    """The ISO 4217 code that ``value`` is, in any case; None where it is none."""
    code = str(value).strip().lstrip("'").upper()
    return code if code in currencies() else None


def check_currency(value: object) -> str:
    """An ISO 4217 code, upper case; raises ``client.currency.unknown``."""
    code = str(value)
    if code in currencies():
        return code
    found = find_currency(clean_value(code))
    if found is None:
        raise fault(
            "client.currency.unknown", N_("is not a currency's three-letter code, such as CAD")
        )
    return found


_YES = frozenset("1 o oui y yes t true v vrai x on active actif".split())
_NO = frozenset("0 n no non f false faux off inactive inactif".split())


def parse_bool(value: object) -> bool:
    """``value`` as a boolean; raises ``bool.format`` where it is neither a yes nor a no.

    Takes booleans, 0 and 1, and the usual words of both languages, whatever their case.
    """
    if isinstance(value, bool):
        return value
    found = _read_bool(str(value))
    if found is None:
        raise fault("bool.format", N_("is neither a yes nor a no (use true or false)"))
    return found


@lru_cache(maxsize=64)
def _read_bool(text: str) -> bool | None:
    """What a word means; a file has the same two or three all over."""
    word = fold(text).lstrip("'")
    return True if word in _YES else False if word in _NO else None
