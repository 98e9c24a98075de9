"""Made-up documents of a client over years: quotes, jobs, packing slips, invoices, credit notes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from interop_cli.domain.values.code import derived_uid
from interop_cli.seed.chance import Draw, weighted

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
