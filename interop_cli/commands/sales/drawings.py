"""The words around charts of sales: titles, axes and remarks, in the user's language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.domain import charts
from interop_cli.domain.messages import N_
from interop_cli.i18n import _, ngettext

if TYPE_CHECKING:
    from interop_cli.output.charts import Drawing
    from interop_cli.store.views.sales import SalesQuery

Rows = Iterable[tuple[Any, ...]]
TITLES = {
    "client": N_("Sales by client, {years}"),
    "year": N_("Sales by year, {years}"),
    "province": N_("Sales by province, {years}"),
    "tag": N_("Sales by tag, {years}"),
}
AXES = {"client": N_("Client"), "year": N_("Year"), "province": N_("Province"), "tag": N_("Tag")}


def of_client(names: Sequence[str], rows: Rows, query: SalesQuery, client: str) -> Drawing:
    """The sales of one client, called ``client``, year by year."""
    from interop_cli.output.charts import Drawing

    totals = [dict(zip(names, row, strict=True)) for row in rows]
    found = charts.by_year(totals, query.first, query.last)
    title = _("Sales by year: {client}", client=client)
    return Drawing(title, _(AXES["year"]), found, _notes(found, query))


def of_report(
    names: Sequence[str], rows: Rows, query: SalesQuery, by: str, top: int | None
) -> Drawing:
    """The rows of a report ``by`` client, year, province or tag, in their order."""
    from interop_cli.output.charts import Drawing

    found = charts.by_group(dict(zip(names, row, strict=True)) for row in rows)
    years = str(query.first) if query.first == query.last else f"{query.first}–{query.last}"
    title = _(TITLES[by], years=years)
    notes = _notes(found, query)
    if top:
        notes = [ngettext("Only the largest.", "Only the {n} largest.", top), *notes]
    return Drawing(title, _(AXES[by]), found, notes)


def _notes(found: Sequence[charts.Chart], query: SalesQuery) -> list[str]:
    """What the bars do not say by themselves."""
    if not found:
        return [_("No sales are computed for these years.")]
    notes = [_("Before taxes.")]
    if query.basis == "bill-to":
        notes.append(_("Counted for who was billed."))
    computed = min((chart.computed_at for chart in found if chart.computed_at), default=None)
    if computed:
        notes.append(_("Computed {time}.", time=computed))
    else:
        notes.append(_("Nothing computed yet; interop sales refresh does it."))
    if any(chart.stale for chart in found):
        notes.append(_("* Documents changed since."))
    return notes
