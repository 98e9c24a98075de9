"""Sales taxes by place of supply: which apply on a day, and how much they are.

Goods are supplied where they are delivered. Rates are data with their dates and sources
(``data/taxes.json``): GST everywhere in Canada, HST instead of it in some provinces, QST beside it
in Quebec, none outside Canada. The provincial sales taxes of British Columbia, Saskatchewan and
Manitoba are not charged: a Quebec shop is not registered there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.messages import msg

_DATA = Path(__file__).parent / "data" / "taxes.json"
PROVINCES = frozenset(
    "AB BC MB NB NL NS NT NU ON PE QC SK YT".split()
)  # a place in Canada is one of these


@dataclass(frozen=True, slots=True)
class Rate:
    """A tax in percent; ``on_gst``: computed on the price and the GST together."""

    tax: str
    rate: Decimal
    on_gst: bool = False


class Taxed(Protocol):
    """A line: its amount, and its group (``standard``, ``federal`` or ``exempt``)."""

    @property
    def amount_cents(self) -> int: ...
    @property
    def tax(self) -> str: ...


@lru_cache(maxsize=1)
def _rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(_DATA.read_text(encoding="utf-8"))["rates"]
    return rows


def _in_force(tax: str, province: str | None, day: str) -> Rate | None:
    for row in _rows():
        of_it = row["tax"] == tax and row["province"] == province
        if of_it and row["from"] <= day <= (row["until"] or day):
            return Rate(tax, Decimal(row["rate"]), row["on_gst"])
    return None


def rates(country: str, province: str | None, day: str) -> list[Rate]:
    """The taxes on what is supplied at a place on a day (ISO date); none outside Canada.

    Raises InvalidData ``tax.place`` where the province is not known, ``tax.date`` before 2008.
    """
    if country != "CA":
        return []
    if province not in PROVINCES:
        raise InvalidData(
            "tax.place",
            msg("The province it is shipped to decides the taxes, and is not known."),
            hint=msg("Correct the address with: interop address edit ID --province QC"),
        )
    gst = _in_force("gst", None, day)
    if gst is None:
        raise InvalidData("tax.date", msg("No tax rates are known for {date}.", date=day))
    hst = _in_force("hst", province, day)
    qst = _in_force("qst", province, day)
    return [hst] if hst else [gst, qst] if qst else [gst]


def federal_rate(country: str, day: str) -> Rate | None:
    """The tax on lines of the group ``federal``: GST alone, also where there is HST."""
    return _in_force("gst", None, day) if country == "CA" else None


def compute(
    lines: Iterable[Taxed], country: str, province: str | None, day: str
) -> list[dict[str, Any]]:
    """The taxes on lines: dicts of ``tax``, ``rate`` (text), ``base_cents``, ``amount_cents``.

    Each tax is computed once, on the sum of the lines it applies to, and rounded half up to the
    cent there. A tax that applies to no line is left out. Raises what ``rates`` does.
    """
    bases = {"standard": 0, "federal": 0}
    present = set()
    for line in lines:
        if line.tax in bases:
            bases[line.tax] += line.amount_cents
            present.add(line.tax)
    found: dict[tuple[str, Decimal], list[Any]] = {}
    federal = federal_rate(country, day)
    for rate in rates(country, province, day) if "standard" in present else []:
        found[rate.tax, rate.rate] = [rate, bases["standard"]]
    if federal is not None and "federal" in present:
        entry = found.setdefault((federal.tax, federal.rate), [federal, 0])
        entry[1] += bases["federal"]
    gst = federal.rate if federal else Decimal(0)
    return [
        {
            "tax": rate.tax,
            "rate": str(rate.rate),
            "base_cents": base,
            "amount_cents": _amount(base, rate, gst),
        }
        for rate, base in found.values()
    ]


def _amount(base_cents: int, rate: Rate, gst: Decimal) -> int:
    base = Decimal(base_cents)
    if rate.on_gst:
        base += _rounded(base * gst / 100)
    return int(_rounded(base * rate.rate / 100))


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1), ROUND_HALF_UP)
