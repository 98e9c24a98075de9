"""Bars as a picture: SVG drawn here, PNG by matplotlib (the extra ``charts``), imported on use.

The same data gives the same bytes: no date, no random names, nothing of the user's own style.
Names are data: ``$`` starts no formula. In a PNG all texts are measured before the bars get their
place.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from interop_cli.disk import temporary_file
from interop_cli.domain.errors import ConfigError, UsageError
from interop_cli.domain.messages import msg
from interop_cli.i18n import _
from interop_cli.installation import how_to_add
from interop_cli.output.charts import Chart, Drawing, amount, extent, label_of, ticks
from interop_cli.output.charts.svg import document
from interop_cli.output.sanitise import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BARS = 200
# In points, 72 to the inch.
_PAGE, _MARGIN, _GAP = 720.0, 18.0, 10.0
_ROW, _TITLE, _TEXT, _SMALL = 20.0, 13.0, 9.0, 8.0
_LABEL_SHARE = 0.36
_DOTS = 150
_INK, _GREY, _GRID, _GAIN, _LOSS = "#1f2328", "#59636e", "#d8dee4", "#1f6feb", "#cf222e"
# matplotlib brings the first; the others for letters it lacks, where the system has them.
_FONTS = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Arial Unicode MS",
)
_STYLE = {
    "text.parse_math": False,
    "axes.unicode_minus": False,
    "font.size": _TEXT,
    "text.color": _INK,
}
Measure = Callable[..., float]


def draw(drawing: Drawing, form: str) -> bytes:
    """The picture, in ``svg`` or ``png``.

    Raises UsageError ``charts.bars`` for more bars than can be looked at; for a PNG, ConfigError
    ``charts.missing`` where matplotlib is not installed, and IoFailure ``io.temporary`` where no
    folder takes its cache.
    """
    count = max((len(chart.bars) for chart in drawing.charts), default=0)
    if count > MOST_BARS:
        text = msg(
            "A picture holds {most} bars; this would be {count}.", most=MOST_BARS, count=count
        )
        raise UsageError("charts.bars", text, hint=msg("Ask for fewer: --top N"))
    if form == "svg":
        return "".join(document(drawing)).encode()
    matplotlib = _library()
    with matplotlib.rc_context(), warnings.catch_warnings():
        # Letters that no font here has are shown as a box.
        warnings.simplefilter("ignore")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({**_STYLE, "font.family": _fonts()})
        return _saved(_figure(drawing), one_line(drawing.title))


def _library() -> Any:
    # It tells of its cache and of fonts, already on import; what matters ends as an exception.
    logging.getLogger("matplotlib").setLevel(logging.CRITICAL)
    try:
        with temporary_file():  # without a home, its cache is in a temporary folder
            import matplotlib
            import matplotlib.backends.backend_agg
    except ImportError as error:
        raise ConfigError(
            "charts.missing",
            msg("A PNG needs the matplotlib library, which is not installed; an SVG does not."),
            hint=how_to_add("charts"),
        ) from error
    return matplotlib


def _fonts() -> list[str]:
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return [name for name in _FONTS if name in installed]


def _saved(figure: Figure, title: str) -> bytes:
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi="figure", metadata={"Title": title, "Software": None})
    return data.getvalue()


@dataclass(frozen=True, slots=True)
class _Page:
    """The figure that is drawn on, how wide texts are on it, and how far down it is full."""

    figure: Figure
    measure: Measure
    height: float
    used: float = 0.0

    def text(self, x: float, y: float, text: str, **style: Any) -> None:
        """Write at ``x`` and ``y`` points from the upper left corner."""
        self.figure.text(x / _PAGE, 1 - y / self.height, text, va="top", **style)

    def axes(self, left: float, top: float, wide: float, high: float) -> Axes:
        """A field for bars, in points from the upper left corner."""
        return self.figure.add_axes(
            (left / _PAGE, 1 - (top + high) / self.height, wide / _PAGE, high / self.height)
        )


def _figure(drawing: Drawing) -> Figure:
    from matplotlib.figure import Figure

    heads = 2 * _MARGIN + _TITLE * 1.6 + len(drawing.notes) * _SMALL * 1.6
    height = heads + sum(_height(chart) for chart in drawing.charts)
    figure = Figure(figsize=(_PAGE / 72, height / 72), dpi=_DOTS, facecolor="white")
    page = _Page(figure, _measuring(), height, _MARGIN)
    room = _PAGE - 2 * _MARGIN
    bold = {"size": _TITLE, "weight": "bold"}
    page.text(_MARGIN, page.used, _fitted(page.measure, drawing.title, room, **bold), **bold)
    page = replace(page, used=page.used + _TITLE * 1.6)
    for chart in drawing.charts:
        _chart(page, drawing, chart)
        page = replace(page, used=page.used + _height(chart))
    for note in drawing.notes:
        small = {"size": _SMALL, "color": _GREY}
        page.text(_MARGIN, page.used, _fitted(page.measure, note, room, **small), **small)
        page = replace(page, used=page.used + _SMALL * 1.6)
    return figure


def _height(chart: Chart) -> float:
    """Of the bars, the line above them, and the marks and the word below."""
    return 16.0 + _ROW * max(len(chart.bars), 1) + 44.0


def _measuring() -> Measure:
    """A function that says how many points wide a text is."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.font_manager import FontProperties

    make: Any = RendererAgg  # it has no types
    renderer = make(1, 1, 72)

    def measure(text: str, **style: Any) -> float:
        font = FontProperties(size=style.get("size", _TEXT), weight=style.get("weight", "normal"))
        return float(renderer.get_text_width_height_descent(text, font, ismath=False)[0])

    return measure


def _fitted(measure: Measure, text: str, room: float, **style: Any) -> str:
    """``text``, cut where it would be wider than ``room`` points."""
    text = one_line(text)
    if measure(text, **style) <= room:
        return text
    while text and measure(text + "…", **style) > room:
        text = text[:-1]
    return text + "…"


def _chart(page: _Page, drawing: Drawing, chart: Chart) -> None:
    measure = page.measure
    most = _LABEL_SHARE * _PAGE
    labels = [
        label_of(bar, lambda text, mark: _fitted(measure, text, most - measure(mark)))
        for bar in chart.bars
    ]
    amounts = [amount(bar.cents, chart.currency) for bar in chart.bars]
    edge = _widest_mark(chart, measure) / 2 + _GAP  # marks stand around the ends of the axis
    left = max(_MARGIN + max(measure(text) for text in [*labels, drawing.axis]) + _GAP, edge)
    right = _PAGE - max(_MARGIN + max(measure(text) for text in amounts) + _GAP, edge)
    page.text(_MARGIN, page.used, drawing.axis, color=_GREY)
    axes = page.axes(left, page.used + 16.0, right - left, _ROW * len(labels))
    _bars(axes, chart, labels)
    _marks(axes, chart, measure, right - left)
    axes.set_xlabel(_("Amount ({currency})", currency=chart.currency), color=_GREY, labelpad=6)
    for row, text in enumerate(amounts):
        y = page.used + 16.0 + _ROW * (row + 0.5)
        page.figure.text(
            1 - _MARGIN / _PAGE, 1 - y / page.height, text, ha="right", va="center_baseline"
        )


def _bars(axes: Axes, chart: Chart, labels: list[str]) -> None:
    rows = range(len(labels))
    colors = [_LOSS if bar.cents < 0 else _GAIN for bar in chart.bars]
    axes.barh(rows, [bar.cents for bar in chart.bars], height=0.66, color=colors, zorder=2)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(rows, labels=labels)
    axes.tick_params(axis="y", length=0, pad=_GAP / 2, labelcolor=_INK, labelsize=_TEXT)
    axes.axvline(0, color=_GREY, linewidth=0.8, zorder=3)
    for side in axes.spines.values():
        side.set_visible(False)


def _marks(axes: Axes, chart: Chart, measure: Measure, room: float) -> None:
    """Round amounts along the axis, no more than stand beside each other."""
    low, high = extent(chart.bars)
    marks = ticks(low, high, int(room / (_widest_mark(chart, measure) * 1.4)))
    axes.set_xlim(low, max(high, low + 1))
    axes.set_xticks(marks, labels=[amount(cents, chart.currency) for cents in marks])
    axes.tick_params(axis="x", length=0, labelcolor=_GREY, labelsize=_SMALL)
    axes.grid(axis="x", color=_GRID, linewidth=0.6, zorder=0, clip_on=False)
    axes.set_axisbelow(True)


def _widest_mark(chart: Chart, measure: Measure) -> float:
    """How wide a mark of the axis may be: as wide as what stands at its ends."""
    ends = extent(chart.bars)
    return max(measure(amount(cents, chart.currency), size=_SMALL) for cents in ends)
