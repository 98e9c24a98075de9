"""Whether a database is sound inside: ``db check``.

A finding is ``{"code", "severity", "what", "fix"}``; ``severity`` is ``error``, ``warning`` or
``info`` (nothing to mend, but good to know).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from interop_cli.domain.messages import Message, counted, msg
from interop_cli.store.engines import schema
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.migrations import missing
from interop_cli.store.writing import journal

RULES = (
    (
        "rule.corrects",
        "SELECT COUNT(*) AS n FROM document WHERE corrects_id IS NOT NULL"
        " AND corrects_id NOT IN (SELECT id FROM document)",
    ),
    (
        "rule.main_address",
        "SELECT COUNT(*) AS n FROM client WHERE NOT EXISTS (SELECT 1 FROM address"
        " WHERE address.client_id = client.id AND main = 1)",
    ),
    (
        "rule.search_index",
        "SELECT COUNT(*) AS n FROM client WHERE NOT EXISTS (SELECT 1 FROM client_search"
        " WHERE client_search.client_id = client.id)",
    ),
    (
        "rule.bill_to",
        "SELECT COUNT(*) AS n FROM client c JOIN client p ON p.id = c.bill_to_id"
        " WHERE p.bill_to_id IS NOT NULL",
    ),
)


def check(conn: Connection) -> list[Row]:
    """What is wrong inside: damaged pages, dangling references, broken rules, a broken journal."""
    findings = []
    if conn.engine == "sqlite":
        from interop_cli.store.engines.files import problems

        findings += [
            finding(
                row["code"],
                "error",
                msg("{what}", what=row["what"]),
                msg("Restore a backup: interop db restore FILE"),
            )
            for row in problems(conn)
        ]
        if findings:
            return findings  # what lies on damaged pages is not worth reading
    if steps := missing(conn):
        # The rules are those of the present schema; its tables may not be there yet.
        what = counted(
            "The schema is older: {count} step to apply",
            "The schema is older: {count} steps to apply",
            count=len(steps),
        )
        return [finding("schema.older", "warning", what, msg("interop db migrate"))]
    findings += _about_schema(conn)
    for code, sql in RULES:
        count = conn.query(sql)[0]["n"]
        if count:
            findings.append(finding(code, "error", _broken(count)))
    broken = sum(1 for _name in _changed_files(conn))
    if broken:
        findings.append(finding("rule.file", "error", _broken(broken)))
    for row in journal.broken_links(conn):
        what = msg("operation {id}: {reason}", id=row["operation_id"], reason=row["reason"])
        findings.append(finding("journal", "error", what, msg("See: interop journal verify")))
    return findings


def _about_schema(conn: Connection) -> Iterator[Row]:
    """Parts of other programs that act on ours, and parts of ours that are not there."""
    for kind, name in schema.strange(conn):
        yield finding(
            "schema.strange",
            "error" if kind == "trigger" else "warning",
            msg("interop did not make the {kind} {name}", kind=kind, name=name),
            msg("DROP {kind} {name}, unless you know it", kind=kind.upper(), name=name),
        )
    for kind, name in schema.lacking(conn):
        yield finding(
            "schema.lacking",
            "error",
            msg("the {kind} {name} is not there, or is another", kind=kind, name=name),
            msg("Restore a backup: interop db restore FILE"),
        )


def _changed_files(conn: Connection) -> Iterator[str]:
    """The files whose content is not what their name, its SHA-256, says."""
    for (name,) in (row for batch in conn.batches("SELECT sha256 FROM blob", {}) for row in batch):
        rows = conn.query("SELECT content FROM blob WHERE sha256 = :name", name=name)
        if hashlib.sha256(rows[0]["content"]).hexdigest() != name:
            yield name


def _broken(count: int) -> Message:
    return counted("{count} row breaks this rule", "{count} rows break this rule", count=count)


def finding(code: str, severity: str, what: Message, fix: Message | None = None) -> Row:
    """What is wrong, and what mends it."""
    return {"code": code, "severity": severity, "what": what, "fix": fix}
