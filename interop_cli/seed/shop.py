"""A whole made-up print shop: clients with all that hangs on them, and what must come out of it.

What must come out (the oracle) is added up here from the rows alone, by plain arithmetic, so that
totals and recipients of a database that took the rows can be held against it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from interop_cli.domain.values.code import derived_uid
from interop_cli.seed.chance import Draw, weighted
from interop_cli.seed.clients import addresses, clients, contacts, notes, picture

Row = dict[str, object]

# How often a client orders in a hundred years.
_ORDERED = weighted({25: 10, 70: 6, 200: 3, 600: 1})
_QUOTES_OF_PROSPECTS = 40
_QUOTED = 0.5
_LOST = 0.3  # of the quotes: nothing is ordered
_SHIPPED_TWICE = 0.08
_CREDITED = 0.03
_VOID = 0.02
_DRAFT = 0.01
_PICKED_UP = 0.6  # at the client's main address or at the counter
_TERMS_DAYS = {"net10": 10, "net15": 15, "net30": 30, "net45": 45, "net60": 60}
_LINES = {
    "fr": ("Cartes d'affaires", "Dépliants 3 volets", "Affiches 24 × 36", "Enveloppes n° 10",
           "Blocs-notes", "Étiquettes", "Catalogues"),
    "en": ("Business cards", "Trifold leaflets", "Posters 24 × 36", "No. 10 envelopes",
           "Notepads", "Labels", "Catalogues"),
}  # fmt: skip
_QUANTITIES = (100, 250, 500, 1000, 2500, 5000)
# What is charged in cents a thousand pieces, before taxes.
_LOWEST, _HIGHEST = 4_000, 90_000
# Tax in thousandths of a per cent, each rounded by itself; nothing is charged abroad.
_TAXES = {"QC": (5000, 9975), "ON": (13000,), "NB": (15000,)}


def documents(client: Row, origin: str, draw: Draw, end: date, years: int) -> Iterator[Row]:
    """The documents of a client in the ``years`` up to ``end``, its prices as a shop's are.

    A prospect has quotes alone; one that is inactive has none in the last year.
    """
    first = date(end.year - years + 1, 1, 1)
    last = end if client["active"] else date(end.year - 1, 12, 31)
    days = (last - first).days + 1
    if days <= 0:
        return
    rate = _QUOTES_OF_PROSPECTS if client["prospect"] else draw.pick(_ORDERED)
    expected = rate * days / 36_525
    count = int(expected) + (draw.next() < expected % 1)
    serials = sorted(draw.below(days) for _ in range(count))
    for serial, day in enumerate(serials, 1):
        yield from _one_ordered(client, origin, draw, first + timedelta(days=day), last, serial)


def _one_ordered(
    client: Row, origin: str, draw: Draw, day: date, last: date, serial: int
) -> Iterator[Row]:
    """What one order leaves behind, from the quote to the invoice, none of it after ``last``."""
    series = origin.rpartition(" ")[2]  # two seeds may live together
    reference = f"{series}-{str(client['code']).rpartition('-')[2]}-{serial:02}"
    language = str(client["language"])
    lines = [_line(language, draw) for _ in range(1 + draw.below(2))]
    cents = sum(int(str(line["amount_cents"])) for line in lines)
    contacts: list[Row] = client["contacts"]  # type: ignore[assignment]
    addresses: list[Row] = client["addresses"]  # type: ignore[assignment]
    contact = draw.pick(contacts)["name"] if contacts else None
    common: Row = {"client": client["code"], "contact": contact}

    def made(kind: str, letter: str, day: date, **more: object) -> Row:
        number = f"{letter}{reference}"
        row = {
            "kind": kind,
            "number": number,
            "date": str(day),
            "status": "posted",
            "uid": derived_uid(origin, "document", number),
        }
        return {**row, **common, **more}

    if client["prospect"] or draw.next() < _QUOTED:
        yield made("quote", "S", day, subtotal_cents=cents, lines=lines)
        if client["prospect"] or draw.next() < _LOST:
            return
        day += timedelta(days=1 + draw.below(15))
    if day > last:
        return
    yield made("job", "D", day, lines=lines)
    day += timedelta(days=2 + draw.below(12))
    if day > last:
        return
    ship_to = draw.pick(addresses)["label"] if addresses and draw.next() > _PICKED_UP else None
    if ship_to is not None and draw.next() < _SHIPPED_TWICE:
        yield made("packing_slip", "BB", day, ship_to=ship_to)
    yield made("packing_slip", "B", day, ship_to=ship_to)
    chance = draw.next()
    status = "void" if chance < _VOID else "draft" if chance < _VOID + _DRAFT else "posted"
    due = day + timedelta(days=_TERMS_DAYS.get(str(client["terms"]), 0))
    tax = sum(_rounded(cents, rate) for rate in _TAXES.get(str(client["province"]), ()))
    sold: Row = {"subtotal_cents": cents, "tax_cents": tax, "terms": client["terms"]}
    yield made("invoice", "F", day, status=status, due_date=str(due), lines=lines, **sold)
    if status == "posted" and draw.next() < _CREDITED:
        day = min(day + timedelta(days=3 + draw.below(30)), last)
        yield made("credit_note", "C", day, **sold)


def _line(language: str, draw: Draw) -> Row:
    quantity = draw.pick(_QUANTITIES)
    price = (
        _LOWEST + draw.below((_HIGHEST - _LOWEST) // 20) * 20
    )  # cents a thousand: no part of a cent
    return {
        "description": draw.pick(_LINES[language]),
        "quantity": str(quantity),
        "unit_price": f"{price // 100_000}.{price % 100_000:05}",
        "amount_cents": price * quantity // 1000,
    }


def _rounded(cents: int, rate: int) -> int:
    """A tax of ``rate`` thousandths of a per cent, half a cent up."""
    return (cents * rate * 2 + 100 * 1000) // (2 * 100 * 1000)


_DUPLICATE = 0.02  # of the clients: somebody there was entered again
_MERGED = 0.5  # of these: it was found out
_RECENT = 40  # among how many of the latest a duplicate is found
_OWN_LOGO = 0.04
_DAYS = 365
_STEP = 1_000_003  # a stream of chance a client, and a purpose
_PLACE = ("line1", "line2", "city", "province", "postal_code", "country", "currency")
_REACHED = ("email", "phone", "website", "language", "terms")
_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40">'
    '<circle cx="20" cy="20" r="16" fill="#{:06x}"/></svg>'
)


@dataclass
class Oracle:
    """What the rows come to.

    ``totals``: cents and invoices by basis, client, year and currency. ``people``: the contacts of
    each client, those of a merged one behind the winner's.
    """

    totals: dict[tuple[str, str, int, str], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0])
    )
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    people: dict[str, list[Row]] = field(default_factory=dict)

    def sold(self, row: Row, client: str, payer: str, currency: str) -> None:
        """Count a document."""
        self.counts[str(row["kind"])] += 1
        if row["kind"] not in ("invoice", "credit_note") or row["status"] != "posted":
            return
        cents, count = int(str(row["subtotal_cents"])), 1
        if row["kind"] == "credit_note":
            cents, count = -cents, 0
        year = int(str(row["date"])[:4])
        for basis, who in (("sold-to", client), ("bill-to", payer)):
            total = self.totals[basis, who, year, currency]
            total[0] += cents
            total[1] += count

    def as_dict(self) -> dict[str, object]:
        """``counts``, ``totals`` (as ``sales totals``, years without sales left out) and
        ``recipients`` (as ``contact recipients``), each sorted by client.
        """
        totals = [
            {
                "client": client,
                "year": year,
                "basis": basis,
                "currency": currency,
                "amount_cents": cents,
                "invoices": count,
            }
            for (basis, client, year, currency), (cents, count) in self.totals.items()
        ]
        totals.sort(key=lambda one: (one["client"], one["basis"], one["year"], one["currency"]))
        recipients = [{"client": code, **_recipients(self.people[code])} for code in self.people]
        return {
            "counts": dict(sorted(self.counts.items())),
            "totals": totals,
            "recipients": sorted(recipients, key=lambda one: str(one["client"])),
        }


def _recipients(everyone: Sequence[Row]) -> dict[str, object]:
    """Who gets a client's invoices: the billing contact, copies to those ticked for them."""
    billing = next((one for one in everyone if one["billing"]), None)
    if billing is None:
        reason: str | None = "no_billing_contact"
    elif not billing["active"]:
        reason = "billing_contact_inactive"
    else:
        reason = None if billing["email"] else "billing_contact_without_email"
    to = [billing["email"]] if billing is not None and reason is None else []
    copies = [
        one["email"]
        for one in everyone
        if one["billing_copy"] and one["active"] and one["email"] and one is not billing
    ]
    return {"to": to, "cc": copies, "complete": reason is None, "reason": reason}


@dataclass(frozen=True)
class Shop:
    """``count`` clients with ``years`` of history up to ``end``: the same for the same numbers.

    ``categories`` are those of the notes. ``companies``, ``documents`` and ``merges`` give what is
    to be written, in this order; ``oracle`` what it comes to, from a pass of its own.
    """

    count: int
    seed: int
    years: int
    end: date
    categories: Sequence[str]

    @property
    def origin(self) -> str:
        """What its uids are derived from."""
        return f"seed {self.seed}"

    def companies(self) -> Iterator[Row]:
        """The clients, as an import takes them, with contacts, addresses and notes."""
        recent: list[Row] = []
        for number, row in enumerate(clients(self.count, self.seed), 1):
            draw = self._draw(number, 1)
            if recent and draw.next() < _DUPLICATE:
                self._repeat(row, draw.pick(recent), draw)
            elif row["active"] and not row["prospect"] and not row["bill_to"]:
                recent.append(row)
                del recent[:-_RECENT]
            row["contacts"] = contacts(row, self.origin, draw)
            row["addresses"] = addresses(row, self.origin, draw)
            row["notes"] = notes(
                row, self.origin, draw, self.end, self.years * _DAYS, self.categories
            )
            if draw.next() < _OWN_LOGO:
                row["logo"] = {"content": picture(_LOGO, draw)}
                row["shipper_identity"] = "client"
            yield row

    def _repeat(self, row: Row, other: Row, draw: Draw) -> None:
        """Make of ``row`` another entry of ``other``, as somebody in a hurry types it."""
        row.update({name: other[name] for name in (*_PLACE, *_REACHED)})
        row["name"] = draw.pick((str(other["name"]), str(other["name"]).upper()))
        row.update(active=True, prospect=False, bill_to=None, gst=None, qst=None, neq=None)
        # So that a merge adds nothing to the other: a second seeding finds it as it was.
        row.update(tags=list(other["tags"]), external_id=None, repeats=other["code"])  # type: ignore[call-overload]

    def documents(self) -> Iterator[Row]:
        """Their documents, as an import takes them, client by client."""
        for number, row in enumerate(self.companies(), 1):
            yield from self._documents(number, row)

    def _documents(self, number: int, row: Row) -> Iterator[Row]:
        return documents(row, self.origin, self._draw(number, 2), self.end, self.years)

    @cached_property
    def merges(self) -> Mapping[str, str]:
        """The code of each client that was merged, and the code of the one it was merged into."""
        found: dict[str, str] = {}
        for number, row in enumerate(self.companies(), 1):
            if (other := row.get("repeats")) and self._draw(number, 3).next() < _MERGED:
                found[str(row["code"])] = str(other)
        return found

    def oracle(self) -> Oracle:
        """What all that comes to."""
        found = Oracle()
        final = self.merges
        for number, row in enumerate(self.companies(), 1):
            code = str(row["code"])
            client = final.get(code, code)
            payer = str(row["bill_to"] or code)
            payer = final.get(payer, payer)
            found.counts["client"] += 1
            found.counts["merged"] += client != code
            for name, kind in (
                ("contacts", "contact"),
                ("addresses", "address"),
                ("notes", "note"),
            ):
                found.counts[kind] += len(row[name])  # type: ignore[arg-type]
            self._join(found.people.setdefault(client, []), row)
            for document in self._documents(number, row):
                found.sold(document, client, payer, str(row["currency"]))
        return found

    def _join(self, everyone: list[Row], row: Row) -> None:
        """The contacts of a client, after those of the client it was merged into.

        There, one with a known e-mail is that contact, and the first billing contact stays.
        """
        known = {one["email"]: one for one in everyone if one["email"]}
        had_billing = any(one["billing"] for one in everyone)
        for contact in row["contacts"]:  # type: ignore[attr-defined]
            one = {**contact, "active": contact["active"] and row["active"]}
            same = known.get(one["email"])
            if same is None:
                everyone.append(one)
                one["billing"] = one["billing"] and not had_billing
                continue
            if one["active"]:
                same["active"] = True
                same["billing_copy"] = same["billing_copy"] or one["billing_copy"]
            if one["billing"] and not had_billing:
                same["billing"] = True

    def _draw(self, number: int, purpose: int) -> Draw:
        """Chance of one client's own: what is added to another changes nothing of it."""
        return Draw((self.seed * _STEP + number) * 4 + purpose)
