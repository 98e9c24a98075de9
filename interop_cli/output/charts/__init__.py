"""Sales drawn as horizontal bars: on a terminal, in a page, and as a picture.

Whatever draws gets a ``Drawing``, whose words are already in the user's language. Everywhere the
amounts stand in a column of their own: no bar, however long, runs into them. An asterisk marks
what documents changed under since it was computed, so that it is seen without colour too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from interop_cli.domain.charts import Bar, Chart
from interop_cli.domain.values.money import format_cents
from interop_cli.i18n import language
from interop_cli.output.sanitise import one_line

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
