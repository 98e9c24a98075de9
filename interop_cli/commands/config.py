"""``interop config``: settings of the company (in the database) and of this user (in a file)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg
from interop_cli.shell.command import Group, argument, option
from interop_cli.shell.paths import FileRead

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.rules import RuleWarning
    from interop_cli.services import Outcome
    from interop_cli.store.writing.unit_of_work import UnitOfWork

SPACED = "mail.password"
"""The secret that may have spaces in it."""
COUNTRY, PROVINCE = "defaults.country", "defaults.province"
config_command = Group("config", help=N_("Settings of the company and of this user."))


@config_command.command("list")
@option("--show-origin", is_flag=True, help=N_("Say where each value comes from."))
def list_command(app: App, show_origin: bool) -> None:
    """List every setting and its value.

    \b
    interop config list --show-origin
    """
    from interop_cli.output import Column

    columns = [Column("name"), Column("value"), Column("origin", hidden=not show_origin)]
    app.output.pick(columns, key="name")
    rows = [(name, _shown(name, value), origin) for name, value, origin in _all(app)]
    app.output.rows(columns, [rows], key="name")


def _shown(name: str, value: object) -> str | None:
    """A value as people may see it: the address of a server without its password."""
    from interop_cli.settings import format as as_text
    from interop_cli.store.engines.address import without_password

    text = as_text(name, value)
    return without_password(text) if name == "db" and text else text


def _all(app: App) -> list[tuple[str, object, str]]:
    """Every setting; the company's are the defaults where there is no database to read."""
    from interop_cli.domain.errors import NotFound
    from interop_cli.settings import Settings

    try:
        return app.settings.all()
    except NotFound:
        return Settings(app.options, app.environ, dict).all()


@config_command.command("get")
@argument("name")
def get_command(app: App, name: str) -> None:
    """Show one setting.

    \b
    interop config get defaults.province
    """
    value = app.settings.get(name)
    found = {"name": name, "value": _shown(name, value), "origin": app.settings.origin(name)}
    app.output.record(found, card=lambda setting, _style: [setting["value"]], key="value")


@config_command.command("set")
@argument("name")
@argument("value", empty=True)
def set_command(app: App, name: str, value: str) -> None:
    """Set a setting: the company's in the database, the user's in a file.

    \b
    interop config set defaults.prospect true
    interop config set lang fr
    interop config set places.key - < key.txt
    """
    from interop_cli.settings import SettingScope, parse, setting
    from interop_cli.settings import format as as_text

    if setting(name).secret:
        _set_secret(app, name, value)
        return
    text = as_text(name, parse(name, value))
    if setting(name).scope is SettingScope.COMPANY:
        _write_company(app, name, text)
        return
    changed = as_text(name, app.settings.get(name)) != text or app.settings.origin(name) != "file"
    if not app.dry_run:
        app.settings.set_user(name, text)
    _of_user(app, "config.set", name, text, changed=changed)


@config_command.command("unset")
@argument("name")
def unset_command(app: App, name: str) -> None:
    """Go back to the default of a setting.

    \b
    interop config unset lang
    """
    from interop_cli.settings import SettingScope, setting

    if setting(name).secret:
        _unset_secret(app, name)
        return
    if setting(name).scope is SettingScope.COMPANY:
        _write_company(app, name, None)
        return
    changed = app.settings.origin(name) == "file"
    if not app.dry_run:
        app.settings.unset_user(name)
    _of_user(app, "config.unset", name, None, changed=changed)


def _write_company(app: App, name: str, text: str | None) -> None:
    """Set a setting of the company, or go back to its default."""
    from interop_cli.services.admin import checked_province, province_elsewhere
    from interop_cli.settings import setting

    told: list[RuleWarning] = []
    if name in (COUNTRY, PROVINCE):
        found = {one: app.settings.get(one) for one in (COUNTRY, PROVINCE)}
        if name == PROVINCE and text is not None:
            text = checked_province(text, found[COUNTRY])
        found[name] = setting(name).default if text is None else text
        told = province_elsewhere(found[PROVINCE], found[COUNTRY])
    operation = "config.unset" if text is None else "config.set"
    app.write(operation, lambda uow: _company(uow, name, text, told))


def _set_secret(app: App, name: str, value: str) -> None:
    """Keep a secret, read from stdin: what is typed on a command line, others can see."""
    import sys

    from interop_cli.connectors.secrets import parsed
    from interop_cli.settings.resolve import HIDDEN, keeper

    if value != "-":
        raise UsageError(
            "usage.secret",
            msg("A secret is not given on the command line, where others could see it."),
            hint=msg("interop config set {name} - < FILE", name=name),
        )
    kept = keeper(name, app.environ, app.settings.secrets_folder)
    secret = parsed(sys.stdin.read(), kept.names, spaced=name == SPACED)
    changed = app.settings.get(name) != secret[kept.names[0]]
    if not app.dry_run:
        kept.save(secret)
    _of_user(app, "config.set", name, HIDDEN, changed=changed)


@config_command.command("secret")
@argument("name")
@option("--stdin", "from_stdin", is_flag=True, help=N_("Read it from standard input."))
@option("--remove", is_flag=True, help=N_("Forget it."))
def secret_command(app: App, name: str, from_stdin: bool, remove: bool) -> None:
    """Keep a password or a key where secrets are kept: mail, or places.

    \b
    interop config secret mail --stdin < password.txt
    interop config secret mail --remove
    """
    from interop_cli.settings.table import SETTINGS

    names = {row.name.partition(".")[0]: row.name for row in SETTINGS.values() if row.secret}
    if name not in names:
        raise UsageError(
            "usage.secret",
            msg(
                "There is no secret {name}; there are: {names}.",
                name=name[:40],
                names=", ".join(names),
            ),
        )
    if from_stdin == remove:
        raise UsageError("usage.secret", msg("One of these only: --stdin, --remove."))
    if remove:
        _unset_secret(app, names[name])
    else:
        _set_secret(app, names[name], "-")


def _unset_secret(app: App, name: str) -> None:
    from interop_cli.settings.resolve import keeper

    kept = keeper(name, app.environ, app.settings.secrets_folder)
    changed = kept.read() is not None
    if not app.dry_run:
        kept.forget()
    _of_user(app, "config.unset", name, None, changed=changed)


def _company(uow: UnitOfWork, name: str, text: str | None, warnings: list[RuleWarning]) -> Outcome:
    from interop_cli.services import one
    from interop_cli.store.writing.repositories.mailings import ENABLED, SINCE

    changed = uow.settings.unset(name) if text is None else uow.settings.set(name, text)
    if changed and name == ENABLED and text == "true":
        uow.settings.set(SINCE, uow.now)
    return one(_item(name, text, changed=changed), warnings)


def _of_user(app: App, operation: str, name: str, text: str | None, *, changed: bool) -> None:
    """Say what was done to the user's file, which is no business of the journal."""
    from interop_cli.services import one

    outcome = one(_item(name, text, changed=changed))
    outcome.operation, outcome.dry_run = operation, app.dry_run
    app.output.result(outcome.as_dict())


def _item(name: str, text: str | None, *, changed: bool) -> dict[str, object]:
    return {"name": name, "value": _shown(name, text), "status": "ok" if changed else "unchanged"}


@config_command.command("logo")
@argument("file", type=FileRead(), metavar="[FILE]", required=False)
@option("--remove", is_flag=True, help=N_("Take the logo away."))
def logo_command(app: App, file: str | None, remove: bool) -> None:
    """Set or remove the shop's logo on what it prints: PNG, JPEG or SVG, by its content.

    \b
    interop config logo shop.svg
    interop config logo --remove
    """
    from interop_cli.domain.values.logo import MAX_BYTES, check_logo
    from interop_cli.inputs.source import read_whole
    from interop_cli.services.sales.printing import set_company_logo

    if (file is None) != remove:
        raise UsageError("usage.logo", msg("One of these only: FILE, --remove."))
    content = read_whole(file, limit=MAX_BYTES) if file else None
    if content is not None:
        check_logo(content)
    app.write("config.logo", lambda uow: set_company_logo(uow, content))


@config_command.command("path")
def path_command(app: App) -> None:
    """Show where this user's settings are kept.

    \b
    interop config path
    """
    path = str(app.settings.user_path())
    app.output.record({"path": path}, card=lambda found, _style: [found["path"]], key="path")
