"""``db check --metrics`` and what ``db doctor`` says of a server, locks and staleness."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from interop_cli.store.engines.health import doctor
from interop_cli.store.engines.metrics import HELP
from interop_cli.store.store import Store
from tests.support.cli import Run
from tests.support.stores import open_store

LINE = re.compile(r'([a-z_]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*\})? (-?[0-9]+)')
DOCUMENT = "--kind invoice --number F1 --date 2026-02-01 --subtotal 100".split()
PLACE = ("--line1", "1, rue A", "--city", "Québec", "--postal-code", "G1K 4A1")


def read(text: str) -> dict[str, int]:
    """The samples of an exposition, every line of which has its form."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.fullmatch(r"# (HELP [a-z_]+ .+|TYPE [a-z_]+ gauge)", line)
            continue
        match = LINE.fullmatch(line)
        assert match, line
        assert match[1] in HELP
        found[match[1] + (match[2] or "")] = int(match[3])
    return found


def test_metrics_of_a_database(ready_url: str, engine: str, invoke: Run, tmp_path: Path) -> None:
    def metrics(*more: str) -> dict[str, int]:
        result = invoke("--db", ready_url, "db", "check", "--metrics", *more)
        assert (result.code, result.stderr) == (0, "")
        return read(result.stdout)

    assert invoke("--db", ready_url, "client", "create", "A", "--code", "A", *PLACE, "-q").code == 0
    found = metrics()
    assert found["interop_journal_operations"] == 1
    assert found["interop_journal_broken"] == found["interop_schema_pending_steps"] == 0
    assert found["interop_totals_refreshed_timestamp_seconds"] == 0
    assert found["interop_totals_stale"] == 0
    locks = {"interop_lock_waiting_sessions": 0, "interop_lock_holding_seconds": 0}
    if engine == "postgres":
        assert found.items() >= {**locks, "interop_tls": 1}.items()
    else:
        assert found["interop_backup_timestamp_seconds"] == 0
        assert invoke("--db", ready_url, "db", "backup", str(tmp_path / "b.db"), "-q").code == 0
        assert metrics()["interop_backup_timestamp_seconds"] > 1_700_000_000
    assert invoke("--db", ready_url, "sales", "document", "add", "A", *DOCUMENT, "-q").code == 0
    assert metrics()["interop_totals_stale"] > 0
    assert "sales.stale" in invoke("--db", ready_url, "db", "doctor", "--json").stdout
    assert invoke("--db", ready_url, "sales", "refresh", "-q").code == 0
    out = tmp_path / "interop.prom"
    assert metrics("--out", str(out)) == {}
    found = read(out.read_text())
    assert found["interop_totals_stale"] == 0
    assert found["interop_totals_refreshed_timestamp_seconds"] > 1_700_000_000


def test_operations_that_wait_for_their_seal_are_counted(
    ready_url: str, engine: str, invoke: Run
) -> None:
    store = open_store(ready_url)
    with store.conn.write():
        store.conn.execute(
            "INSERT INTO operation (id, name, at, actor, command, changes, digest)"
            " VALUES (9, 'x', 'x', 'x', 'x', 0, 'x')"
        )
        store.conn.execute("INSERT INTO unsealed (operation_id) VALUES (9)")
    store.close()
    found = read(invoke("--db", ready_url, "db", "check", "--metrics").stdout)
    assert found["interop_journal_unsealed"] == 1
    assert "journal.unsealed" in invoke("--db", ready_url, "db", "doctor", "--json").stdout


def test_metrics_of_a_broken_journal(ready_url: str, engine: str, invoke: Run) -> None:
    invoke("--db", ready_url, "client", "create", "A", "--code", "A", *PLACE, "-q")
    store = open_store(ready_url)
    trigger = "operation_append_only" if engine == "postgres" else "operation_no_update"
    on = " ON operation" if engine == "postgres" else ""
    with store.conn.write():
        store.conn.execute(f"DROP TRIGGER {trigger}{on}")
        store.conn.execute("UPDATE operation SET actor = 'nobody'")
    store.close()
    found = read(invoke("--db", ready_url, "db", "check", "--metrics").stdout)
    assert found["interop_journal_broken"] == 1
    assert found['interop_findings{code="journal",severity="error"}'] == 1


@pytest.fixture
def server(postgres_ready_url: str) -> Store:
    return open_store(postgres_ready_url)


def test_who_keeps_others_waiting_is_named(server: Store, postgres_ready_url: str) -> None:
    import psycopg

    url = f"{postgres_ready_url}&application_name=sleepy"
    with psycopg.connect(url) as holder, psycopg.connect(postgres_ready_url) as waiter:
        holder.execute("LOCK TABLE client IN ACCESS EXCLUSIVE MODE")
        thread = threading.Thread(target=waiter.execute, args=["SELECT 1 FROM client"])
        thread.start()
        try:
            while True:
                codes = {
                    row["code"]: row
                    for row in doctor(server.conn, postgres_ready_url, server.now())
                }
                if "lock.held" in codes:
                    break
        finally:
            holder.rollback()
            thread.join()
    assert "sleepy" in str(codes["lock.held"]["what"])
    server.close()
