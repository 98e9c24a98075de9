"""``interop db seed``: made-up data to try things on."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _
from interop_cli.shell.command import Command, option, pass_app
from interop_cli.shell.paths import FileWritten

if TYPE_CHECKING:
    from interop_cli.app import App


@click.command("seed", cls=Command)
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
@pass_app
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
