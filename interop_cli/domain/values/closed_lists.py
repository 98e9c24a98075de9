"""The closed lists that fields take their values from: what a word means, and what is near it.

The same words that ``client create`` and ``sales import`` take. Neither pydantic nor an exception:
filters ask here, and reads start fast.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from interop_cli.domain.values.choices import (
    LANGUAGES,
    SHIPPER_IDENTITIES,
    currencies,
    find_choice,
    find_currency,
    unique,
)
from interop_cli.domain.values.document_kinds import KINDS, STATUSES
from interop_cli.domain.values.text import closest, fold

NEIGHBOURS = ("CA", "US")
"""Whose provinces are looked at before those of the rest of the world."""

CODE = 4  # characters that may be a currency's code with a letter too many
FREQUENT = ("CAD", "USD", "EUR", "…")


class ClosedList(StrEnum):
    """The list a field takes its values from."""

    PROVINCE = "province"
    COUNTRY = "country"
    LANGUAGE = "language"
    CURRENCY = "currency"
    SHIPPER_IDENTITY = "shipper identity"
    DOCUMENT_KIND = "kind of document"
    DOCUMENT_STATUS = "status of a document"
    SYNC_STATE = "state in a target"


_WORDS = {
    ClosedList.LANGUAGE: LANGUAGES,
    ClosedList.SHIPPER_IDENTITY: SHIPPER_IDENTITIES,
    ClosedList.DOCUMENT_KIND: KINDS,
    ClosedList.DOCUMENT_STATUS: STATUSES,
}


def meant(which: ClosedList, text: str, country: str) -> tuple[str, ...]:
    """The stored values that ``text`` names; none where it is not in the list.

    Several only for the name of provinces of several countries. ``country`` is the company's own:
    its provinces come first.
    """
    if words := _WORDS.get(which):
        found = find_choice(text, words)
        return (found,) if found else ()
    if which is ClosedList.PROVINCE:
        return _provinces(text, country)
    if which is ClosedList.COUNTRY:
        from interop_cli.domain.values.places import country_code

        code = country_code(text)
        return (code,) if code else ()
    if which is ClosedList.CURRENCY:
        code = find_currency(text)
        return (code,) if code else ()
    state = fold(text).replace(" ", "_")
    return (state,) if state in _sync_states() else ()


def _provinces(text: str, country: str) -> tuple[str, ...]:
    from interop_cli.domain.values.places import country_codes, country_rules

    for countries in (dict.fromkeys((country, *NEIGHBOURS)), country_codes()):
        found = [country_rules(one).province_code(text) for one in countries]
        if known := tuple(dict.fromkeys(code for code in found if code)):
            return known
    return ()


def nearest(which: ClosedList, text: str, country: str) -> str | None:
    """The name or code of the list that is most like ``text``; None where none is like it."""
    if which is ClosedList.CURRENCY and len(text) > CODE:
        return None  # a word: codes that share some of its letters are no help
    names = {fold(name): name for name in _names(which, country)}
    found = closest(fold(text), names)
    return names[found] if found else None


def offered(which: ClosedList) -> tuple[str, ...]:
    """The values of a list that is short enough to be shown whole, or the first; else none."""
    if which is ClosedList.CURRENCY:
        return FREQUENT
    if words := _WORDS.get(which):
        return tuple(unique(words))
    return tuple(_sync_states()) if which is ClosedList.SYNC_STATE else ()


def _names(which: ClosedList, country: str) -> Iterable[str]:
    if words := _WORDS.get(which):
        return words
    if which is ClosedList.PROVINCE:
        from interop_cli.domain.values.places import province_names

        return [name for one in (*NEIGHBOURS, country) for name in province_names(one)]
    if which is ClosedList.COUNTRY:
        from interop_cli.domain.values.places import country_codes, country_name

        return [country_name(code, lang) for code in country_codes() for lang in ("en", "fr")]
    return sorted(currencies()) if which is ClosedList.CURRENCY else _sync_states()


def _sync_states() -> list[str]:
    from interop_cli.domain.sync.link import LinkState

    return ["none", *(state.value for state in LinkState)]
