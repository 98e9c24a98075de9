"""Made-up clients of a Quebec print shop."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from interop_cli.seed import places
from interop_cli.seed.chance import Draw, gst, neq, qst, walk, weighted
from interop_cli.seed.places import Place, quebec_cities
from interop_cli.seed.words import FIRST_NAMES, SURNAMES, Family, families, plenty, slug

# Shares of the clients, or of those that can have it.
PROSPECTS = 0.12
INACTIVE = 0.08
BILLED_TO_ANOTHER = 0.02
_NO_EMAIL = 0.07
_NO_PHONE = 0.05
_AT_PROVIDER = 0.2
_BY_NAME = 0.35
_WEBSITE = 0.8
_WITH_SCHEME = 0.3
_EXTERNAL_ID = 0.7
_GST = 0.6
_NEQ = 0.5
_NEUTRAL_PARCELS = 0.06
_PAYERS = 50  # how many of the latest possible payers are remembered

_TERMS = weighted({"net30": 12, "net15": 2, "net45": 2, "net60": 1, "net10": 1, None: 2})
_MARKS = weighted(
    {
        (): 20,
        ("récurrent",): 10,
        ("vip",): 2,
        ("récurrent", "vip"): 2,
        ("FSC",): 2,
        ("grand format",): 2,
        ("envoi postal",): 2,
        ("paiement d'avance",): 1,
    }
)
_PROSPECT_MARKS = weighted({("à relancer",): 3, ("salon",): 2, ("soumission",): 2, (): 3})
_TENDERS = {"municipal": "appel d'offres", "scolaire": "appel d'offres"}
_ROLES = {
    "fr": "info info info commandes comptabilite achats administration bonjour".split(),
    "en": "info info info orders accounting purchasing office hello".split(),
}
# Where a company without a domain of its own has its mailbox.
_PROVIDERS = ("courriel-du-fleuve.ca", "boite-laurentienne.ca", "nordet-postal.com")
_ENDINGS = {"fr": (".ca", ".ca", ".com", ".qc.ca"), "en": (".ca", ".com")}
_CURRENCIES = {"CA": "CAD", "US": "USD", "FR": "EUR"}
_FOREIGN_FORMS = {"US": (" Inc.", " LLC", " Co."), "FR": (" SARL", " SAS", " SA")}
_PEOPLE = {
    language: (
        [slug(name) for name in FIRST_NAMES[language].split()],
        [slug(name) for name in SURNAMES[language].split()],
    )
    for language in ("fr", "en")
}


def clients(count: int, seed: int) -> Iterator[dict[str, object]]:
    """``count`` made-up clients, in the flat fields that an import takes; ``None`` where empty.

    The same for the same ``seed`` on every Python, and the first ones of any larger ``count``.
    Codes are given and unique ("BOREA-00017"), and so are names; all rules of a client are kept,
    without a warning. ``bill_to`` is the code of an earlier client who may be billed.
    """
    draw = Draw(seed)
    named = names(draw)
    payers: list[str] = []
    series = f"S{seed}"  # external ids are unique in a database, which may hold several seeds
    for number in range(1, count + 1):
        row = _client(number, next(named), draw, series)
        if row["active"] and not row["prospect"]:
            code = str(row["code"])
            if payers and draw.next() < BILLED_TO_ANOTHER:
                row["bill_to"] = draw.pick(payers)
            elif len(payers) < _PAYERS:
                payers.append(code)
            else:
                payers[number % _PAYERS] = code
        yield row


def _client(number: int, who: Named, draw: Draw, series: str) -> dict[str, object]:
    chance, language = draw.next, who.language
    place = who.place or draw.pick(places.cities(language))
    country = place.country
    site = places.site(place, language, draw)
    form = draw.pick(_FOREIGN_FORMS[country]) if country in _FOREIGN_FORMS else who.form
    prospect = chance() < PROSPECTS
    email, website = _reached(who, draw)
    taxed = country == "CA" and not prospect and chance() < _GST
    quebec = place.province == "QC"
    return {
        "code": f"{who.stem}-{number:05}",
        "name": who.name + form,
        "active": chance() >= INACTIVE,
        "prospect": prospect,
        "language": language,
        "email": email,
        "phone": None if chance() < _NO_PHONE else places.phone(place, language, draw),
        "website": website,
        "line1": site.line1,
        "line2": site.line2,
        "city": place.city,
        "province": place.province,
        "postal_code": site.postal_code,
        "country": country,
        "currency": _CURRENCIES[country],
        "terms": draw.pick(_TERMS),
        "bill_to": None,
        "shipper_identity": "none" if chance() < _NEUTRAL_PARCELS else "standard",
        "gst": gst(draw) if taxed else None,
        "qst": qst(draw) if taxed and quebec else None,
        "neq": neq(who.neq, draw) if quebec and chance() < _NEQ else None,
        "tags": list(_tags(who.tag, draw.pick(_PROSPECT_MARKS if prospect else _MARKS))),
        "external_id": f"{series}-{number:05}" if chance() < _EXTERNAL_ID else None,
    }


def _reached(who: Named, draw: Draw) -> tuple[str | None, str | None]:
    """E-mail and website: on a domain of its own, or a mailbox at a provider and no website."""
    chance = draw.next()
    if chance < _NO_EMAIL:
        return None, None
    if chance < _NO_EMAIL + _AT_PROVIDER:
        return f"{who.slug}@{draw.pick(_PROVIDERS)}", None
    domain = who.slug + draw.pick(_ENDINGS[who.language])
    if draw.next() < _BY_NAME:
        first_names, surnames = _PEOPLE[who.language]
        mailbox = f"{draw.pick(first_names)}.{draw.pick(surnames)}"
    else:
        mailbox = draw.pick(_ROLES[who.language])
    site = None
    if draw.next() < _WEBSITE:
        site = f"https://{domain}" if draw.next() < _WITH_SCHEME else f"www.{domain}"
    return f"{mailbox}@{domain}", site


@cache
def _tags(tag: str, marks: tuple[str, ...]) -> tuple[str, ...]:
    """What the client is and what it is like, sorted as the store sorts tags."""
    found = {tag, *marks}
    if tag in _TENDERS:
        found.add(_TENDERS[tag])
    return tuple(sorted(found, key=slug))


class Named(NamedTuple):
    """Who a client is.

    ``form`` is the legal form that ends the name in Canada, ``neq`` how the enterprise number of
    that form begins; ``slug`` is the name for an Internet domain, ``stem`` the one for a code;
    ``place`` is where it must be, if its name says so.
    """

    name: str
    form: str
    slug: str
    stem: str
    language: str
    tag: str
    neq: str
    place: Place | None


def combinations(family: Family, draw: Draw) -> Iterator[Named]:
    """The names of a family in a scattered order, each once."""
    count = len(family.trades) * len(family.firsts) * len(family.seconds)
    return (_combined(family, number, draw) for number in walk(count, draw))


def _combined(family: Family, number: int, draw: Draw) -> Named:
    """The combination of a family that has this number."""
    rest, index = divmod(number, len(family.trades))
    trade = family.trades[index]
    index, rest = divmod(rest, len(family.seconds))
    first, second = family.firsts[index], family.seconds[rest]
    form, neq = draw.pick(family.forms)
    name = first.text + family.joint + second.text
    slug = f"{first.slug}-{second.slug}" if second.slug else first.slug
    place = first.place or second.place
    if family.village and place:
        place = Place(name, *place[1:])
    if family.trade_first:
        name, slug = trade.text + name, f"{trade.slug}-{slug}"
    else:
        name, slug = name + trade.text, f"{slug}-{trade.slug}"
    return Named(name, form, slug, first.stem, family.language, trade.tag, neq, place)


def _numbered(number: int, draw: Draw) -> Named:
    """A company that has a number for a name: "9123-4567 Québec inc."."""
    text = f"9{number:07}"
    name = f"{text[:4]}-{text[4:]} Québec"
    place = draw.pick(quebec_cities())
    return Named(name, " inc.", f"quebec-{text}", text[:4], "fr", "services", "11", place)


def names(draw: Draw) -> Iterator[Named]:
    """An endless stream of names, no two the same: about three of four are French.

    A family that has no names left is stood in for by the pairs of French surnames, which are many,
    and these by the numbered companies.
    """
    numbered = (_numbered(number, draw) for number in walk(10_000_000, draw))
    many = combinations(plenty(), draw)
    table = {numbered: 2, many: 24}
    table |= {combinations(family, draw): weight for family, weight in families()}
    several = weighted(table)
    while True:
        for one in (draw.pick(several), many, numbered):
            if (named := next(one, None)) is not None:
                yield named
                break
