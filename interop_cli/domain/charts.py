"""Sales as bars, for each currency by itself, and the axis of a chart, before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Total = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it stands for, its amount in cents, and whether documents changed since."""

    label: str
    cents: int
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars of one currency, in the order they are drawn.

    ``computed_at`` is when the oldest of its totals was computed, ``None`` where none ever was.
    """

    currency: str
    bars: Sequence[Bar]
    computed_at: str | None = None

    @property
    def cents(self) -> int:
        """All its bars together."""
        return sum(bar.cents for bar in self.bars)

    @property
    def stale(self) -> bool:
        """Whether documents behind one of its bars changed since it was computed."""
        return any(bar.stale for bar in self.bars)


def by_year(totals: Iterable[Total], first: int, last: int) -> list[Chart]:
    """A chart for each currency of a client's ``sales totals``, a bar for each year.

    Years without sales are bars of zero. A currency that had none in all these years is left out,
    unless it is the only one.
    """
    charts = []
    for currency, rows in _by_currency(totals).items():
        found = {row["year"]: row for row in rows}
        bars = [_year(year, found.get(year)) for year in range(first, last + 1)]
        used = any(row["amount_cents"] or row["invoices"] or row["stale"] for row in rows)
        charts.append((used, Chart(currency, bars, _oldest(rows))))
    return [chart for used, chart in charts if used] or [chart for _, chart in charts[:1]]


def by_group(report: Iterable[Total]) -> list[Chart]:
    """A chart for each currency of a ``sales report``, its groups in their order."""
    return [
        Chart(currency, [_group(row) for row in rows], _oldest(rows))
        for currency, rows in _by_currency(report).items()
    ]


def _by_currency(totals: Iterable[Total]) -> dict[str, list[Total]]:
    rows: dict[str, list[Total]] = {}
    for row in totals:
        rows.setdefault(row["currency"], []).append(row)
    return dict(sorted(rows.items()))


def _year(year: int, row: Total | None) -> Bar:
    if row is None:
        return Bar(str(year), 0)
    return Bar(str(year), row["amount_cents"], bool(row["stale"]))


def _group(row: Total) -> Bar:
    label = f"{row['key']}  {row['name']}" if row["name"] else str(row["key"])
    return Bar(label, row["amount_cents"], bool(row["stale"]))


def _oldest(rows: Iterable[Total]) -> str | None:
    return min((row["computed_at"] for row in rows if row["computed_at"]), default=None)


def extent(bars: Sequence[Bar]) -> tuple[int, int]:
    """The smallest and the largest amount in cents, zero included."""
    amounts = [0, *(bar.cents for bar in bars)]
    return min(amounts), max(amounts)


def ticks(low: int, high: int, most: int) -> list[int]:
    """Round amounts in cents at even distances from ``low`` to ``high``, zero among them.

    ``low`` is at most zero and ``high`` at least. At most ``most`` of them; zero always.
    """
    step = 1
    for step in _distances():
        if high // step + -low // step + 1 <= max(most, 1):
            break
    return list(range(-(-low // step) * step, high // step * step + 1, step))


def _distances() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50 …"""
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10
