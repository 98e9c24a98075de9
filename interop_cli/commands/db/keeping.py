"""``interop db``: make the database, look after it, back it up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interop_cli.app import EXIT_ATTENTION
from interop_cli.domain.errors import InteropError
from interop_cli.domain.messages import N_
from interop_cli.i18n import _
from interop_cli.shell import confirm
from interop_cli.shell.command import Command, argument, option, pass_app
from interop_cli.shell.paths import FileRead, FileWritten, NamedFile
from interop_cli.shell.signals import held

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.store.engines.connection import Row


EXIT_UNUSABLE = 70


@click.command("init", cls=Command)
@pass_app
def init_command(app: App) -> None:
    """Make a new, empty database; one that exists is never touched.

    \b
    interop db init
    interop --db postgresql://localhost/interop db init
    """
    from interop_cli.shell.system import system_zone
    from interop_cli.store.engines.create import create_database

    with held():
        create_database(
            app.location,
            app.now(),
            app.user,
            lock_timeout=app.lock_timeout,
            dry_run=app.dry_run,
            zone=system_zone(),
        )
        _done(app)
    if app.dry_run:
        app.output.message(_("Dry run: nothing was written."))
        return
    app.output.message(_("The database {place} is ready.", place=_shown(app)))


@click.command("info", cls=Command)
@pass_app
def info_command(app: App) -> None:
    """Show where the database is, what it holds, and how it is set up.

    \b
    interop db info --json
    """
    from interop_cli.store.reading.operations import info

    with app.store.reading() as conn:
        found = info(conn)
    app.output.record({"location": _shown(app), **found}, key="location")


@click.command("backup", cls=Command)
@argument("file", metavar="FILE", type=FileWritten(Path, database=True))
@option("--overwrite", is_flag=True, help=N_("Replace the file if there is one."))
@pass_app
def backup_command(app: App, file: Path, overwrite: bool) -> None:
    """Write a consistent, checked copy of the database to a file.

    Of a server, pg_dump makes it where it is installed and as new as the server; else it is a
    SQLite file, as db copy makes it. Which one is said (tool).

    \b
    interop db backup interop-2026-11-24.db
    """
    from interop_cli.store.engines import dumps, files

    conn = app.store.conn
    tool = conn.engine
    if conn.engine == "sqlite":
        size = files.backup(conn, file, overwrite=overwrite, dry_run=app.dry_run)
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
    _tell(app, {"file": str(file), "bytes": size, "checked": True, "tool": tool}, key="file")


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


@click.command("restore", cls=Command)
@argument("file", metavar="FILE", type=FileRead(Path, database=True))
@option(
    "--confirm", "confirmation", metavar="NAME", help=N_("Repeat the name of the database file.")
)
@pass_app
def restore_command(app: App, file: Path, confirmation: str | None) -> None:
    """Put a backup in the place of the database; the old file is kept beside it.

    Triggers and views that interop did not make are left out, and said. Targets of sync are matched
    again (sync link) before anything is created there: they may hold more by now. E-mail is
    switched off.

    \b
    interop --db shop.db db restore monday.db --confirm shop.db
    """
    from interop_cli.store.engines.files import restore
    from interop_cli.store.engines.open import file_location

    target = file_location(app.location)

    def about() -> Iterator[str]:
        yield _held_in(file)
        yield _held_in(target)

    confirm.severe(app, target.name, confirmation, about=about)
    with held():
        found = restore(file, target, lock_timeout=app.lock_timeout, dry_run=app.dry_run)
        _done(app)
    names = [f"{kind} {name}" for kind, name in found.left_out]
    told = {
        "database": str(target),
        "restored_from": str(file),
        "kept": found.kept and str(found.kept),
        "left_out": names,
        "targets": found.targets,
        "mail_off": found.mail_off,
    }
    for name in names:
        app.output.warn(_("{part} was left out: interop did not make it", part=name))
    _warn_of_targets(app, found.targets)
    _warn_of_mail(app, off=found.mail_off)
    _tell(app, told, key="database")


def _held_in(file: Path) -> str:
    """What a database holds, in a line, or why nobody knows."""
    from interop_cli.i18n import labelled, ngettext, translate
    from interop_cli.store.engines.open import connect
    from interop_cli.store.reading.operations import info, operation_rows

    try:
        conn = connect(str(file), lock_timeout=1)
        try:
            found = info(conn)
            last = next(iter(operation_rows(conn, limit=1)), [])
        finally:
            conn.close()
    except InteropError as error:
        return labelled(str(file), translate(error.message))
    count = found["active_clients"] + found["inactive_clients"]
    clients = ngettext("{n} client", "{n} clients", count)
    return labelled(str(file), f"{clients}, {last[0][2]}" if last else clients)


@click.command("copy", cls=Command)
@argument("source", metavar="SOURCE", type=FileRead(database=True))
@argument("target", metavar="TARGET", type=NamedFile(database=True))
@option(
    "--move",
    is_flag=True,
    help=N_("Let the copy take its place: it keeps its targets of sync, SOURCE is only read."),
)
@pass_app
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
            settled=lambda: ending.enter_context(held()),
            applied=app.note_applied,
        )
        found = copying.run(move=move, dry_run=app.dry_run)
    if found.admin:
        app.output.warn(_("{user} is admin there: it knows users by other names", user=found.admin))
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
    _tell(app, told, key="target")


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


@click.command("check", cls=Command)
@option(
    "--metrics",
    is_flag=True,
    help=N_("Say how it stands as numbers for a monitoring agent (Prometheus), with db doctor's."),
)
@pass_app
def check_command(app: App, metrics: bool) -> None:
    """Read the whole database and say what is wrong with it.

    Exit 70 where something is; 10 where there is only a view that interop did not make.

    Of an older schema only the file is checked (exit 10). With --metrics the exit is 0: the numbers
    say it.

    \b
    interop db check
    interop db check --metrics --out /var/lib/node_exporter/interop.prom
    """
    from interop_cli.store.engines.health import check, doctor
    from interop_cli.store.engines.open import connect
    from interop_cli.store.migrations import missing

    conn = connect(app.location, lock_timeout=app.lock_timeout)
    try:
        findings = check(conn)
        if metrics:
            from interop_cli import __version__
            from interop_cli.store.engines.metrics import exposition, samples

            if not missing(conn):
                findings += doctor(conn, app.location, app.now())
            app.output.text(exposition(list(samples(conn, findings, __version__))))
            return
    finally:
        conn.close()
    _report(app, findings)
    app.exit_code = _exit_code(findings)


@click.command("doctor", cls=Command)
@pass_app
def doctor_command(app: App) -> None:
    """Look at everything around the database, and say what to do (exit 10 with warnings).

    \b
    interop db doctor
    """
    from interop_cli.store.engines.health import doctor

    findings = [*doctor(app.store.conn, app.location, app.now()), *app.lapsing_logins()]
    _report(app, findings)
    app.exit_code = _exit_code(findings)


def _exit_code(findings: list[Row]) -> int:
    """By the worst of what was found."""
    severities = {finding["severity"] for finding in findings}
    if "error" in severities:
        return EXIT_UNUSABLE
    return EXIT_ATTENTION if "warning" in severities else 0


@click.command("migrate", cls=Command)
@option("--no-backup", is_flag=True, help=N_("Do not copy the file first."))
@pass_app
def migrate_command(app: App, no_backup: bool) -> None:
    """Bring an older database to the schema of this program; a file is copied before.

    Of a database on a server no copy is made: save it with pg_dump first.

    \b
    interop db migrate
    """
    from interop_cli.store.engines.address import is_url
    from interop_cli.store.engines.create import migrate_database

    with held():
        steps, copy = migrate_database(
            app.location,
            app.now(),
            lock_timeout=app.lock_timeout,
            backup=not no_backup,
            dry_run=app.dry_run,
        )
        if steps:
            _done(app)
    if steps and not no_backup and is_url(app.location):
        app.output.warn(_("No copy was made: a database on a server is saved with pg_dump."))
    _tell(app, {"applied": steps, "backup": str(copy) if copy else None}, key="backup")


@click.command("distribute", cls=Command)
@pass_app
def distribute_command(app: App) -> None:
    """Lay the tables out over the nodes of a Citus cluster; those that lie so already are left.

    Clients, contacts and addresses are on every node; documents, notes and sales totals are spread
    by client; the rest stays on the coordinator. All or nothing.

    \b
    interop db distribute --dry-run
    interop db distribute
    """
    from interop_cli.store.engines.distribute import BY_CLIENT, EVERYWHERE, KEYS, distribute

    with held():
        before = distribute(app.store.conn, dry_run=app.dry_run)
        if before.left:
            _done(app)
    told = {
        "everywhere": list(EVERYWHERE),
        "by_client": list(BY_CLIENT),
        "by_name": [name for name in KEYS if name not in BY_CLIENT],
        "local": before.local,
        "laid_out": before.left,
    }
    _tell(app, told, key="laid_out")


def _done(app: App) -> None:
    if not app.dry_run:
        app.note_applied()


def _tell(app: App, done: dict[str, Any], *, key: str) -> None:
    """Show what was done; nothing when quiet."""
    if app.output.quiet:
        return
    if app.output.format != "table":
        app.output.record({**done, "dry_run": app.dry_run}, key=key)
        return
    app.output.record(done, key=key)
    if app.dry_run:
        app.output.message(_("Dry run: nothing was written."))


def _report(app: App, findings: list[Row]) -> None:
    from interop_cli.i18n import translate
    from interop_cli.output import Column

    names = ("code", "severity", "what", "fix")
    rows = [
        tuple(
            translate(v) if not isinstance(v := finding[name], (str, type(None))) else v
            for name in names
        )
        for finding in findings
    ]
    if not rows:
        app.output.message(_("Nothing to report."))
        if app.output.format == "table":
            return
    app.output.rows([Column(name) for name in names], [rows] if rows else [], key="code")


def _shown(app: App) -> str:
    from interop_cli.store.engines.address import without_password

    return without_password(app.location)
