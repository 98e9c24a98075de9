"""The card of a client, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.commands.notes_at_head import note_lines
from interop_cli.domain.fields import CLIENT, CONTACT, Card, Kind
from interop_cli.domain.fields.field import names, on_card
from interop_cli.domain.values.address_text import one_line
from interop_cli.i18n import _, labelled, language, translate

if TYPE_CHECKING:
    from interop_cli.output import Style


def card(client: Mapping[str, Any], style: Style) -> Iterator[str]:
    """The lines of the card: who, notes, how to reach it, people, places, accounting."""
    name = style.bold(client["name"]) if client["active"] else style.dim(client["name"])
    marks = [_("inactive")] if not client["active"] else []
    if client["merged_into"]:
        marks.append(_("merged into {code}", code=client["merged_into"]))
    if client["prospect"]:
        marks.append(_("prospect"))
    suffix = f" ({', '.join(marks)})" if marks else ""
    yield f"{style.bold(client['code'])}  {name}{suffix}"
    yield from note_lines(client["notes"], style)
    yield ""
    yield from _section(_("Coordinates"), _coordinates(client), style)
    yield from _section(_("Billing"), _billing(client), style)
    if client["contacts"]:
        yield ""
        yield style.bold(_("Contacts"))
        for contact in client["contacts"]:
            yield _contact(contact, style)
    if client["addresses"]:
        yield ""
        yield style.bold(_("Addresses"))
        for address in client["addresses"]:
            yield f"  {'⌂' if address['main'] else ' '} #{address['id']} {one_line(address)}"
    yield from _history(client["documents"], style)
    yield from _sales(client["sales"], style)
    if client["sync"]:
        yield ""
        yield from _section(
            _("Sync"), [(one["target"], _synced(one)) for one in client["sync"]], style
        )


def _synced(one: Mapping[str, Any]) -> str:
    """Where the client stands in a target: its state, since when, and what is wrong."""
    parts = [one["state"], one["pushed_at"]]
    if one["error"]:
        parts += [one["error"]["field"], translate(one["error"]["message"])]
    return ", ".join(part for part in parts if part)


MARKS = {"default": "★", "billing": "▦", "billing_copy": "✉", "hubspot_synced": "●"}


def _contact(contact: Mapping[str, Any], style: Style) -> str:
    """A contact on one line: its marks, then who it is and how to reach it."""
    from interop_cli.domain.values.phone import format_phone

    marks = "".join(mark if contact[name] else " " for name, mark in MARKS.items())
    phones = names(field for field in CONTACT if field.kind is Kind.PHONE)
    numbers = [contact[name] for name in phones if contact[name]]
    reached = [contact["email"], *(format_phone(number, language()) for number in numbers)]
    parts = [contact["name"], contact["title"], *reached]
    if not contact["active"]:
        parts.append(_("inactive"))
    line = f"  {marks} #{contact['id']} " + ", ".join(part for part in parts if part)
    return line if contact["active"] else style.dim(line)


def _section(title: str, rows: list[tuple[str, Any]], style: Style) -> Iterator[str]:
    filled = [(label, value) for label, value in rows if value not in (None, "", [], {})]
    if not filled:
        return
    yield style.bold(title)
    width = max(len(label) for label, _value in filled)
    for label, value in filled:
        yield f"  {label.ljust(width)}  {value}"


def _coordinates(client: Mapping[str, Any]) -> list[tuple[str, Any]]:
    place = " ".join(filter(None, [client["city"], client["province"], client["postal_code"]]))
    lines = [client["line1"], client["line2"], place, client["country"]]
    return [
        (_("Address"), ", ".join(line for line in lines if line)),
        *_fields(client, Card.COORDINATES),
        (_("Former codes"), ", ".join(client["former_codes"])),
    ]


def _billing(client: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [*_fields(client, Card.BILLING), *client["accounting"].items()]


def _fields(client: Mapping[str, Any], part: Card) -> Iterator[tuple[str, Any]]:
    """The title and the value of each field that stands in this part of the card."""
    from interop_cli.domain.values.phone import format_phone

    for field in on_card(CLIENT, part):
        value = client[field.name]
        if field.kind is Kind.PHONE and value:
            value = format_phone(value, language())
        elif field.kind is Kind.TAGS:
            value = ", ".join(value)
        yield _(field.title), value


def _history(documents: Mapping[str, Any], style: Style) -> Iterator[str]:
    """How many documents of each kind, and the latest."""
    from interop_cli.domain.values.document_kinds import KIND_TITLE, KIND_TITLES, STATUS_TITLES
    from interop_cli.domain.values.money import format_cents
    from interop_cli.i18n import language

    counts = {kind: count for kind, count in documents["counts"].items() if count}
    if not counts:
        return
    yield ""
    yield style.bold(_("Documents"))
    yield "  " + " · ".join(labelled(_(KIND_TITLES[kind]), count) for kind, count in counts.items())
    for row in documents["latest"]:
        total = format_cents(row["total_cents"], row["currency"], language())
        what = f"{_(KIND_TITLE[row['kind']])} {row['number'] or '—'}"
        yield f"  {row['date']}  {what}  {total}  {_(STATUS_TITLES[row['status']])}"


def _sales(totals: Sequence[Mapping[str, Any]], style: Style) -> Iterator[str]:
    """Sales by year; an asterisk where documents changed since."""
    from interop_cli.domain.values.money import format_cents
    from interop_cli.i18n import language

    if not any(row["amount_cents"] or row["stale"] for row in totals):
        return
    yield ""
    yield style.bold(_("Sales"))
    amounts = [format_cents(row["amount_cents"], row["currency"], language()) for row in totals]
    width = max(len(amount) for amount in amounts)
    for row, amount in zip(totals, amounts, strict=True):
        stale = f"  {_('(documents changed since)')}" if row["stale"] else ""
        yield f"  {row['year']}  {amount.rjust(width)}{stale}"
