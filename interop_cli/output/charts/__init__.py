"""Sales drawn as horizontal bars: on a terminal, in a page, and as a picture.

Whatever draws gets a ``Drawing``, whose words are already in the user's language. Everywhere the
amounts stand in a column of their own: no bar, however long, runs into them. An asterisk marks
what documents changed under since it was computed, so that it is seen without colour too. On a
terminal blocks are drawn to an eighth of a cell, with plain characters to a whole one; no line is
wider than the terminal, and an amount is cut last of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from interop_cli.domain.values.money import format_cents
from interop_cli.i18n import language
from interop_cli.output.sanitise import one_line
from interop_cli.output.style import Style, clip, width
from interop_cli.output.words import title

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


STALE_MARK = "*"


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is to be drawn: a title, what the bars are (``Year``), the charts, and remarks."""

    title: str
    axis: str
    charts: Sequence[Chart]
    notes: Sequence[str] = ()


def label_of(bar: Bar, cut: Callable[[str, str], str] | None = None) -> str:
    """What stands beside a bar, safe to show: its label, and the mark of what is stale.

    ``cut`` makes the label fit; it gets the mark too, to leave room for it.
    """
    text, mark = one_line(bar.label), STALE_MARK if bar.stale else ""
    return (cut(text, mark) if cut else text) + mark


def amount(cents: int, currency: str) -> str:
    """An amount as the user's language writes it, with its sign."""
    return format_cents(cents, currency, language())


_GAP = 2
_SHORTEST = 8  # cells below which a bar is not worth its place
_LABEL_SHARE = 3  # a label gets a third of the line
_EIGHTHS = (" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
BLOCKS = "".join(_EIGHTHS) + "█▐│"


def draw_bars(drawing: Drawing, style: Style, columns: int, *, blocks: bool) -> Iterator[str]:
    """The lines of all charts, none wider than ``columns`` cells."""
    if not drawing.charts:
        yield style.bold(clip(one_line(drawing.title), columns))
    for number, chart in enumerate(drawing.charts):
        if number:
            yield ""
        currency = f" ({chart.currency})"
        head = clip(one_line(drawing.title), max(columns - len(currency), 1)) + currency
        yield style.bold(clip(head, columns))
        yield from _chart_lines(chart, style, columns, blocks=blocks)
    if drawing.notes:
        yield ""
    for note in drawing.notes:
        yield style.dim(clip(note, columns))


def _chart_lines(chart: Chart, style: Style, columns: int, *, blocks: bool) -> Iterator[str]:
    several = len(chart.bars) > 1
    sums = [(title("total_cents"), amount(chart.cents, chart.currency))] if several else []
    amounts = [amount(bar.cents, chart.currency) for bar in chart.bars]
    widest = max(width(text) for text in [*amounts, *(text for _, text in sums)])
    most = min(max(columns // _LABEL_SHARE, 4), max(columns - widest - _GAP, 1))
    names = [
        label_of(bar, lambda text, mark: clip(text, max(most - len(mark), 1))) for bar in chart.bars
    ]
    texts = [*zip(names, amounts, strict=True), *sums]
    labels = min(max(width(label) for label, _ in texts), most)
    room = columns - labels - widest - 2 * _GAP
    ruler = Ruler.of(chart, room, blocks=blocks) if room >= _SHORTEST else None
    bars = [ruler.bar(bar.cents, style) if ruler else "" for bar in chart.bars]
    for (label, money), bar in zip(texts, [*bars, ""], strict=False):
        label = clip(label, labels)
        text = f"{style.pad(label, labels)}{' ' * (_GAP + widest - width(money))}{money}"
        yield f"{clip(text, columns)}{' ' * _GAP}{bar}" if bar else clip(text, columns)


@dataclass(frozen=True, slots=True)
class Ruler:
    """How long bars are: ``left`` cells for what is negative, ``right`` for the rest."""

    left: int
    right: int
    unit: Fraction  # cents in a cell
    blocks: bool

    @classmethod
    def of(cls, chart: Chart, room: int, *, blocks: bool) -> Ruler:
        """One that lets the longest bars of ``chart`` fill ``room`` cells, the axis included."""
        low, high = extent(chart.bars)
        if not low:
            return cls(0, room, Fraction(high or 1, room), blocks)
        room -= 1  # the axis
        left = room if not high else min(max(round(room * -low / (high - low)), 1), room - 1)
        right = room - left
        unit = max(Fraction(-low, left), Fraction(high, right) if right else Fraction(0))
        return cls(left, right, unit, blocks)

    def bar(self, cents: int, style: Style) -> str:
        """The bar of an amount; what is not zero has a mark, however small."""
        if not self.left:
            return style.cyan(self._right(cents))
        axis = "│" if self.blocks else "|"
        if cents < 0:
            text = self._left(-cents)
            return " " * (self.left - len(text)) + style.red(text) + axis
        return " " * self.left + axis + style.cyan(self._right(cents))

    def _right(self, cents: int) -> str:
        if not self.blocks:
            return "#" * self._steps(cents, 1)
        whole, rest = divmod(self._steps(cents, 8), 8)
        return "█" * whole + (_EIGHTHS[rest] if rest else "")

    def _left(self, cents: int) -> str:
        """Growing to the left; there are only halves of a cell for that."""
        if not self.blocks:
            return "#" * self._steps(cents, 1)
        whole, rest = divmod(self._steps(cents, 2), 2)
        return "▐" * rest + "█" * whole

    def _steps(self, cents: int, fineness: int) -> int:
        return max(round(cents * fineness / self.unit), 1) if cents else 0


def has_blocks(encoding: str | None) -> bool:
    """Whether a stream of this encoding can show the blocks."""
    try:
        BLOCKS.encode(encoding or "utf-8")
    except (UnicodeError, LookupError):
        return False
    return True
