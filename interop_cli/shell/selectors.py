"""Which clients a bulk command works on: codes, ``@file``, ``-``, ``--filter`` or ``--all``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import ngettext, translate
from interop_cli.shell.command import argument, gathered, option, options
from interop_cli.shell.options import CLIENT_FILTERS, CONTINUE_ON_ERROR, STATUS, expect_option
from interop_cli.shell.paths import STANDARD, Codes, FileRead, FileWritten

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.rules import RuleWarning
    from interop_cli.services import Outcome
    from interop_cli.services.clients.bulk import Selector
    from interop_cli.store.reading.fields import ListField
    from interop_cli.store.reading.lists import Condition


@dataclass(frozen=True)
class Picked:
    """The selector options as typed."""

    codes: tuple[str, ...]
    filters: tuple[str, ...]
    everything: bool
    status: str | None
    null: bool
    expect: int | None
    max_affected: int | None
    continue_on_error: bool
    results: str | None
    only_failed_from: str | None

    @property
    def reads_stdin(self) -> bool:
        """Whether stdin holds the codes, so that nobody can be asked on it."""
        return self.codes == ("-",) or self.only_failed_from == "-"

    @property
    def from_file(self) -> bool:
        """Whether the codes are the lines of a file or of stdin."""
        return bool(self.only_failed_from) or self.codes[0] == "-" or self.codes[0][:1] == "@"

    @property
    def is_bulk(self) -> bool:
        """Whether it may be about more than one client."""
        return len(self.codes) != 1 or self.codes[0] == "-" or self.codes[0].startswith("@")


RESULTS = option(
    "--results",
    type=FileWritten(tells=True),
    metavar="FILE|-",
    help=N_("Write what became of each row, as NDJSON."),
)
MAX_AFFECTED = option(
    "--max-affected",
    type=click.IntRange(min=0),
    metavar="N",
    help=N_("Refuse when there are more (default 500 off a terminal)."),
)
limit_options = options(
    expect_option(N_("Refuse when the number of clients is another.")),
    MAX_AFFECTED,
    CONTINUE_ON_ERROR,
)
selector_options = gathered(
    "picked",
    Picked,
    Picked.__dataclass_fields__,
    argument("codes", nargs=-1, type=Codes(), metavar="[CODE…|@FILE|-]"),
    CLIENT_FILTERS,
    option("--all", "everything", is_flag=True, help=N_("All clients.")),
    option(
        "--status", type=STATUS, help=N_("With --filter or --all: only clients of this status.")
    ),
    option("-0", "--null", is_flag=True, help=N_("Codes on stdin end with NUL.")),
    limit_options,
    RESULTS,
    option(
        "--only-failed-from",
        type=FileRead(),
        metavar="FILE",
        help=N_("Take the failed rows of a results file."),
    ),
)


def check(picked: Picked) -> None:
    """Exactly one selector; raises UsageError."""
    count = sum(
        [bool(picked.codes), bool(picked.filters), picked.everything, bool(picked.only_failed_from)]
    )
    if count != 1:
        raise UsageError(
            "usage.selector",
            msg("Say which clients: codes, @file, -, --filter or --all, and one of these only."),
            hint=msg("Every client: --all. See: interop help filters"),
        )
    mixed = [code for code in picked.codes if code == "-" or code.startswith("@")]
    if mixed and len(picked.codes) > 1:
        raise UsageError(
            "usage.selector", msg("- and @file stand alone: no other code beside them.")
        )
    if picked.status and not (picked.filters or picked.everything):
        raise UsageError("usage.selector", msg("--status goes with --filter or --all."))


def selector(app: App, picked: Picked, *, limited: bool = True) -> Selector:
    """Read the codes or compile the filters; the limits of this run are added.

    ``limited`` false: the setting does not bound how many, for what is harmless in any number.
    """
    from interop_cli.services.clients.bulk import Selector
    from interop_cli.store.reading.clients import SOURCE, of_status

    limits: dict[str, Any] = {
        "expect": picked.expect,
        "max_affected": limit(app, picked) if limited else picked.max_affected,
        "continue_on_error": picked.continue_on_error,
        "want_rows": picked.results is not None,
    }
    if picked.codes or picked.only_failed_from:
        keys = _keys(picked)
        if not keys:
            app.warnings.append(_nothing(picked))
        return Selector(keys=keys, from_file=picked.from_file, **limits)
    condition = compiled(app, picked.filters) & of_status(picked.status or "all")
    say_left_out(app, SOURCE, condition)
    return Selector(condition=condition, **limits)


def nothing_came() -> RuleWarning:
    """A list without codes is no mistake by itself; nor need it be what was meant."""
    from interop_cli.domain.rules import RuleWarning

    return RuleWarning("stdin", "input.empty", msg("nothing came in, so nothing was done"))


def _nothing(picked: Picked) -> RuleWarning:
    """The same of codes on stdin or in a file."""
    from interop_cli.domain.rules import RuleWarning

    if picked.reads_stdin:
        return nothing_came()
    file = picked.only_failed_from or picked.codes[0][1:]
    return RuleWarning(
        "file", "input.empty", msg("{file} names nobody, so nothing was done", file=file)
    )


def exactly(selector: Selector, count: int) -> Selector:
    """``selector``, refusing another number than was shown to who agreed."""
    from dataclasses import replace

    if selector.keys is not None or selector.expect is not None:
        return selector
    return replace(selector, expect=count)


def compiled(app: App, filters: tuple[str, ...]) -> Condition:
    """The filters on clients as a condition."""
    from interop_cli.store.reading.clients import FIELDS, SOURCE
    from interop_cli.store.sync import sources

    fields = (*FIELDS, *sources.state_fields(app.store.conn, filters)) if filters else FIELDS
    return condition_of(app, filters, fields, SOURCE)


def condition_of(
    app: App, filters: tuple[str, ...], fields: Sequence[ListField], source: str
) -> Condition:
    """The filters on the rows of ``source``, a FROM, as a condition."""
    from interop_cli.store.reading.filters import compile_filters, held_in
    from interop_cli.store.reading.lists import EVERYTHING

    if not filters:
        return EVERYTHING
    conn = app.store.conn
    return compile_filters(
        filters,
        fields,
        app.reading,
        conn.folded,
        held_in(conn, source),
        distributed=conn.distributed,
    )


def say_left_out(app: App, source: str, condition: Condition) -> None:
    """Say how many rows of ``source`` the filters leave out for want of a value alone."""
    from interop_cli.store.reading.filters import left_out

    if app.output.quiet or not condition.left_out:
        return
    for field, count in left_out(app.store.conn, source, condition):
        text = ngettext(
            "{n} without {field} is left out; to take it along: or {field} is null",
            "{n} without {field} are left out; to take them along: or {field} is null",
            count,
            field=field,
        )
        app.output.message(text)


def limit(app: App, picked: Picked) -> int | None:
    """How many clients may be touched: always as asked, off a terminal as the setting says."""
    if picked.max_affected is None and len(picked.codes) >= 1 and not picked.is_bulk:
        return None
    return bulk_limit(app, picked.max_affected)


def bulk_limit(app: App, asked: int | None) -> int | None:
    """The same for a command that works on as many as there are."""
    if asked is not None:
        return asked
    if app.settings.origin("bulk.max_affected") == "default" and sys.stderr.isatty():
        return None
    return int(app.settings.get("bulk.max_affected"))


def _keys(picked: Picked) -> list[tuple[int, str]]:
    from interop_cli.inputs.reading import read_codes, read_failed
    from interop_cli.inputs.source import open_source

    if picked.only_failed_from:
        with open_source(picked.only_failed_from, sys.stdin) as source:
            return list(read_failed(source))
    first = picked.codes[0]
    if first != "-" and not first.startswith("@"):
        return list(enumerate(picked.codes, 1))
    with open_source("-" if first == "-" else first[1:], sys.stdin) as source:
        return list(read_codes(source, null=picked.null))


def deliver(app: App, outcome: Outcome, results: str | None) -> None:
    """Print the outcome, and the line per input row where it was asked for."""
    rows = outcome.rows
    if results is not None and rows is not None:
        lines = (
            json.dumps(_translated(row), ensure_ascii=False, separators=(",", ":")) + "\n"
            for row in rows
        )
        app.output.side_file(results, lines, personal=True)
        if results in STANDARD:
            return
    app.output.result(outcome.as_dict())


def _translated(row: dict[str, Any]) -> dict[str, Any]:
    error = row["error"]
    if error and error["message"] is not None:
        row = {**row, "error": {**error, "message": translate(error["message"])}}
    return row
