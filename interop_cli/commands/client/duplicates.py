"""``client duplicates``: clients that were probably entered twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interop_cli.commands.frame import Command, Count, option, pass_app
from interop_cli.domain.messages import N_

if TYPE_CHECKING:
    from interop_cli.app import App


@click.command("duplicates", cls=Command)
@click.argument("codes", nargs=-1, metavar="[CODE…]")
@option(
    "--min-score",
    type=click.IntRange(1, 100),
    default=60,
    metavar="N",
    help=N_("Only pairs of this score or more, of 100 (60)."),
)
@option(
    "--status",
    type=click.Choice(("active", "inactive", "all")),
    default="active",
    help=N_("Which clients; active ones by default."),
)
@option("--limit", type=Count(min=0), metavar="N", help=N_("At most N rows; 0: all."))
@pass_app
def duplicates_command(
    app: App, codes: tuple[str, ...], min_score: int, status: str, limit: int | None
) -> None:  # fmt: skip
    """List pairs of clients that are probably one, the likeliest first, with the reasons.

    Compared are names without their legal form (inc., ltée, enr. …), e-mails, phones and postal
    codes, those of contacts too. With CODE, only the pairs of these clients.

    \b
    interop client duplicates --min-score 80
    interop client duplicates ACME --status all --json
    """
    from interop_cli.commands.client.reading import resolved
    from interop_cli.domain.duplicates import pairs
    from interop_cli.store.views import duplicates

    columns = app.output.pick(duplicates.columns())
    with app.store.reading() as conn:
        only = frozenset(resolved(app, conn, code)[0] for code in codes) if codes else None
        candidates = duplicates.candidates(conn, status)
    found = pairs(candidates, min_score=min_score, only=only)
    rows = [
        {
            "score": pair.score, "code": pair.one.code, "name": pair.one.name,
            "other": pair.other.code, "other_name": pair.other.name, "reasons": list(pair.reasons),
        }
        for pair in (found[:limit] if limit else found)
    ]  # fmt: skip
    names = [column.name for column in columns]
    shown = [tuple(row[name] for name in names) for row in rows]
    app.output.rows(columns, [shown] if shown else [])
