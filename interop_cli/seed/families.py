"""The ways of making names: each a table of words that go together, in French or English."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from interop_cli.seed import words
from interop_cli.seed.draw import weighted
from interop_cli.seed.places import Place, counties, quebec_cities


class Part(NamedTuple):
    """A piece of a name; ``slug`` for a domain, ``stem`` for a code, ``place`` if it names one."""

    text: str
    slug: str = ""
    stem: str = ""
    place: Place | None = None


class Trade(NamedTuple):
    """What a client does; ``tag`` is the tag that says so."""

    text: str
    slug: str
    tag: str


@dataclass(frozen=True)
class Family:
    """One way of making names: a trade, and two parts with ``joint`` between them.

    ``forms`` are legal forms with the beginning of their enterprise numbers. In a ``village`` the
    two parts together are a place.
    """

    language: str
    trades: Sequence[Trade]
    firsts: Sequence[Part]
    seconds: Sequence[Part]
    joint: str
    forms: Sequence[tuple[str, str]]
    trade_first: bool
    village: bool = False


_JOINTS = str.maketrans("'&,. ", "-----")
_MAX_STEM = 6
_MIN_STEM = 3
_INCORPORATED, _REGISTERED, _PARTNERSHIP, _PUBLIC = "11", "22", "33", "88"
_COMPANY = {
    "fr": weighted({
        (" inc.", _INCORPORATED): 11, (" ltée", _INCORPORATED): 3, (" enr.", _REGISTERED): 3,
        (" s.e.n.c.", _PARTNERSHIP): 1, ("", _REGISTERED): 2,
    }),
    "en": weighted({
        (" Inc.", _INCORPORATED): 8, (" Ltd.", _INCORPORATED): 6, (" Corp.", _INCORPORATED): 2,
        (" Reg'd", _REGISTERED): 1, ("", _REGISTERED): 3,
    }),
}  # fmt: skip
_OFFICE = {
    "fr": ((" s.e.n.c.r.l.", _PARTNERSHIP), ("", _PARTNERSHIP)),
    "en": ((" LLP", _PARTNERSHIP), ("", _PARTNERSHIP)),
}
_PUBLIC_BODY = (("", _PUBLIC),)
_NONPROFIT = (("", _INCORPORATED),)


_NOTHING = (Part(""),)


def slug(text: str) -> str:
    """``text`` in the letters of an Internet domain: "Côté & Fils" is "cote-fils"."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return "-".join(filter(None, plain.translate(_JOINTS).split("-")))


def plenty() -> Family:
    """The family that is never short of names: trades with two French surnames."""
    surnames = _surnames("fr")
    return _company("fr", surnames, surnames, " & ")


def families() -> Iterator[tuple[Family, int]]:
    """The other families, and how often each is met beside the 24 of ``plenty``."""
    yield from _companies()
    yield from _places()
    trades = _trades(words.CIRCLES, " {}")
    adjectives, nouns = _parts(words.ADJECTIVES), _parts(words.NOUNS)
    yield Family("en", trades, adjectives, nouns, " ", _NONPROFIT, trade_first=False), 3
    saints = [_part(f"St. {name}'s") for name in words.ENGLISH_SAINTS.split()]
    yield Family("en", trades, saints, _NOTHING, "", _NONPROFIT, trade_first=False), 1


def _companies() -> Iterator[tuple[Family, int]]:
    surnames = _surnames("en")
    yield _company("en", surnames, surnames, " & "), 6
    for masculine_or_feminine in words.COUPLES:
        nouns, adjectives = map(_parts, masculine_or_feminine)
        yield _company("fr", nouns, adjectives, " "), 6
    yield _company("en", _parts(words.ADJECTIVES), _parts(words.NOUNS), " "), 9
    yield _company("fr", _parts(words.SINGLES), _NOTHING, ""), 2
    for language, weight in (("fr", 6), ("en", 3)):
        kin = [_part(text) for text in words.KIN[language].split(",")]
        yield _company(language, _surnames(language), kin, ""), weight
    yield _offices("fr", ", "), 4
    yield _offices("en", " & "), 2


def _places() -> Iterator[tuple[Family, int]]:
    """Those whose name says where they are."""
    saints = _parts(words.SAINTS)
    ends = [_part(county.city, county) for county in counties()]
    for tag, weight in (("municipal", 3), ("scolaire", 5), ("OBNL", 9)):
        trades = _trades({tag: words.BODIES[tag]}, "{} de ")
        forms = _NONPROFIT if tag == "OBNL" else _PUBLIC_BODY
        yield Family("fr", trades, saints, ends, "-", forms, trade_first=True, village=True), weight
    trades, teams = _trades({"sport": words.CLUBS}, "{} les "), _parts(words.TEAMS["fr"])
    of_cities = [_part(_of(place.city), place) for place in quebec_cities()]
    yield Family("fr", trades, teams, of_cities, " ", _NONPROFIT, trade_first=True), 6
    trades, teams = _trades({"sport": words.ASSOCIATIONS}, " {}"), _parts(words.TEAMS["en"])
    cities = [_part(place.city, place) for place in quebec_cities("en")]
    yield Family("en", trades, cities, teams, " ", _NONPROFIT, trade_first=False), 2


def _company(language: str, firsts: Sequence[Part], seconds: Sequence[Part], joint: str) -> Family:
    french = language == "fr"
    trades = _trades(words.TRADES[language], "{} " if french else " {}")
    forms = _COMPANY[language]
    return Family(language, trades, firsts, seconds, joint, forms, trade_first=french)


def _offices(language: str, joint: str) -> Family:
    trades = _trades({"services": words.OFFICES[language]}, ", {}" if language == "fr" else " {}")
    surnames = _surnames(language)
    return Family(language, trades, surnames, surnames, joint, _OFFICE[language], trade_first=False)


def _of(city: str) -> str:
    return f"d'{city}" if city[0] in "AEIOU" else f"de {city}"


def _trades(table: dict[str, str], form: str) -> list[Trade]:
    return [
        Trade(form.format(text), slug(text), tag)
        for tag, texts in table.items()
        for text in words.split(texts)
    ]


def _surnames(language: str) -> list[Part]:
    return _parts(words.SURNAMES[language])


def _parts(text: str) -> list[Part]:
    return [_part(word) for word in text.split()]


def _part(text: str, place: Place | None = None) -> Part:
    short = slug(text)
    return Part(text, short, _stem(short), place)


def _stem(short: str) -> str:
    """The first letters of the first telling word: "saint-onesime" begins a code with ONESIM."""
    for opening in ("saint-", "sainte-", "st-"):
        short = short.removeprefix(opening)
    word = short.partition("-")[0]
    if len(word) < _MIN_STEM:
        word = short.replace("-", "")
    return word[:_MAX_STEM].upper()
