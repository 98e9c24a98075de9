"""A whole made-up print shop: clients with all that hangs on them, and what must come out of it.

What must come out (the oracle) is added up here from the rows alone, by plain arithmetic, so that
totals and recipients of a database that took the rows can be held against it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from interop_cli.seed import history, people
from interop_cli.seed.chance import Draw
from interop_cli.seed.clients import clients

Row = dict[str, object]

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
            row["contacts"] = people.contacts(row, self.origin, draw)
            row["addresses"] = people.addresses(row, self.origin, draw)
            row["notes"] = people.notes(
                row, self.origin, draw, self.end, self.years * _DAYS, self.categories
            )
            if draw.next() < _OWN_LOGO:
                row["logo"] = {"content": people.picture(_LOGO, draw)}
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
        return history.documents(row, self.origin, self._draw(number, 2), self.end, self.years)

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
