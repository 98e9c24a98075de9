"""``interop db``: make the database, seed it with made-up data to try things on, look after it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interop_cli.app import EXIT_ATTENTION
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _
from interop_cli.shell.command import command, option
from interop_cli.shell.error_boundary import signals_held
from interop_cli.shell.paths import FileWritten

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.store.engines.connection import Row

EXIT_UNUSABLE = 70


@command("init")
def init_command(app: App) -> None:
    """Make a new, empty database; one that exists is never touched.

    \b
    interop db init
    interop --db postgresql://localhost/interop db init
    """
    from interop_cli.store.engines.create import create_database
    from interop_cli.system import system_zone

    with signals_held():
        create_database(
            app.location,
            app.now(),
            app.user,
            lock_timeout=app.lock_timeout,
            dry_run=app.dry_run,
            zone=system_zone(),
        )
        done(app)
    if app.dry_run:
        app.output.message(_("Dry run: nothing was written."))
        return
    app.output.message(_("The database {place} is ready.", place=shown(app)))


@command("info")
def info_command(app: App) -> None:
    """Show where the database is, what it holds, and how it is set up.

    \b
    interop db info --json
    """
    from interop_cli.store.reading.operations import info

    with app.store.reading() as conn:
        found = info(conn)
    app.output.record({"location": shown(app), **found}, key="location")


@command("check")
@option(
    "--metrics",
    is_flag=True,
    help=N_("Say how it stands as numbers for a monitoring agent (Prometheus), with db doctor's."),
)
def check_command(app: App, metrics: bool) -> None:
    """Read the whole database and say what is wrong with it.

    Exit 70 where something is; 10 where there is only a view that interop did not make.

    Of an older schema only the file is checked (exit 10). With --metrics the exit is 0: the numbers
    say it.

    \b
    interop db check
    interop db check --metrics --out /var/lib/node_exporter/interop.prom
    """
    from interop_cli.store.engines.health import doctor
    from interop_cli.store.engines.open import connect
    from interop_cli.store.engines.soundness import check
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


@command("doctor")
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


@command("migrate")
@option("--no-backup", is_flag=True, help=N_("Do not copy the file first."))
def migrate_command(app: App, no_backup: bool) -> None:
    """Bring an older database to the schema of this program; a file is copied before.

    Of a database on a server no copy is made: save it with pg_dump first.

    \b
    interop db migrate
    """
    from interop_cli.store.engines.address import is_url
    from interop_cli.store.engines.create import migrate_database

    told: set[str] = set()

    def waiting(others: list[Row]) -> None:
        for other in others[:1]:
            name = f"{other['login']} ({other['program']})"
            if name not in told:
                told.add(name)
                app.output.warn(
                    _(
                        "Waiting for {name}, at it for {seconds} s; meanwhile others go on",
                        name=name,
                        seconds=other["seconds"],
                    )
                )

    with ExitStack() as ending:
        steps, copy = migrate_database(
            app.location,
            app.now(),
            lock_timeout=app.lock_timeout,
            backup=not no_backup,
            dry_run=app.dry_run,
            waiting=waiting,
            settled=lambda: ending.enter_context(signals_held()),
        )
        if steps:
            done(app)
    if steps and not no_backup and is_url(app.location):
        app.output.warn(_("No copy was made: a database on a server is saved with pg_dump."))
    tell(app, {"applied": steps, "backup": str(copy) if copy else None}, key="backup")


@command("distribute")
def distribute_command(app: App) -> None:
    """Lay the tables out over the nodes of a Citus cluster; those that lie so already are left.

    Clients, contacts and addresses are on every node; documents, notes and sales totals are spread
    by client; the rest stays on the coordinator. All or nothing.

    \b
    interop db distribute --dry-run
    interop db distribute
    """
    from interop_cli.store.engines.distribute import BY_CLIENT, EVERYWHERE, KEYS, distribute

    with signals_held():
        before = distribute(app.store.conn, dry_run=app.dry_run)
        if before.left:
            done(app)
    told = {
        "everywhere": list(EVERYWHERE),
        "by_client": list(BY_CLIENT),
        "by_name": [name for name in KEYS if name not in BY_CLIENT],
        "local": before.local,
        "laid_out": before.left,
    }
    tell(app, told, key="laid_out")


def done(app: App) -> None:
    if not app.dry_run:
        app.note_applied()


def tell(app: App, told: dict[str, Any], *, key: str) -> None:
    """Show what was done; nothing when quiet."""
    if app.output.quiet:
        return
    if app.output.format != "table":
        app.output.record({**told, "dry_run": app.dry_run}, key=key)
        return
    app.output.record(told, key=key)
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


def shown(app: App) -> str:
    from interop_cli.store.engines.address import without_password

    return without_password(app.location)


@command("seed")
@option(
    "--clients",
    "count",
    type=click.IntRange(min=1),
    default=100,
    metavar="N",
    help=N_("How many clients (100)."),
)
@option("--seed", type=int, default=1, metavar="S", help=N_("Same S, same data (1)."))
@option(
    "--profile",
    type=click.Choice(["clients", "shop"]),
    default="clients",
    help=N_("clients alone, or a shop: with contacts, addresses, notes and documents."),
)
@option(
    "--years",
    type=click.IntRange(1, 50),
    default=5,
    metavar="Y",
    help=N_("How many years of documents a shop has (5)."),
)
@option(
    "--end",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help=N_("The last day of a shop's documents, and when all is written (2025-12-31)."),
)
@option(
    "--oracle",
    type=FileWritten(Path, tells=True),
    metavar="FILE",
    help=N_("Write what must come out of a shop, as JSON: counts, totals, recipients."),
)
def seed_command(
    app: App,
    count: int,
    seed: int,
    profile: str,
    years: int,
    end: datetime | None,
    oracle: Path | None,
) -> None:
    """Fill the database with made-up clients of a print shop, the same ones every time.

    A shop is the same on any day, machine and engine.

    \b
    interop db seed --clients 200 --seed 42
    interop db seed --profile shop --clients 500 --years 3 --oracle expected.json
    """
    from interop_cli.services.seeding import seed_clients, seed_shop

    app.fix_clock(end and end.date())
    rules = app.rules()
    if profile == "clients":
        from interop_cli.seed import clients

        if oracle is not None:
            raise UsageError("usage.oracle", msg("Only a shop has an oracle: --profile shop"))
        app.write("db.seed", lambda uow: seed_clients(uow, clients(count, seed), rules, seed))
        return
    from interop_cli.output.sink import whole_file
    from interop_cli.seed.shop import Shop

    shop = Shop(count, seed, years, app.today, rules.policy.note_categories)
    with app.output.progress(None, _("Clients, then their documents")) as advance:
        outcome = app.run("db.seed", lambda uow: seed_shop(uow, shop, rules, advance))
    app.output.result(outcome.as_dict())
    if oracle is not None and not app.dry_run:
        with whole_file(oracle) as write:
            write(json.dumps(shop.oracle().as_dict(), ensure_ascii=False, indent=1).encode())
