"""What the generated parts of the documentation say; cog calls these from README.md and docs/.

Everything comes from the program itself, so that no page can promise what it does not do.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from commandtree import commands

from interop_cli.cli import GROUPS
from interop_cli.commands.help import TOPICS
from interop_cli.i18n import _, set_language

ROOT = Path(__file__).resolve().parent.parent


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    """The program in ``language``, as if nobody had set anything."""
    kept = dict(os.environ)
    for name in kept:
        if name.startswith(("INTEROP_", "LC_", "LANG")) or name in ("NO_COLOR", "FORCE_COLOR"):
            del os.environ[name]
    os.environ |= {"INTEROP_LANG": language, "COLUMNS": "80", "NO_COLOR": "1"}
    set_language(language)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)
        set_language("en")


def reference(language: str) -> str:
    """Every ``--help``, a section a command."""
    with speaking(language):
        sections = [
            f"{'##' if ctx.command_path.count(' ') < 2 else '###'} {ctx.command_path}\n\n"
            f"{block(ctx.command.get_help(ctx))}"
            for ctx in commands()
        ]
    return "\n".join(sections)


def topic(name: str, language: str) -> str:
    """What ``interop help NAME`` prints."""
    with speaking(language):
        return block(_(TOPICS[name]))


def topics(language: str) -> str:
    """All help topics, a section each."""
    return "\n".join(f"## interop help {name}\n\n{topic(name, language)}" for name in TOPICS)


def groups(language: str = "en") -> str:
    """A table of the groups and what they are for."""
    rows = ["| group | commands | |", "|---|---|---|"]
    with speaking(language):
        root, *others = commands()
        for ctx in others:
            if ctx.parent is not root:
                continue
            names = [c.info_name for c in others if c.parent is ctx]
            listed = " ".join(f"`{name}`" for name in names)
            rows.append(f"| `{ctx.info_name}` | {listed} | {_(GROUPS[str(ctx.info_name)][1])} |")
    return "\n".join(rows) + "\n"


# What is measured (a name in benchmarks/results.json), against what, and how much is allowed.
SPEED = (
    ("start-up", "`interop --version`", '`python -c "import click"`'),
    (
        "show.100000",
        "`client show CODE --json`, 100,000 clients",
        '`python -c "import click, sqlite3, json"`',
    ),
    (
        "import.100000",
        "`client import` of 100,000 clients: checked, with address, journaled; two processors",
        "`sqlite-utils insert` of the same file",
    ),
    (
        "import.untyped.100000",
        "the same",
        "`sqlite-utils insert --no-detect-types` of the same file, everything as text",
    ),
    ("import.xlsx.100000", "the same out of an Excel workbook", "the CSV with the same rows"),
    (
        "deactivate.100000",
        "`client deactivate -`, 100,000 codes, journaled",
        "the same statements by hand",
    ),
    ("edit.100000", "`client edit - --terms net60`, the same codes", "the same"),
    (
        "list.1000000",
        "`client list --all -o ndjson`, 1,000,000 clients, in time of the processor",
        "`sqlite-utils rows --nl`",
    ),
    (
        "list.postgres.json.1000000",
        "the same on PostgreSQL, by the clock",
        "`COPY` of the same rows as the server makes JSON of them, by psql",
    ),
    ("list.postgres.bare.1000000", "the same", "`COPY` of the bare columns, by psql"),
    (
        "export.1000000",
        "`client export --format ndjson`, 1,000,000 clients, in time of the processor",
        "`client list --all -o ndjson`",
    ),
    (
        "sales.refresh.sqlite.1000000",
        "`sales refresh --full`, 1,000,000 invoices",
        "the bare `INSERT … SELECT … GROUP BY`",
    ),
    ("sales.refresh.sqlite.10000000", "the same, 10,000,000 invoices", "the same"),
    ("sales.refresh.postgres.1000000", "the same on PostgreSQL, 1,000,000 invoices", "the same"),
    ("sales.refresh.postgres.10000000", "the same on PostgreSQL, 10,000,000 invoices", "the same"),
    ("sales.incremental.sqlite.1000000", "`sales refresh` after 100 new ones", "the full refresh"),
    (
        "sales.import.1000000",
        "`sales import` of 1,000,000 invoices",
        "`sqlite-utils insert` of the same file",
    ),
    ("merge", "`client merge` of 100,000 documents", "the same statements by hand"),
    (
        "sync.push.10000_contacts.100_ms",
        "`sync push` of 10,000 contacts",
        "the time the other side takes to answer",
    ),
)


def speed() -> str:
    """The figures of the last ``make bench``, those that there are."""
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text("utf-8"))
    rows = ["| work | compared with | times as long |", "|---|---|---|"]
    for name, work, other in SPEED:
        if name in results:
            rows.append(f"| {work} | {other} | {results[name]['ratio']:.2f} |")
    return "\n".join(rows) + "\n"


def block(text: str) -> str:
    """``text`` as it stands, in Markdown."""
    lines = "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
    return f"```text\n{lines}\n```\n"


def source(name: str) -> str:
    """A file of the repository, as it is tested."""
    text = (ROOT / name).read_text("utf-8").strip()
    return f"```python\n{text}\n```\n"
