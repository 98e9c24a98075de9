"""``sync targets``, ``add``, ``remove``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands.sync import common
from interop_cli.disk import expanded
from interop_cli.domain.errors import ConfigError, UsageError
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _, ngettext, translate
from interop_cli.shell import confirm
from interop_cli.shell.command import Command, argument, command, option
from interop_cli.shell.options import confirm_option

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.connectors.protocol import TargetSetting
    from interop_cli.connectors.secrets import TargetSecrets
    from interop_cli.services import Outcome
    from interop_cli.store.sync.targets import TargetRow
    from interop_cli.store.writing.unit_of_work import UnitOfWork
    from interop_cli.sync.target import OpenTarget


COLUMNS = (
    "name",
    "kind",
    "role",
    "remote",
    "secret",
    "introduced",
    "paused_until",
    "paused_by",
    "failures",
    "settings",
)


@command("targets")
def targets_command(app: App) -> None:
    """List the configured targets.

    \b
    interop sync targets
    """
    from interop_cli.domain.fields.field import Column, ValueKind
    from interop_cli.store.sync.targets import all_targets

    kinds = {
        "introduced": ValueKind.BOOL,
        "paused_until": ValueKind.TIME,
        "failures": ValueKind.INT,
        "settings": ValueKind.JSON,
    }
    hidden = {"introduced", "failures", "settings"}
    columns = [
        Column(name, kinds.get(name, ValueKind.TEXT), table=name not in hidden) for name in COLUMNS
    ]
    app.output.pick(columns, key="name")
    rows = [
        (
            target.name,
            target.kind,
            _role(target.kind),
            target.remote_name,
            secrets_of_target(app, target).place,
            target.introduced,
            target.paused_until,
            target.paused_by,
            target.failures,
            dict(target.settings),
        )
        for target in all_targets(app.store.conn)
    ]
    app.output.rows(columns, [rows] if rows else [], key="name")


def _role(kind: str) -> str | None:
    """What targets of a kind are to the company; None for a kind that is not installed any more."""
    from interop_cli.connectors import connector_class

    try:
        return str(connector_class(kind).role)
    except ConfigError:
        return None


class AddCommand(Command):
    """The help of ``add`` lists the kinds of targets, each with its settings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from interop_cli.connectors import connector_class, kinds

        super().format_options(ctx, formatter)
        for kind in kinds():
            with formatter.section(_("Settings of a target of kind {kind}", kind=kind)):
                try:
                    settings = connector_class(kind).settings
                except ConfigError as error:  # of a package that is broken: the others are not
                    formatter.write_text(translate(error.message))
                else:
                    formatter.write_dl([(one.name, _help(one)) for one in settings])


def _help(setting: TargetSetting) -> str:
    text = _(setting.help)
    return _("Required: {help}", help=text) if setting.required else text


@command("add", cls=AddCommand)
@argument("name")
@argument("kind")
@option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help=N_("A setting of the target."))
def add_command(app: App, name: str, kind: str, pairs: tuple[str, ...]) -> None:
    """Configure a target under a name of your choice; then connect it.

    \b
    interop sync add crm hubspot
    interop sync add crm hubspot --set prospects=true
    interop sync add books file --set profile=sage50 --set folder=/srv/import
    """
    import re
    import uuid

    from interop_cli.connectors import connector_class
    from interop_cli.services import one
    from interop_cli.store.sync.targets import TargetRow

    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,29}", name):
        raise UsageError(
            "usage.target_name",
            msg("A target's name has small letters, digits, _ and -, and begins with a letter."),
        )
    settings = typed_settings(connector_class(kind), {}, pairs)
    uid = uuid.uuid4().hex[:16]
    check_usable(app.open_target(TargetRow(0, name, kind, uid, settings)))

    def add(uow: UnitOfWork) -> Outcome:
        target_id = uow.targets.add(name, kind, uid, settings)
        item = {"id": target_id, "name": name, "kind": kind, "status": "ok", "error": None}
        return one(item)

    app.write("sync.add", add)


def check_usable(opened: OpenTarget) -> None:
    """Raise ConfigError where a target could not be worked with as it is configured."""
    for entity in opened.connector.entities:
        opened.connector.descriptor(entity)


def typed_settings(kind: Any, before: dict[str, Any], pairs: tuple[str, ...]) -> dict[str, Any]:
    """Settings as typed, over those there were; "" takes one away."""
    from interop_cli.connectors.base import check_settings
    from interop_cli.connectors.hosts import checked_url

    found = dict(before)
    known = {one.name: one for one in kind.settings}
    for text in pairs:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(
                "usage.setting", msg("{option} takes a name and a value: k=v.", option="--set")
            )
        if value == "":
            found.pop(name, None)
        elif name in known and known[name].flag:
            found[name] = _flag(name, value)
        else:
            found[name] = _whole(value, known[name].ready) if _is_path(known, name) else value
    of_fields: dict[str, Any] = {
        name: found.pop(name)
        for name in ("fields", "policies", "constants", "unique")
        if name in found
    }
    check_settings(kind.settings, found)
    for name in ("base_url", "token_url"):
        if name in found:
            checked_url(str(found[name]))
    return {**found, **of_fields}


def _is_path(known: dict[str, Any], name: str) -> bool:
    return name in known and known[name].path


def _whole(value: str, ready: Sequence[str]) -> str:
    """A path as it is found from whatever folder a later command is started in."""
    path = Path(expanded(value, "--set")).absolute()
    return value if ready and (value in ready or not path.exists()) else str(path)


def _flag(name: str, value: str) -> bool:
    from interop_cli.domain.entity import refused
    from interop_cli.domain.values.closed_lists import parse_bool

    try:
        return parse_bool(value)
    except ValueError as error:  # pydantic's own are ValueErrors
        raise refused(error, name) from None  # type: ignore[arg-type]


@command("remove")
@argument("name")
@confirm_option("NAME", N_("Repeat the target's name."))
def remove_command(app: App, name: str, confirmation: str | None) -> None:
    """Forget a target, its links, its log and its secret; nothing changes over there.

    \b
    interop sync remove crm --confirm crm
    """
    from interop_cli.services import one
    from interop_cli.store.sync.targets import linked_records
    from interop_cli.sync.lease import refuse_busy

    target = common.only(app, name)

    def about() -> Iterator[str]:
        with app.store.reading() as conn:
            count = linked_records(conn, target.id)
        yield f"{name} ({target.kind})"
        yield ngettext(
            "{n} record would not be known to be there any more",
            "{n} records would not be known to be there any more",
            count,
        )

    confirm.severe(app, name, confirmation, about=about)

    def remove(uow: UnitOfWork) -> Outcome:
        found = uow.targets.named(name)
        refuse_busy(found, app.now())
        uow.targets.remove(found)
        item = {"id": found.id, "name": name, "status": "ok", "error": None}
        return one(item)

    outcome = app.run("sync.remove", remove)
    if not app.dry_run:
        secrets_of_target(app, target).forget()
    app.output.result(outcome.as_dict())


def configured(app: App, target: TargetRow, settings: dict[str, Any]) -> TargetRow:
    """Write other settings of a target; the target as it is then."""
    from dataclasses import replace

    from interop_cli.services import item, one

    def configure(uow: UnitOfWork) -> Outcome:
        found = uow.targets.named(target.name)
        changed = uow.targets.configure(found, settings)
        return one(item({"id": found.id, "name": found.name}, changed=changed))

    app.run("sync.configure", configure)
    if app.dry_run:
        return replace(target, settings=settings)
    return common.only(app, target.name)


def secrets_of_target(app: App, target: TargetRow) -> TargetSecrets:
    """Where the secret of a target is kept."""
    from interop_cli.sync.target import secrets_of

    return secrets_of(target, app.environ, app.settings.secrets_folder)
