"""Lists longer than memory: sorted on disk, and without a read for every row."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from interop_cli.domain.errors import InteropError
from interop_cli.domain.fields.field import ValueKind
from interop_cli.store.engines.open import open_database
from interop_cli.store.reading import documents, lists
from interop_cli.store.reading.clients import ListQuery, client_rows
from interop_cli.store.sync.departures import gone_contacts

MEGABYTES = 80
SORTED = f"""
import re, sys
from pathlib import Path
from interop_cli.store.engines.open import open_database

STATUS = Path("/proc/self/status")
conn = open_database(sys.argv[1])
size = lambda: int(re.search(r"VmHWM:\\s*(\\d+)", STATUS.read_text())[1]) // 1024
before, count = size(), 0
sql = (
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MEGABYTES * 1000})"
    " SELECT hex(randomblob(500)) AS x FROM n ORDER BY x"
)
for batch in conn.batches(sql, {{}}):
    count += len(batch)
print(count, size() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="how much memory was held is read in /proc")
def test_a_sort_goes_to_disk_before_it_fills_the_memory(sqlite_ready_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SORTED, sqlite_ready_url], capture_output=True, text=True, check=True
    )
    count, grown = map(int, done.stdout.split())
    assert count == MEGABYTES * 1000
    assert grown < MEGABYTES // 2


@pytest.mark.parametrize("sort", ["code", "-code", "name", "-name", "city", "id"])
@pytest.mark.parametrize("limit", [None, 50])
def test_only_a_few_are_read_in_the_order_of_an_index(
    sqlite_ready_url: str, sort: str, limit: int | None
) -> None:
    conn = open_database(sqlite_ready_url)
    asked: list[str] = []
    conn.raw.set_trace_callback(asked.append)  # type: ignore[attr-defined]
    list(client_rows(conn, ListQuery("all", sort=sort, limit=limit), ["code", "name", "email"]))
    conn.raw.set_trace_callback(None)  # type: ignore[attr-defined]
    (sql,) = asked
    plan = [row["detail"] for row in conn.query(f"EXPLAIN QUERY PLAN {sql}")]
    scan = "SCAN c"
    if limit and sort.lstrip("-") in ("code", "name"):
        scan += f" USING INDEX client_{sort.lstrip('-')}_key"
    assert scan in plan
    conn.close()


def test_what_few_clients_are_is_not_looked_for_in_the_order_of_an_index(
    sqlite_ready_url: str,
) -> None:
    conn = open_database(sqlite_ready_url)
    asked: list[str] = []
    conn.raw.set_trace_callback(asked.append)  # type: ignore[attr-defined]
    nowhere = ListQuery("all", filters=lists.Condition("a.city_key = 'x'", {}), limit=50)
    list(client_rows(conn, nowhere, ["code"]))
    conn.raw.set_trace_callback(None)  # type: ignore[attr-defined]
    plan = [row["detail"] for row in conn.query(f"EXPLAIN QUERY PLAN {asked[-1]}")]
    assert len(asked) == 2, "after the first few hundred, all of them are read"
    assert not any("client_code_key" in step for step in plan), plan
    conn.close()


def test_the_latest_documents_are_read_in_the_order_of_an_index(sqlite_ready_url: str) -> None:
    conn = open_database(sqlite_ready_url)
    asked: list[str] = []
    conn.raw.set_trace_callback(asked.append)  # type: ignore[attr-defined]
    list(lists.rows(conn, documents.VIEW, lists.RowQuery(limit=50), ["number", "client"]))
    lists.count(conn, documents.VIEW, lists.EVERYTHING)
    conn.raw.set_trace_callback(None)  # type: ignore[attr-defined]
    listed, counted = (
        [row["detail"] for row in conn.query(f"EXPLAIN QUERY PLAN {sql}")] for sql in asked
    )
    assert listed[0] == "SCAN d USING INDEX document_date"
    assert not any("ORDER BY" in step for step in listed)
    assert len(counted) == 1, "the clients of all documents are looked up to count these"
    conn.close()


@pytest.mark.parametrize("ids", [None, (1, 2)])
def test_contacts_that_leave_are_not_looked_for_among_all_links(
    sqlite_ready_url: str, ids: tuple[int, ...] | None
) -> None:
    conn = open_database(sqlite_ready_url)
    asked: list[str] = []
    conn.raw.set_trace_callback(asked.append)  # type: ignore[attr-defined]
    assert not list(gone_contacts(conn, 1, ids=ids))
    conn.raw.set_trace_callback(None)  # type: ignore[attr-defined]
    plan = [row["detail"] for row in conn.query(f"EXPLAIN QUERY PLAN {asked[0]}")]
    assert any("sync_link_leaving" in step or "local_id=?" in step for step in plan), plan
    conn.close()


def test_a_list_is_read_on_while_other_things_are_asked(ready_url: str) -> None:
    conn = open_database(ready_url)
    sql = (
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
        " SELECT i FROM n"
    )
    for last in (0, 1, 3, 4, 10):
        found = []
        for batch in conn.batches(sql, {"last": last}, 3):
            found.append(batch)
            assert conn.query("SELECT 5 AS five") == [{"five": 5}]
        wanted = [(number,) for number in range(1, max(last, 1) + 1)]
        assert found == [wanted[at : at + 3] for at in range(0, len(wanted), 3)]
        begun = conn.batches(sql, {"last": last}, 3)
        next(begun)
        begun.close()  # type: ignore[attr-defined]
    conn.close()


def test_objects_come_in_blocks_of_whole_lines(ready_url: str) -> None:
    conn = open_database(ready_url)
    tail = (
        " FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
        " SELECT i FROM n) AS n WHERE i > :first ORDER BY i"
    )
    members = [("i", "i", ValueKind.INT), ("of", ":of", ValueKind.TEXT)]
    bound = {"first": 3, "last": 20_000, "of": "100 %, '\\' :x"}
    text = b""
    for block in conn.objects(members, tail, bound):
        assert block.endswith(b"\n")
        assert len(block) < 1_000_000
        text += block
    found = [json.loads(line) for line in text.splitlines()]
    assert found == [{"i": number, "of": bound["of"]} for number in range(4, 20_001)]
    begun = conn.objects(members, tail, bound)
    next(begun)
    begun.close()
    assert conn.query("SELECT 5 AS five") == [{"five": 5}]
    assert b"".join(conn.objects(members, tail, {**bound, "last": 4})).count(b"\n") == 1
    conn.close()


def test_a_server_that_fails_amid_a_list_is_heard(postgres_ready_url: str) -> None:
    conn = open_database(postgres_ready_url)
    members = [("i", "i / (40000 - i)", ValueKind.INT)]
    with pytest.raises(InteropError) as failed:
        list(conn.objects(members, " FROM generate_series(1, 50000) AS n (i)", {}))
    assert failed.value.code == "db.error"
    assert conn.query("SELECT 5 AS five") == [{"five": 5}]
    conn.close()


def test_text_of_a_file_that_is_no_text_is_damage(sqlite_ready_url: str) -> None:
    conn = open_database(sqlite_ready_url)
    with pytest.raises(InteropError) as refused:
        list(conn.objects([("x", "CAST(x'e9' AS TEXT)", ValueKind.TEXT)], "", {}))
    assert refused.value.code == "db.corrupt"
    conn.close()
