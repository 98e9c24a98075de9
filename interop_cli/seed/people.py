"""Made-up people, delivery addresses and notes of a client."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import date, timedelta

from interop_cli.domain.values.code import derived_uid
from interop_cli.seed import places
from interop_cli.seed.chance import Draw, weighted
from interop_cli.seed.words import FIRST_NAMES, SURNAMES, slug

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
