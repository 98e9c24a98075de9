"""``sync fields``: which fields a target takes, and which of them are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands.sync import common
from interop_cli.commands.sync.targets import configured
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg
from interop_cli.shell.command import argument, command, option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interop_cli.app import App
    from interop_cli.sync.target import OpenTarget


@command("fields")
@argument("name", metavar="TARGET")
@option(
    "--entity",
    type=click.Choice(("client", "contact", "invoice", "credit_note")),
    help=N_("Only of clients, contacts, invoices or credit notes."),
)
@option(
    "--set",
    "chosen",
    multiple=True,
    metavar="FIELD[=THEIRS]",
    help=N_("Send this field too, under their name for it."),
)
@option("--unset", "dropped", multiple=True, metavar="FIELD", help=N_("Send this field no more."))
@option(
    "--wins",
    "winners",
    multiple=True,
    metavar="FIELD=ours|theirs|ask|create-only",
    help=N_("Whose value stands where both sides changed this field."),
)
@option(
    "--constant",
    "constants",
    multiple=True,
    metavar="THEIRS=VALUE",
    help=N_("Give each new record there this value; an empty one takes it back."),
)
@option("--reset", is_flag=True, help=N_("Go back to the usual fields."))
def fields_command(
    app: App,
    name: str,
    entity: str | None,
    chosen: tuple[str, ...],
    dropped: tuple[str, ...],
    winners: tuple[str, ...],
    constants: tuple[str, ...],
    reset: bool,
) -> None:
    """Show which fields a target takes, and choose which are sent.

    Where both sides changed a field since the last push, a person is asked (sync resolve), unless
    --wins says whose value stands. A field that is create-only is sent with a new record alone, and
    so is a --constant: what a portal requires of each record and no client has.

    \b
    interop sync fields crm
    interop sync fields crm --entity client --set postal_code --set terms=payment_terms
    interop sync fields crm --entity client --wins phone=theirs
    interop sync fields crm --entity client --constant industry=PRINTING
    """
    from interop_cli.connectors import connector_class

    target = common.only(app, name)
    if entity is not None and entity not in connector_class(target.kind).entities:
        raise common.takes_no(target.name, entity)
    if chosen or dropped or reset:
        settings = _fields(app.open_target(target), entity or "client", chosen, dropped, reset)
        target = configured(app, target, settings)
    if constants:
        settings = _constants(app.open_target(target), entity or "client", constants)
        target = configured(app, target, settings)
    if winners:
        settings = _policies(app.open_target(target), entity or "client", winners)
        target = configured(app, target, settings)
    _show_fields(app, app.open_target(target), entity)


def _fields(
    opened: OpenTarget, entity: str, chosen: tuple[str, ...], dropped: tuple[str, ...], reset: bool
) -> dict[str, Any]:
    """The target's settings with another choice of fields."""
    from interop_cli.domain.sync.descriptor import Need, constant

    settings = dict(opened.target.settings)
    fields = dict(settings.get("fields") or {})
    if reset:
        fields.pop(entity, None)
        for kind in ("policies", "constants"):
            settings[kind] = {
                name: of for name, of in settings.get(kind, {}).items() if name != entity
            }
    if chosen or dropped:
        descriptor = opened.connector.descriptor(entity)
        constants = (settings.get("constants") or {}).get(entity) or {}
        of_constants = {constant(theirs): theirs for theirs in constants}
        sent = {one.name: one.remote for one in descriptor.sent() if one.name not in of_constants}
        for text in chosen:
            ours, _equals, theirs = text.partition("=")
            known = descriptor.named(ours)
            if known is None and not (ours.startswith("accounting.") and theirs):
                raise _no_field(descriptor, ours)
            if known is not None and known.need is Need.UNSUPPORTED and not theirs:
                raise UsageError(
                    "usage.field",
                    msg("{field} has no usual place there: give their name for it.", field=ours),
                    hint=msg("--set {field}=THEIRS", field=ours),
                )
            sent[ours] = theirs or (known.remote if known else "")
        for ours in dropped:
            known = descriptor.named(ours)
            if known is not None and known.need is Need.REQUIRED:
                raise UsageError("usage.field", msg("{field} is required there.", field=ours))
            if ours in of_constants:
                raise UsageError(
                    "usage.field",
                    msg("{field} is a constant.", field=ours),
                    hint=msg("--constant {theirs}=", theirs=of_constants[ours]),
                )
            if ours not in sent:
                raise _no_field(descriptor, ours)
            del sent[ours]
        _refuse_two(of_constants | sent)
        fields[entity] = sent
    return {**settings, "fields": fields}


def _refuse_two(sent: Mapping[str, str]) -> None:
    """Raise UsageError where two fields would go to one place there: one would be lost."""
    places: dict[str, str] = {}
    for ours, theirs in sent.items():
        if theirs and places.setdefault(theirs, ours) != ours:
            raise _taken(theirs, places[theirs])


def _taken(theirs: str, ours: str) -> UsageError:
    text = msg("{field} is sent to {theirs} already.", theirs=theirs, field=ours)
    return UsageError("usage.field", text)


def _constants(opened: OpenTarget, entity: str, given: tuple[str, ...]) -> dict[str, Any]:
    """The target's settings with other values for each new record."""
    _refuse_file(opened, "--constant")
    settings, descriptor = dict(opened.target.settings), opened.connector.descriptor(entity)
    constants = dict(settings.get("constants") or {})
    of = dict(constants.get(entity) or {})
    sent = {one.remote: one.name for one in descriptor.sent()}
    for text in given:
        theirs, equals, value = text.partition("=")
        if not equals or not theirs:
            raise UsageError(
                "usage.setting", msg("{option} takes a name and a value: k=v.", option="--constant")
            )
        if theirs in sent and theirs not in of:
            raise _taken(theirs, sent[theirs])
        of.pop(theirs, None)
        if value:
            of[theirs] = value
    return {**settings, "constants": {**constants, entity: of}}


def _refuse_file(opened: OpenTarget, name: str) -> None:
    """Nothing is changed in a file that was handed over; its profile says what stands in it."""
    if opened.connector.by_file:
        raise UsageError(
            "usage.field",
            msg("The profile says what stands in a file: no {option} here.", option=name),
        )


def _policies(opened: OpenTarget, entity: str, winners: tuple[str, ...]) -> dict[str, Any]:
    """The target's settings with another say in who wins."""
    from interop_cli.domain.sync.descriptor import Policy

    _refuse_file(opened, "--wins")
    settings, descriptor = dict(opened.target.settings), opened.connector.descriptor(entity)
    policies = dict(settings.get("policies") or {})
    of = dict(policies.get(entity) or {})
    for text in winners:
        name, _equals, policy = text.partition("=")
        if descriptor.named(name) is None:
            raise _no_field(descriptor, name)
        if policy not in list(Policy):
            choices = ", ".join(Policy)
            raise UsageError(
                "usage.wins", msg("--wins takes FIELD= and one of {choices}.", choices=choices)
            )
        of[name] = policy
    return {**settings, "policies": {**policies, entity: of}}


def _no_field(descriptor: Any, name: str) -> UsageError:
    names = ", ".join(one.name for one in descriptor.fields)
    return UsageError(
        "usage.field",
        msg("There is no field {field} here. Fields: {names}.", field=name[:40], names=names),
    )


def _show_fields(app: App, opened: OpenTarget, entity: str | None) -> None:
    from interop_cli.domain.fields.field import Column, ValueKind
    from interop_cli.domain.sync.descriptor import Need

    names = (
        "entity",
        "field",
        "theirs",
        "need",
        "sent",
        "wins",
        "max_length",
        "pattern",
        "choices",
    )
    kinds = {"sent": ValueKind.BOOL, "max_length": ValueKind.INT, "choices": ValueKind.JSON}
    columns = [
        Column(name, kinds.get(name, ValueKind.TEXT), table=name not in ("pattern", "choices"))
        for name in names
    ]
    rows = [
        (
            one,
            field.name,
            field.remote or None,
            str(field.need),
            field.usual and field.need is not Need.UNSUPPORTED,
            str(field.policy),
            field.max_length,
            field.pattern,
            list(field.choices) or field.choices_from,
        )
        for one in opened.connector.entities
        if entity in (None, one)
        for field in opened.connector.descriptor(one).fields
    ]
    app.output.rows(columns, [rows] if rows else [], key="field")
