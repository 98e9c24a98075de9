"""How a database stands, as numbers for a monitoring agent: the text exposition of Prometheus.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.migrations import applied, missing
from interop_cli.store.totals import stale_count
from interop_cli.store.writing.journal import unsealed

HELP = {
    "interop_info": "Always 1; what is looked at.",
    "interop_findings": "What db check and db doctor found, by code and severity.",
    "interop_schema_pending_steps": "Steps of the schema that are still to apply.",
    "interop_moved": "1 where the database was moved and can only be read.",
    "interop_journal_operations": "Operations in the journal.",
    "interop_journal_unsealed": "Operations that wait for their place in the journal's chain.",
    "interop_journal_broken": "Operations that are not as they were written.",
    "interop_backup_timestamp_seconds": "When the newest backup beside the file was made; 0: none.",
    "interop_wal_archived_timestamp_seconds": "When the server last archived its log; 0: never.",
    "interop_tls": "1 where this connection is encrypted, or stays on the machine.",
    "interop_lock_waiting_sessions": "Sessions that wait for a lock.",
    "interop_lock_holding_seconds": "How long the oldest transaction goes on that others wait for.",
    "interop_totals_stale": "Sales totals to be computed anew.",
    "interop_totals_refreshed_timestamp_seconds": "When totals were last computed; 0: never.",
    "interop_sync_pulled_timestamp_seconds": "When a target was last pulled; 0: never.",
    "interop_sync_pushed_timestamp_seconds": "When a record last went to a target; 0: never.",
    "interop_sync_links": "Records of a target by state.",
}


class Sample(NamedTuple):
    """One number, with what tells it from others of its name."""

    name: str
    value: float
    labels: Mapping[str, str] = {}


def exposition(samples: Sequence[Sample]) -> Iterator[str]:
    """The text, a metric after the other, in the order of ``HELP``."""
    for name, words in HELP.items():
        found = [sample for sample in samples if sample.name == name]
        if found:
            yield f"# HELP {name} {words}\n# TYPE {name} gauge\n"
        for sample in found:
            labels = ",".join(f'{key}="{_escaped(v)}"' for key, v in sample.labels.items())
            braces = f"{{{labels}}}" if labels else ""
            yield f"{name}{braces} {sample.value:.0f}\n"


def samples(conn: Connection, findings: Sequence[Row], version: str) -> Iterator[Sample]:
    """The numbers of a database; ``findings`` are those of ``soundness`` and ``health``.

    Of an older schema what can be said without reading its tables.
    """
    steps = applied(conn)
    yield Sample(
        "interop_info",
        1,
        {"engine": conn.engine, "schema": steps[-1] if steps else "", "version": version},
    )
    counts = Counter((finding["code"], finding["severity"]) for finding in findings)
    for (code, severity), count in sorted(counts.items()):
        yield Sample("interop_findings", count, {"code": code, "severity": severity})
    pending = missing(conn)
    yield Sample("interop_schema_pending_steps", len(pending))
    if pending:
        return
    yield Sample("interop_moved", sum(finding["code"] == "db.moved" for finding in findings))
    yield Sample("interop_journal_operations", _number(conn, "SELECT COUNT(*) FROM operation"))
    yield Sample("interop_journal_unsealed", unsealed(conn))
    broken = sum(finding["code"] == "journal" for finding in findings)
    yield Sample("interop_journal_broken", broken)
    yield from _of_server(conn) if conn.engine == "postgres" else _of_file(conn)
    yield Sample("interop_totals_stale", stale_count(conn))
    (last,) = conn.query("SELECT MAX(at) AS at FROM sales_run")
    yield Sample("interop_totals_refreshed_timestamp_seconds", moment(last["at"]))
    yield from _of_sync(conn)


def moment(text: str | None) -> float:
    """A time of ours in seconds since 1970; 0 for none."""
    return datetime.fromisoformat(text).timestamp() if text else 0


def tls(conn: Connection) -> bool:
    """Whether what goes over a network is encrypted; also where nothing does."""
    sql = (
        "SELECT inet_client_addr() IS NULL OR inet_client_addr() = inet_server_addr()"
        " OR COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS yes"
    )
    return bool(conn.query(sql)[0]["yes"])


# Not out of pg_stat_activity, which shows what others wait for to few.
WAITING = (
    "(SELECT DISTINCT l.pid FROM pg_locks l JOIN pg_stat_activity s USING (pid)"
    " WHERE NOT l.granted AND s.datname = current_database())"
)


def blockers(conn: Connection) -> list[Row]:
    """The sessions that others wait for: login, program, seconds, and how many wait.

    The seconds of other logins are 0 where one may not know them (``pg_monitor`` may).
    """
    return conn.query(
        "SELECT a.usename AS login, a.application_name AS program, COUNT(*) AS waiting,"
        " COALESCE(CAST(EXTRACT(EPOCH FROM now() - MIN(a.xact_start)) AS BIGINT), 0) AS seconds"
        f" FROM {WAITING} AS w, unnest(pg_blocking_pids(w.pid)) AS b (pid), pg_stat_activity a"
        " WHERE a.pid = b.pid GROUP BY a.pid, a.usename, a.application_name ORDER BY seconds DESC"
    )


def holders(conn: Connection) -> list[Row]:
    """The other sessions that hold locks on our tables: login, program, seconds; oldest first."""
    return conn.query(
        "SELECT COALESCE(a.usename, a.backend_type) AS login, a.application_name AS program,"
        " COALESCE(CAST(EXTRACT(EPOCH FROM now() - a.xact_start) AS BIGINT), 0) AS seconds"
        " FROM pg_stat_activity a WHERE a.pid <> pg_backend_pid() AND EXISTS (SELECT 1"
        " FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE l.pid = a.pid AND l.granted"
        " AND l.database = a.datid AND a.datname = current_database()"
        " AND c.relnamespace = CAST(current_schema() AS regnamespace))"
        " ORDER BY seconds DESC"
    )


def archived(conn: Connection) -> float:
    """When the server last archived a piece of its log, in seconds since 1970; 0 for never."""
    sql = "SELECT EXTRACT(EPOCH FROM last_archived_time) AS at FROM pg_stat_archiver"
    return float(conn.query(sql)[0]["at"] or 0)


def _of_server(conn: Connection) -> Iterator[Sample]:
    yield Sample("interop_wal_archived_timestamp_seconds", archived(conn))
    yield Sample("interop_tls", tls(conn))
    held = blockers(conn)
    waiting = _number(conn, f"SELECT COUNT(*) FROM {WAITING} AS w")
    yield Sample("interop_lock_waiting_sessions", waiting)
    seconds = max((row["seconds"] for row in held), default=0)
    yield Sample("interop_lock_holding_seconds", seconds)


def _of_file(conn: Connection) -> Iterator[Sample]:
    from interop_cli.store.engines.copies import newest_backup

    yield Sample("interop_backup_timestamp_seconds", newest_backup(conn))


def _of_sync(conn: Connection) -> Iterator[Sample]:
    rows = conn.query(
        "SELECT s.name, s.pulled_at, (SELECT MAX(l.pushed_at) FROM sync_link l"
        " WHERE l.target_id = s.id) AS pushed_at FROM sync_target s ORDER BY s.name"
    )
    for row in rows:
        target = {"target": row["name"]}
        for what in ("pulled", "pushed"):
            yield Sample(
                f"interop_sync_{what}_timestamp_seconds", moment(row[f"{what}_at"]), target
            )
    rows = conn.query(
        "SELECT s.name, l.state, COUNT(*) AS n FROM sync_link l JOIN sync_target s"
        " ON s.id = l.target_id GROUP BY s.name, l.state ORDER BY s.name, l.state"
    )
    for row in rows:
        yield Sample("interop_sync_links", row["n"], {"target": row["name"], "state": row["state"]})


def _number(conn: Connection, sql: str) -> int:
    return int(next(iter(conn.query(sql)[0].values())))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
