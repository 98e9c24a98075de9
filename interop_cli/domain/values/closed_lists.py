"""Values out of closed lists, such as currencies and kinds of documents: what words mean there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from interop_cli.domain.messages import N_
from interop_cli.domain.values.text import clean_value, closest, fold

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
        from interop_cli.domain.rules import fault

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
        from interop_cli.domain.rules import fault

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
        from interop_cli.domain.rules import fault

        raise fault("bool.format", N_("is neither a yes nor a no (use true or false)"))
    return found


@lru_cache(maxsize=64)
def _read_bool(text: str) -> bool | None:
    """What a word means; a file has the same two or three all over."""
    word = fold(text).lstrip("'")
    return True if word in _YES else False if word in _NO else None


KINDS = {
    "quote": "quote", "soumission": "quote", "devis": "quote", "job": "job", "dossier": "job",
    "dossier de production": "job", "packing_slip": "packing_slip", "packing slip": "packing_slip",
    "packing": "packing_slip", "bon d'expedition": "packing_slip",
    "bon d’expedition": "packing_slip", "invoice": "invoice", "facture": "invoice",
    "credit_note": "credit_note", "credit note": "credit_note", "credit": "credit_note",
    "note de credit": "credit_note",
}  # fmt: skip
KIND_NAMES = ("quote", "job", "packing_slip", "invoice", "credit_note")
KIND_TITLES = {
    "quote": N_("Quotes"),
    "job": N_("Jobs"),
    "packing_slip": N_("Packing slips"),
    "invoice": N_("Invoices"),
    "credit_note": N_("Credit notes"),
}
KIND_TITLE = {
    "quote": N_("Quote"),
    "job": N_("Job"),
    "packing_slip": N_("Packing slip"),
    "invoice": N_("Invoice"),
    "credit_note": N_("Credit note"),
}
# What keeps something from being deleted, as people read it: documents and the rest.
USER_TITLES = {
    **KIND_TITLES,
    "attachment": N_("Attachments"),
    "bill_to": N_("Clients billed to it"),
    "billing": N_("Billing contact"),
    "main": N_("Main address"),
    "merged": N_("Clients merged into it"),
    "sync": N_("Linked with"),
}
# What an ERP calls them: a draft does not count yet, a void document no longer.
STATUSES = {
    "draft": "draft", "brouillon": "draft", "en calcul": "draft", "posted": "posted",
    "emise": "posted", "emis": "posted", "sent": "posted", "envoyee": "posted",
    "imprimee": "posted", "lancee": "posted", "paid": "posted", "payee": "posted", "void": "void",
    "annulee": "void", "annule": "void", "cancelled": "void", "canceled": "void",
}  # fmt: skip
STATUS_NAMES = ("draft", "posted", "void")
# Those of an ERP that say more than ours: who asks for the paid ones does not want all posted ones.
SAYS_MORE = frozenset({"en calcul", "sent", "envoyee", "imprimee", "lancee", "paid", "payee"})
SAME_STATUSES = {word: value for word, value in STATUSES.items() if word not in SAYS_MORE}

# Those that count in the sales, and so must say for how much.
SOLD = frozenset({"invoice", "credit_note"})


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
    NOTE_CATEGORY = "category of a note"


_WORDS = {
    ClosedList.LANGUAGE: LANGUAGES,
    ClosedList.SHIPPER_IDENTITY: SHIPPER_IDENTITIES,
    ClosedList.DOCUMENT_KIND: KINDS,
    ClosedList.DOCUMENT_STATUS: STATUSES,
}


def meant(
    which: ClosedList, text: str, country: str, categories: Sequence[str] = ()
) -> tuple[str, ...]:
    """The stored values that ``text`` names; none where it is not in the list.

    Several only for the name of provinces of several countries. ``country`` is the company's own:
    its provinces come first; ``categories`` are its own too, those of notes.
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
    if which is ClosedList.NOTE_CATEGORY:
        return tuple(one for one in categories if fold(one) == fold(text))
    state = fold(text).replace(" ", "_")
    return (state,) if state in _sync_states() else ()


def _provinces(text: str, country: str) -> tuple[str, ...]:
    from interop_cli.domain.values.places import country_codes, country_rules

    for countries in (dict.fromkeys((country, *NEIGHBOURS)), country_codes()):
        found = [country_rules(one).province_code(text) for one in countries]
        if known := tuple(dict.fromkeys(code for code in found if code)):
            return known
    return ()


def holding(
    which: ClosedList, text: str, country: str, categories: Sequence[str] = ()
) -> tuple[str, ...]:
    """The stored values in whose codes ``text`` is, else those in whose names it is.

    Of provinces, those of the neighbours and the company's own country before all others.
    """
    inside = fold(text)
    near = dict.fromkeys((country, *NEIGHBOURS))
    for countries in (near, _country_codes()) if which is ClosedList.PROVINCE else (near,):
        values = list(_named(which, countries, categories))
        for part in (1, 0):
            if found := dict.fromkeys(one[1] for one in values if inside in fold(one[part])):
                return tuple(found)
    return ()


def nearest(
    which: ClosedList, text: str, country: str, categories: Sequence[str] = ()
) -> str | None:
    """The name or code of the list that is most like ``text``; None where none is like it."""
    if which is ClosedList.CURRENCY and len(text) > CODE:
        return None  # a word: codes that share some of its letters are no help
    values = _named(which, (*NEIGHBOURS, country), categories)
    names = {fold(name): name for name, _value in values}
    found = closest(fold(text), names)
    return names[found] if found else None


def offered(which: ClosedList, categories: Sequence[str] = ()) -> tuple[str, ...]:
    """The values of a list that is short enough to be shown whole, or the first; else none."""
    if which is ClosedList.NOTE_CATEGORY:
        return tuple(categories)
    if which is ClosedList.CURRENCY:
        return FREQUENT
    if words := _WORDS.get(which):
        return tuple(unique(words))
    return tuple(_sync_states()) if which is ClosedList.SYNC_STATE else ()


def _named(
    which: ClosedList, countries: Iterable[str], categories: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """The names of a list, each with its stored value; the provinces of ``countries``."""
    if which is ClosedList.DOCUMENT_STATUS:
        yield from SAME_STATUSES.items()
    elif words := _WORDS.get(which):
        yield from words.items()
    elif which is ClosedList.PROVINCE:
        from interop_cli.domain.values.places import country_rules, province_names

        for country in countries:
            rules = country_rules(country)
            yield from (
                (name, rules.province_code(name) or name) for name in province_names(country)
            )
    elif which is ClosedList.COUNTRY:
        from interop_cli.domain.values.places import country_name

        for code in _country_codes():
            yield from ((country_name(code, lang), code) for lang in ("en", "fr"))
    else:
        values = _sync_states() if which is ClosedList.SYNC_STATE else categories
        values = sorted(currencies()) if which is ClosedList.CURRENCY else values
        yield from ((value, value) for value in values)


def _country_codes() -> list[str]:
    from interop_cli.domain.values.places import country_codes

    return country_codes()


def _sync_states() -> list[str]:
    from interop_cli.domain.sync.link import LinkState

    return ["none", *(state.value for state in LinkState)]
