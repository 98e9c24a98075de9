"""Made-up clients of a Quebec print shop, their people, delivery addresses and notes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from interop_cli.domain.values.code import derived_uid
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


Row = dict[str, object]

# How many of each a client has, each as often as its weight.
_CONTACTS = weighted({0: 2, 1: 9, 2: 6, 3: 3, 5: 1})
_ADDRESSES = weighted({0: 8, 1: 5, 2: 2, 4: 1})
_NOTES = weighted({0: 6, 1: 3, 2: 1})
_HAS_EMAIL = 0.9
_HAS_PHONE = 0.6
_BILLING = 0.75
_COPY = 0.3
_LEFT = 0.08  # who no longer works there
_WITH_FILE = 0.15
_NO_DOMAIN = "courriel-du-fleuve.ca"

_NAMES = {
    language: (FIRST_NAMES[language].split(), SURNAMES[language].split())
    for language in ("fr", "en")
}
_TITLES = {
    "fr": ("Acheteuse", "Acheteur", "Comptable", "Directrice", "Adjoint", "Graphiste", None, None),
    "en": ("Buyer", "Bookkeeper", "Manager", "Assistant", "Designer", None, None),
}
_LABELS = {
    "fr": ("Entrepôt", "Succursale", "Chantier", "Réception", "Quai 2"),
    "en": ("Warehouse", "Branch", "Site", "Receiving", "Dock 2"),
}
_INSTRUCTIONS = {
    "fr": ("Sonner à l'arrière.", "Livrer avant midi.", "Quai fermé le vendredi.", None, None),
    "en": ("Ring at the back.", "Deliver before noon.", "Dock closed on Fridays.", None, None),
}
_TEXTS = {
    "fr": (
        "Toujours envoyer une épreuve avant d'imprimer.",
        "Préfère le papier certifié FSC.",
        "Appeler avant chaque livraison.",
        "Demande un bon de commande pour plus de 1 000 $.",
        "Couleur du logo : Pantone 287 C.",
        "Le calendrier annuel se commande en septembre.",
    ),
    "en": (
        "Always send a proof before printing.",
        "Prefers FSC certified paper.",
        "Call before each delivery.",
        "Wants a purchase order over $1,000.",
        "Logo colour: Pantone 287 C.",
        "The yearly calendar is ordered in September.",
    ),
}
_AUTHORS = ("Marie Tremblay", "Luc Gagnon", "Sarah Roy", None)
_PROOF = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="50">'
    '<rect width="90" height="50" fill="#{:06x}"/></svg>'
)


def contacts(client: Row, origin: str, draw: Draw) -> list[Row]:
    """The people of a client, each with every flag said; no two have one e-mail."""
    language = str(client["language"])
    firsts, surnames = _NAMES[language]
    domain = str(client["email"] or _NO_DOMAIN).rpartition("@")[2]
    # At a provider, people of one name are told apart.
    number = "" if client["website"] else str(client["code"]).rpartition("-")[2]
    found: list[Row] = []
    mailboxes: set[object] = {client["email"]}
    names: set[str] = set()
    place = places.Place(str(client["city"]), None, str(client["country"]), (), _areas(client))
    for nth in range(draw.pick(_CONTACTS)):
        first, last = draw.pick(firsts), draw.pick(surnames)
        while f"{first} {last}" in names:  # a document names one of them
            last = draw.pick(surnames)
        names.add(f"{first} {last}")
        mailbox: str | None = f"{slug(first)}.{slug(last)}{number}@{domain}"
        if mailbox in mailboxes or draw.next() >= _HAS_EMAIL:
            mailbox = None
        mailboxes.add(mailbox)
        found.append(
            {
                "uid": derived_uid(origin, "contact", f"{client['code']}/{nth}"),
                "name": f"{first} {last}",
                "title": draw.pick(_TITLES[language]),
                "email": mailbox,
                "phone": places.phone(place, language, draw) if draw.next() < _HAS_PHONE else None,
                "active": draw.next() >= _LEFT,
                "default": False,
                "billing": False,
                "billing_copy": draw.next() < _COPY,
            }
        )
    if found:
        default = next((one for one in found if one["active"]), found[0])
        default["default"] = True
        if draw.next() < _BILLING:
            draw.pick(found)["billing"] = True
    return found


def picture(form: str, draw: Draw) -> str:
    """An SVG in base64, as a file carries it; its colour goes into the form."""
    return b64encode(form.format(draw.below(1 << 24)).encode()).decode()


def _areas(client: Row) -> tuple[str, ...]:
    """Area codes of the country that a client is in."""
    return {"CA": ("418", "514", "450", "819"), "US": ("802", "518")}.get(
        str(client["country"]), ("01 99 00",)
    )


def addresses(client: Row, origin: str, draw: Draw) -> list[Row]:
    """Where else a client has things shipped; no two have one label."""
    language = str(client["language"])
    labels = list(_LABELS[language])
    found: list[Row] = []
    for number in range(draw.pick(_ADDRESSES)):
        label = labels.pop(draw.below(len(labels)))
        place = draw.pick(places.quebec_cities(language))
        site = places.site(place, language, draw)
        found.append(
            {
                "uid": derived_uid(origin, "shipping", f"{client['code']}/{number}"),
                "label": label,
                "line1": site.line1,
                "line2": site.line2,
                "city": place.city,
                "province": place.province,
                "postal_code": site.postal_code,
                "country": place.country,
                "instructions": draw.pick(_INSTRUCTIONS[language]),
            }
        )
    return found


def notes(
    client: Row, origin: str, draw: Draw, end: date, days: int, categories: Sequence[str]
) -> list[Row]:
    """What was noted about a client in the ``days`` before ``end``, some with a file."""
    found: list[Row] = []
    texts = list(_TEXTS[str(client["language"])])
    for number in range(draw.pick(_NOTES)):
        day = end - timedelta(days=1 + draw.below(days))
        note: Row = {
            "uid": derived_uid(origin, "note", f"{client['code']}/{number}"),
            "category": draw.pick(categories),
            "text": texts.pop(draw.below(len(texts))),
            "author": draw.pick(_AUTHORS),
            "created_at": f"{day}T{13 + draw.below(8):02}:{draw.below(60):02}:00Z",
        }
        if draw.next() < _WITH_FILE:
            name = f"{slug(str(client['name']))[:30]}.svg"
            note["attachments"] = [{"name": name, "content": picture(_PROOF, draw)}]
        found.append(note)
    return found
