"""A client's notes, which stand at the head of every view where the client is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.i18n import _, labelled, ngettext

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.output import Style
    from interop_cli.store.engines.connection import Connection

SHOWN = 10  # above a table; a card shows them all


def note_lines(notes: Sequence[Mapping[str, Any]], style: Style) -> Iterator[str]:
    """Notes as people read them: category, text, and the attachments with their ids."""
    for note in notes:
        first, *others = note["text"].split("\n")
        yield f"  ▸ {labelled(style.bold(note['category']), first)}"
        yield from (f"    {line}" for line in others)
        for attached in note["attachments"]:
            yield style.dim(
                f"    + #{attached['id']} {attached['name']} ({size(attached['size'])})"
            )


def size(count: int) -> str:
    """A number of bytes for people."""
    for unit in (_("B"), _("kB"), _("MB")):
        if count < 1000 or unit == _("MB"):
            break
        count //= 1000
    return f"{count} {unit}"


def head(app: App, conn: Connection, client_id: int) -> list[str]:
    """The lines above a table of what belongs to a client; none where it is no table."""
    from interop_cli.store.reading import notes

    if app.output.format != "table":
        return []
    found = notes.of_client(conn, client_id)
    lines = list(note_lines(found[:SHOWN], app.output.style))
    if (hidden := len(found) - SHOWN) > 0:
        lines.append("  " + ngettext("… and {n} more note.", "… and {n} more notes.", hidden))
    return [*lines, ""] if lines else []


def show(app: App, conn: Connection, client_id: int, found: Mapping[str, Any], entity: str) -> None:
    """Write one thing of a client under the client's notes; in JSON they are in ``notes``."""
    from interop_cli.output import records
    from interop_cli.store.reading import notes

    def card(obj: Mapping[str, Any], style: Style) -> Iterator[str]:
        lines = list(note_lines(obj["notes"], style))
        yield from [*lines, ""] if lines else []
        yield from records.card({k: v for k, v in obj.items() if k != "notes"}, style)

    obj = {**found, "notes": notes.of_client(conn, client_id)}
    app.output.record(obj, entity, card=card, key="id")
