"""Bars as SVG, without any library: inside a page, or as a file of its own.

Inside a page it has no colours: the page's style gives them by class, so that it follows a dark
screen and prints in black. Widths of text are not known here, so labels are cut by the picture.
The same data gives the same bytes, and text stays text: it can be searched and read aloud.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from interop_cli.i18n import _, labelled, ngettext
from interop_cli.output.charts import Bar, Chart, Drawing, amount, extent, label_of, ticks
from interop_cli.output.sanitise import one_line
from interop_cli.output.style import clip, width

WIDE = 760
_ROW, _HEAD, _FOOT, _GAP = 24, 22, 30, 12
# About what a cell takes in the page's sans-serif, at the size of labels and of marks.
_CELL, _SMALL_CELL = 7.6, 6.6
_MOST_CELLS = 34
_MARGIN, _TITLE, _LINE = 20, 36, 18
_STYLE = (
    "text{font:13px system-ui,'DejaVu Sans','Noto Sans',Arial,sans-serif;fill:#1f2328;"
    "white-space:pre}.title{font-size:18px;font-weight:600}.mark{fill:#59636e;font-size:11px}"
    ".grid{stroke:#d8dee4}.axis{stroke:#59636e}.gain{fill:#1f6feb}.loss{fill:#cf222e}"
)


def document(drawing: Drawing) -> Iterator[str]:
    """A file with all the charts, their title and remarks, in pieces."""
    charts = [chart for chart in drawing.charts if chart.bars]
    height = 2 * _MARGIN + _TITLE + _LINE * len(drawing.notes)
    height += sum(_LINE + _height(chart) for chart in charts)
    wide, top = WIDE + 2 * _MARGIN, _MARGIN + _TITLE
    name = one_line(drawing.title)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {height}" width="{wide}"'
        f' height="{height}">\n<title>{escape(name)}</title>\n'
        f'<style>{_STYLE}</style>\n<rect width="{wide}" height="{height}" fill="#fff"/>\n'
    )
    yield _text(_MARGIN + 18, clip(name, WIDE // 10), "title")
    for number, chart in enumerate(charts):
        unit = _("Amount ({currency})", currency=chart.currency)
        yield _text(top + 12, unit, "mark")
        yield from svg(drawing, chart, number, place=f' x="{_MARGIN}" y="{top + _LINE}"')
        top += _LINE + _height(chart)
    for note in drawing.notes:
        top += _LINE
        yield _text(top, clip(one_line(note), int(WIDE / _SMALL_CELL)), "mark")
    yield "</svg>\n"


def _text(y: int, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{_MARGIN}" y="{y}">{escape(text)}</text>\n'


def _height(chart: Chart) -> int:
    return _HEAD + _ROW * len(chart.bars) + _FOOT


def svg(drawing: Drawing, chart: Chart, number: int, *, place: str = "") -> Iterator[str]:
    """The ``number``-th chart of a page, as pieces of its ``<svg>``; ``place``: where it stands."""
    labels = [label_of(bar, _cut) for bar in chart.bars]
    amounts = [amount(bar.cents, chart.currency) for bar in chart.bars]
    left = max(map(width, [*labels, drawing.axis])) * _CELL + _GAP
    right = WIDE - max(map(width, amounts)) * _CELL - _GAP
    low, high = extent(chart.bars)
    mark = max(width(amount(cents, chart.currency)) for cents in (low, high)) * _SMALL_CELL
    left, right = max(left, mark / 2), min(right, WIDE - mark / 2)
    marks = ticks(low, high, int((right - left) / (mark * 1.2)))
    field = _Field(left, right, low, max(high, low + 1))
    high_px = _height(chart)
    yield from _opening(drawing, chart, number, place)
    yield f'<clipPath id="l{number}"><rect width="{left - 4:.1f}" height="{high_px}"/></clipPath>\n'
    yield f'<text class="mark" y="14">{escape(drawing.axis)}</text>\n'
    bottom = high_px - _FOOT
    for cents in marks:
        yield from _mark(field, cents, amount(cents, chart.currency), bottom)
    for row, bar in enumerate(chart.bars):
        yield from _bar(field, bar, (labels[row], amounts[row]), row, number)
    zero = f"{field.x(0):.1f}"
    yield f'<path class="axis" d="M{zero} {_HEAD}V{bottom}"/>\n</svg>\n'


def _cut(text: str, mark: str) -> str:
    return clip(text, _MOST_CELLS - len(mark))


def _opening(drawing: Drawing, chart: Chart, number: int, place: str) -> Iterator[str]:
    title = _("{title}, {currency}", title=one_line(drawing.title), currency=chart.currency)
    high_px = _height(chart)
    yield (
        f'<svg{place} viewBox="0 0 {WIDE} {high_px}" width="{WIDE}" height="{high_px}" role="img"'
        f' aria-labelledby="t{number} d{number}">\n'
        f'<title id="t{number}">{escape(title)}</title>\n'
        f'<desc id="d{number}">{escape(_described(chart))}</desc>\n'
    )


def _described(chart: Chart) -> str:
    """The chart for those who do not see it."""
    largest = max(chart.bars, key=lambda bar: bar.cents)
    return ngettext(
        "{n} bar: {label}, {largest}.",
        "{n} bars, together {total}; the longest: {label}, {largest}.",
        len(chart.bars),
        label=label_of(largest),
        largest=amount(largest.cents, chart.currency),
        total=amount(chart.cents, chart.currency),
    )


class _Field:
    """Where the bars are: between two columns of pixels, for amounts from ``low`` to ``high``."""

    def __init__(self, left: float, right: float, low: int, high: int) -> None:
        self.left, self.low = left, low
        self._pixels = (right - left) / (high - low)

    def x(self, cents: int) -> float:
        """The column of an amount."""
        return self.left + (cents - self.low) * self._pixels


def _mark(field: _Field, cents: int, text: str, bottom: int) -> Iterator[str]:
    x = f"{field.x(cents):.1f}"
    yield f'<path class="grid" d="M{x} {_HEAD}V{bottom}"/>'
    place = f'x="{x}" y="{bottom + 16}" text-anchor="middle"'
    yield f'<text class="mark" {place}>{escape(text)}</text>\n'


def _bar(field: _Field, bar: Bar, texts: Sequence[str], row: int, number: int) -> Iterator[str]:
    label, money = texts
    top = _HEAD + _ROW * row
    start, end = sorted((field.x(0), field.x(bar.cents)))
    base = top + _ROW * 0.7
    side = "loss" if bar.cents < 0 else "gain"
    yield f"<g><title>{escape(labelled(label_of(bar), money))}</title>"
    yield f'<text y="{base:.1f}" clip-path="url(#l{number})">{escape(label)}</text>'
    if bar.cents:
        yield (
            f'<rect class="{side}" x="{start:.1f}" y="{top + 4}" height="{_ROW - 8}"'
            f' width="{max(end - start, 1):.1f}"/>'
        )
    yield f'<text x="{WIDE}" y="{base:.1f}" text-anchor="end">{escape(money)}</text></g>\n'
