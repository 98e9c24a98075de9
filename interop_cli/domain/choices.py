"""Values out of a closed list: languages, currencies, shipper identities."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from interop_cli.domain.faults import fault
from interop_cli.domain.messages import N_
from interop_cli.domain.text import fold

LANGUAGES = {
    "fr": "fr", "francais": "fr", "french": "fr", "fra": "fr", "fre": "fr",
    "en": "en", "anglais": "en", "english": "en", "eng": "en",
}  # fmt: skip
SHIPPER_IDENTITIES = {"standard": "standard", "client": "client", "none": "none", "aucune": "none"}

_CURRENCIES = Path(__file__).parent / "data" / "currencies.json"


def read_choice(value: object, choices: Mapping[str, str], code: str = "choice.unknown") -> str:
    """The value that ``choices`` has for a folded word; raises ``code`` and names the values."""
    text = str(value)
    # "fr-CA" and "fr_CA" are French.
    found = choices.get(text) or choices.get(fold(text).replace("_", "-").split("-")[0].strip())
    if found is None:
        raise fault(code, N_("is not one of {choices}"), choices=", ".join(unique(choices)))
    return found


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


def check_currency(value: object) -> str:
    """An ISO 4217 code, upper case; raises ``client.currency.unknown``."""
    code = str(value)
    if code not in currencies():
        code = code.strip().upper()
        if code not in currencies():
            raise fault(
                "client.currency.unknown", N_("is not a currency's three-letter code, such as CAD")
            )
    return code
