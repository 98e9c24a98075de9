"""``interop db backup``, ``restore`` and ``copy``: what goes from one place to another whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands.db.keeping import done, shown, tell
from interop_cli.domain.errors import InteropError
from interop_cli.domain.messages import N_
from interop_cli.i18n import _, ngettext
from interop_cli.shell import confirm
from interop_cli.shell.command import argument, command, option
from interop_cli.shell.error_boundary import signals_held
from interop_cli.shell.options import OVERWRITE, confirm_option
from interop_cli.shell.paths import FileRead, FileWritten, NamedFile

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.store.engines.connection import Connection
    from interop_cli.store.engines.restoring import Backup


@command("backup")
@argument("file", metavar="FILE", type=FileWritten(Path, database=True))
@OVERWRITE
def backup_command(app: App, file: Path, overwrite: bool) -> None:
    """Write a consistent, checked copy of the database to a file.

    Of a server, pg_dump makes it where it is installed and as new as the server; else it is a
    SQLite file, as db copy makes it. Which one is said (tool).

    \b
    interop db backup interop-2026-11-24.db
    """
    from interop_cli.store.engines import copies, dumps

    conn = app.store.conn
    tool = conn.engine
    if conn.engine == "sqlite":
        size = copies.backup(conn, file, overwrite=overwrite, dry_run=app.dry_run)
    else:
        size, tool = dumps.backup(
            conn,
            app.location,
            file,
            copied=lambda part: _copied(app, part),
            overwrite=overwrite,
            dry_run=app.dry_run,
        )
    app.done = True
    tell(app, {"file": str(file), "bytes": size, "checked": True, "tool": tool}, key="file")


def _copied(app: App, part: Path) -> None:
    """Make a SQLite file of a server's database."""
    from interop_cli.store.engines.transfer import Copying

    Copying(
        app.location,
        str(part),
        app.now(),
        app.user,
        app.lock_timeout,
        progress=lambda rows: app.output.progress(rows, _("Copying and checking")),
        settled=lambda: None,
        applied=lambda: None,
    ).run()


@command("restore")
@argument("file", metavar="FILE", type=FileRead(Path, database=True))
@confirm_option("NAME", N_("Repeat the name of the database."))
@option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help=N_("Of what was kept before restores keep the newest N; else all."),
)
def restore_command(app: App, file: Path, confirmation: str | None, keep: int | None) -> None:
    """Put a backup in the place of what the database holds, which is kept beside it.

    FILE is what db backup makes, of a file or a server; a dump is read by pg_restore. What was
    there is kept in NAME.before-restore, on a server in the schema NAME_before_restore, with a
    number behind after the first.

    Triggers and views that interop did not make are left out, and said. Targets of sync are matched
    again (sync link) before anything is created there: they may hold more by now. E-mail is
    switched off. On a server nobody writes meanwhile, and rights and roles stay as they are.

    \b
    interop --db shop.db db restore monday.db --confirm shop.db
    interop --db postgresql://owner@db.example/shop db restore monday.dump --confirm shop --keep 3
    """
    from interop_cli.store.engines.address import is_url
    from interop_cli.store.engines.open import connect
    from interop_cli.store.engines.restoring import opened_backup

    server = is_url(app.location)
    name, place = Path(app.location).name, None
    if server:
        from interop_cli.store.engines.restoring import name_and_schema

        name, place = name_and_schema(app.location, app.lock_timeout)
    with ExitStack() as ending:

        @cache
        def backup() -> Backup:
            for_file = None if server else app.user
            with app.output.progress(None, _("Reading the backup")) as advance:
                reading = opened_backup(
                    file,
                    app.now(),
                    advance,
                    lock_timeout=app.lock_timeout,
                    place=place,
                    for_file=for_file,
                )
                return ending.enter_context(reading)

        def about() -> Iterator[str]:
            yield _held_in(str(file), lambda: nullcontext(backup().conn))
            yield _held_in(shown(app), lambda: closing(connect(app.location, lock_timeout=1)))

        confirm.severe(app, name, confirmation, about=about)
        targets, mail_off = _silenced(app, backup())
        if server:
            restored = _restore_server(app, backup(), keep, ending)
        else:
            restored = _restore_file(app, backup(), keep)
        found = backup()
    left_out = _said_of(app, found)
    _warn_of_admin(app, restored["admin"])
    _warn_of_targets(app, targets)
    _warn_of_mail(app, off=mail_off)
    told = {
        "database": shown(app),
        "restored_from": str(file),
        "tool": found.tool,
        "operations": found.operations,
        "broken": found.broken,
        "migrated": found.older if server else [],
        **restored,
        "left_out": left_out,
        "targets": targets,
        "mail_off": mail_off,
    }
    tell(app, told, key="database")


def _said_of(app: App, found: Backup) -> list[str]:
    """Warn of what a backup holds that was left out (the names of it), or is broken."""
    left_out = [f"{kind} {name}" for kind, name in found.strange]
    for name in left_out:
        app.output.warn(_("{part} was left out: interop did not make it", part=name))
    if found.broken:
        app.output.warn(
            ngettext(
                "{n} operation is not as it was written: interop journal verify",
                "{n} operations are not as they were written: interop journal verify",
                found.broken,
            )
        )
    return left_out


def _silenced(app: App, backup: Backup) -> tuple[list[str], bool]:
    """The targets to be matched again, and whether mail is switched off: of the backup, or of what
    is there now, where the backup is a copy that had lost both.
    """
    from interop_cli.store.engines import twins
    from interop_cli.store.engines.open import connect

    targets, mail = set(backup.targets), backup.mail
    with suppress(InteropError), closing(connect(app.location, lock_timeout=1)) as conn:
        if conn.tables():
            known = {row["name"] for row in twins.kept_of(backup.conn)}
            targets |= known.intersection(twins.met_targets(conn))
            mail = mail or twins.sends_mail(conn)
    return sorted(targets), mail


def _restore_file(app: App, backup: Backup, keep: int | None) -> dict[str, Any]:
    from interop_cli.store.engines.restoring import restore_file

    with signals_held():
        found = restore_file(
            backup,
            Path(app.location),
            lock_timeout=app.lock_timeout,
            keep=keep,
            dry_run=app.dry_run,
        )
        done(app)
    return found._asdict() | {"admin": backup.admin}


def _restore_server(
    app: App, backup: Backup, keep: int | None, ending: ExitStack
) -> dict[str, Any]:
    from interop_cli.store.engines.restoring import Restoring

    restoring = Restoring(
        app.location,
        app.now(),
        app.user,
        app.lock_timeout,
        keep,
        progress=lambda rows: app.output.progress(rows, _("Copying and checking")),
        settled=lambda: ending.enter_context(signals_held()),
        applied=app.note_applied,
    )
    return restoring.run(backup, dry_run=app.dry_run)._asdict()


def _held_in(place: str, opened: Callable[[], AbstractContextManager[Connection]]) -> str:
    """What a database holds, in a line, or why nobody knows."""
    from interop_cli.i18n import labelled, translate
    from interop_cli.store.reading.operations import info, operation_rows

    try:
        with opened() as conn:
            found = info(conn)
            last = next(iter(operation_rows(conn, limit=1)), [])
    except InteropError as error:
        return labelled(place, translate(error.message))
    count = found["active_clients"] + found["inactive_clients"]
    clients = ngettext("{n} client", "{n} clients", count)
    return labelled(place, f"{clients}, {last[0][2]}" if last else clients)


@command("copy")
@argument("source", metavar="SOURCE", type=FileRead(database=True))
@argument("target", metavar="TARGET", type=NamedFile(database=True))
@option(
    "--move",
    is_flag=True,
    help=N_("Let the copy take its place: it keeps its targets of sync, SOURCE is only read."),
)
def copy_command(app: App, source: str, target: str, move: bool) -> None:
    """Copy a whole database, checked row by row, between files and PostgreSQL servers.

    All or nothing: TARGET is made, or is an empty database. Targets of sync are matched again (sync
    link) before the copy creates anything there, and e-mail is switched off in it.

    \b
    interop db copy shop.db postgresql://owner@db.example/shop --move
    interop db copy postgresql://owner@db.example/shop trial.db
    """
    from interop_cli.store.engines.address import without_password
    from interop_cli.store.engines.transfer import Copying

    with ExitStack() as ending:
        copying = Copying(
            source,
            target,
            app.now(),
            app.user,
            app.lock_timeout,
            progress=lambda rows: app.output.progress(rows, _("Copying and checking")),
            settled=lambda: ending.enter_context(signals_held()),
            applied=app.note_applied,
        )
        found = copying.run(move=move, dry_run=app.dry_run)
    _warn_of_admin(app, found.admin)
    _warn_of_targets(app, found.targets)
    _warn_of_mail(app, off=found.mail_off)
    told = {
        "source": without_password(source),
        "target": without_password(target),
        "tables": len(found.tables),
        "rows": sum(found.tables.values()),
        "moved": move,
        "targets": found.targets,
        "mail_off": found.mail_off,
        "admin": found.admin,
    }
    tell(app, told, key="target")


def _warn_of_mail(app: App, *, off: bool) -> None:
    if off:
        app.output.warn(
            _("E-mail is switched off: interop config set mail.enabled true, where it is to go")
        )


def _warn_of_targets(app: App, names: list[str]) -> None:
    for name in names:
        app.output.warn(
            _("{target} may hold more by now: interop sync link --target {target}", target=name)
        )


def _warn_of_admin(app: App, admin: str | None) -> None:
    if admin:
        app.output.warn(_("{user} is admin there: it knows users by other names", user=admin))
