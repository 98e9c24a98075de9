"""``db distribute`` and what the doctor says of it, on a server that only says what Citus would.

What stands in for it here refuses what the real one is known to refuse of keys and references; what
it does with rows is for ``INTEROP_TEST_CITUS``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

import psycopg
import pytest

from interop_cli.domain.errors import ConfigError, InteropError, RemoteFailure, UnusableDb
from interop_cli.store.engines import postgres
from interop_cli.store.engines.distribute import BY_CLIENT, EVERYWHERE
from interop_cli.store.engines.open import open_database
from interop_cli.store.engines.postgres import PostgresConnection, connect
from interop_cli.store.migrations import MIGRATIONS, make
from interop_cli.store.reading.clients import FIELDS, SOURCE
from interop_cli.store.reading.filters import compile_filters, left_out
from tests.support.cli import Run
from tests.support.distributed import OURS, refusals

STUB = """
CREATE SCHEMA stub;
CREATE TABLE stub.pg_dist_partition
  (logicalrelid regclass, partmethod text, partkey text, repmodel text, beside text);
CREATE TABLE stub.pg_dist_node (groupid int, isactive bool, shouldhaveshards bool);
INSERT INTO stub.pg_dist_node VALUES (1, true, true), (2, true, true);
CREATE FUNCTION stub.column_to_column_name(regclass, text) RETURNS text LANGUAGE sql
  AS 'SELECT $2';
CREATE FUNCTION stub.refuse(that text) RETURNS void LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION '%', that USING ERRCODE = '0A000'; END $$;
CREATE FUNCTION stub.create_reference_table(t regclass) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT 1 FROM pg_constraint k WHERE k.contype = 'f' AND t IN (k.conrelid, k.confrelid))
  THEN PERFORM stub.refuse('foreign key'); END IF;
  INSERT INTO stub.pg_dist_partition VALUES (t, 'n', NULL, 't', NULL);
END $$;
CREATE FUNCTION stub.create_distributed_table(t regclass, by_column text, colocate_with text)
  RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT 1 FROM pg_constraint k WHERE k.contype = 'f' AND t IN (k.conrelid, k.confrelid))
  THEN PERFORM stub.refuse('foreign key'); END IF;
  IF EXISTS (SELECT 1 FROM pg_index x WHERE x.indrelid = t AND x.indisunique AND NOT EXISTS
    (SELECT 1 FROM pg_attribute a WHERE a.attrelid = t AND a.attnum = ANY(x.indkey)
      AND a.attname = by_column)) THEN PERFORM stub.refuse('unique key'); END IF;
  INSERT INTO stub.pg_dist_partition VALUES (t, 'h', by_column, 's', colocate_with);
END $$;
"""
REFERENCES = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2"


@pytest.fixture
def url(postgres_ready_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with our schema on a cluster of two nodes without its coordinator."""
    with psycopg.connect(postgres_ready_url, autocommit=True) as conn:
        conn.execute(STUB)
    url = f"{postgres_ready_url}&options=-csearch_path%3Dpublic,stub"
    monkeypatch.setenv("INTEROP_DB", url)
    return url


def asked(url: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as conn:
        return conn.execute(sql.encode()).fetchall()


def doctor(invoke: Run) -> dict[str, str]:
    rows = invoke("db", "doctor", "--json").json
    return {row["code"]: row["severity"] for row in rows if row["code"].startswith("db.")}


def test_the_tables_are_laid_out_once(url: str, invoke: Run) -> None:
    error = invoke("db", "distribute", "--json").error
    assert error["code"] == "db.coordinator"
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("INSERT INTO pg_dist_node VALUES (0, true, false)")
    before = asked(url, REFERENCES)
    assert doctor(invoke) == {"db.layout": "warning"}
    tried = invoke("db", "distribute", "--dry-run", "--json").json
    assert asked(url, "SELECT 1 FROM pg_dist_partition") == []
    done = invoke("db", "distribute", "--json").json
    assert {**tried, "dry_run": False} == done
    assert set(done["laid_out"]) == {*EVERYWHERE, *BY_CLIENT, "taken"}
    assert {"operation", "change", "sync_link"} <= set(done["local"])
    laid = asked(url, "SELECT CAST(logicalrelid AS TEXT), partkey FROM pg_dist_partition")
    assert dict(laid) == {
        **dict.fromkeys(EVERYWHERE),
        **dict.fromkeys(BY_CLIENT, "client_id"),
        "taken": "name",
    }
    beside = asked(url, "SELECT DISTINCT beside FROM pg_dist_partition WHERE partmethod = 'h'")
    assert sorted(beside) == [("document",), ("none",)]
    assert asked(url, REFERENCES) == before
    assert doctor(invoke) == {"db.distributed": "info"}
    assert invoke("db", "distribute", "--json").json["laid_out"] == []


def test_a_table_that_is_spread_otherwise_is_not_touched(url: str, invoke: Run) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("INSERT INTO pg_dist_node VALUES (0, true, false)")
        conn.execute("INSERT INTO pg_dist_partition VALUES ('document', 'h', 'id', 's', 'none')")
    result = invoke("db", "distribute", "--json")
    assert (result.code, result.error["code"]) == (78, "db.layout")
    assert "document" in result.error["message"]
    assert len(asked(url, "SELECT 1 FROM pg_dist_partition")) == 1


def test_elsewhere_there_is_nothing_to_distribute_over(
    ready_url: str, invoke: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTEROP_DB", ready_url)
    result = invoke("db", "distribute", "--json")
    assert (result.code, result.error["code"]) == (78, "db.not_distributed")
    assert doctor(invoke) == {}


@pytest.mark.parametrize(
    ("state", "kind", "code"),
    [
        *((state, ConfigError, "db.unsupported") for state in ("0A000", "42P01", "42883")),
        *((state, RemoteFailure, "db.server") for state in ("XX000", "53200", "55000", "58030")),
        ("XX001", UnusableDb, "db.corrupt"),
    ],
)
def test_what_the_engine_refuses_is_no_bug(
    state: str, kind: type[InteropError], code: str, postgres_ready_url: str
) -> None:
    conn = connect(postgres_ready_url)
    conn.execute(
        "CREATE FUNCTION no() RETURNS bigint LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"
    )
    with pytest.raises(kind) as caught:
        conn.query("SELECT no()")
    assert caught.value.code == code
    assert kind is UnusableDb or "interop db doctor" in str(caught.value.hint)
    conn.close()


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE picked SET status = 'x' WHERE id IN (SELECT id FROM client)", "by client"),
        ("UPDATE client SET active = 0 WHERE id IN (SELECT id FROM picked)", "by picked"),
        ("UPDATE document SET client_id = 2 WHERE id = 1", "moves"),
        ("DELETE FROM blob WHERE NOT EXISTS (SELECT 1 FROM attachment)", "everywhere"),
        ("SELECT 1 FROM document d JOIN document_line l ON l.document_id = d.id", "joins"),
        ("SELECT 1 FROM document d LEFT JOIN document k ON k.id = d.corrects_id", "joins"),
        (
            "SELECT 1 FROM sync_link WHERE EXISTS (SELECT 1 FROM document x WHERE x.id = local_id)",
            "asks",
        ),
        (
            "SELECT 1 FROM client c WHERE (SELECT COUNT(*) FROM document d"
            " WHERE d.client_id = c.id) > 3",
            "asks",
        ),
        ("SELECT id FROM note WHERE id = :id ORDER BY id FOR NO KEY UPDATE", "locks"),
        ("SELECT COUNT(*) FROM (SELECT id FROM document WHERE id = 1 FOR UPDATE) x", "locks"),
    ],
)
def test_a_known_refusal_is_known(sql: str, why: str) -> None:
    columns = {"sync_link": frozenset({"local_id"}), "document": frozenset({"id"})}
    assert [found for found in refusals(sql, frozenset({"picked"}), columns) if why in found]


TOUR = (
    "db seed --profile shop --clients 12 --years 2 --seed 7",
    "client list --filter documents>3 --filter last_invoice>2020-01-01",
    "client list --filter sales.2026<100",
    "client deactivate {0} --dry-run",
    "client edit {0} {1} --terms net30 --yes",
    "client show {0}",
    "client merge {1} {2} --confirm {1}",
    "journal undo last --yes",
    "client delete {2} --confirm {2} --dry-run --or-deactivate",
    "note list {0} --filter attachments=0",
    "note create {0} --text x",
    "journal undo last --yes",
    "note edit 1 --text y",
    "note delete 1 --yes",
    "sales document void #1 --yes",
    "sales refresh --full",
    "sales refresh {0}",
    "sales verify",
    "sales totals {0}",
    "sales document list --filter mailed!=sent",
    "sales document show #1",
    "db check",
    "client export -o ndjson",
    "sync add books qbo --set realm_id=1",
    "sync plan --offline --skipped",
    "sync plan {0} --offline",
    "sync push --dry-run",
    "sync status",
    "sync log {0}",
    "client show {0}",
    "client list --filter sync.books!=in_sync",
)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM note WHERE client_id = :client AND id > 3 FOR UPDATE",
        "SELECT id FROM client WHERE id = (SELECT client_id FROM note WHERE id = 3) FOR UPDATE",
        "UPDATE document SET version = version WHERE id = ANY(:held)",
    ],
)
def test_what_is_taken_is_not_refused_here(sql: str) -> None:
    assert list(refusals(sql, frozenset({"picked"}), {})) == []


def columns_of(url: str) -> dict[str, frozenset[str]]:
    """The columns of the tables of a database."""
    conn = connect(url)
    rows = conn.query(
        "SELECT table_name AS t, string_agg(column_name, ' ') AS names"
        " FROM information_schema.columns WHERE table_schema = current_schema() GROUP BY 1"
    )
    conn.close()
    return {row["t"]: frozenset(row["names"].split()) for row in rows}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, None]:
    """The statements that a server is told from now on, as one of a cluster."""
    told: dict[str, None] = {}
    plain = postgres.to_pyformat
    monkeypatch.setattr(postgres, "to_pyformat", lambda sql: told.setdefault(sql) or plain(sql))
    monkeypatch.setattr(PostgresConnection, "distributed", True)
    return told


def refused(told: Iterable[str], url: str) -> list[tuple[str, str]]:
    """Those of these statements that a cluster would refuse, and why."""
    made = re.compile(r"CREATE TEMP TABLE (\w+)")
    columns = columns_of(url)
    apart = {found[1] for sql in told if (found := made.match(sql))} | (columns.keys() - OURS)
    return sorted({(why, sql) for sql in told for why in refusals(sql, frozenset(apart), columns)})


def test_no_statement_is_one_that_is_refused(
    postgres_ready_url: str, invoke: Run, told: dict[str, None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTEROP_DB", postgres_ready_url)
    codes: list[str] = []
    for command in TOUR:
        result = invoke(*command.format(*codes or "abc").split())
        assert result.code == 0, (command, result)
        if not codes:
            listed = invoke("client", "list", "-o", "codes", "--filter", "documents>0")
            codes = listed.stdout.split()
    for name in ("picked", "undoing", "due"):
        assert any(sql.startswith(f"CREATE TEMP TABLE {name} ") for sql in told)
    assert refused(told, postgres_ready_url) == []


def test_no_step_of_the_schema_is_one_that_is_refused(
    postgres_url: str, told: dict[str, None]
) -> None:
    first = next(at for at, one in enumerate(MIGRATIONS) if one.name == "0016_by_client")
    conn = connect(postgres_url)
    with conn.write(alone=True):
        make(conn, [one.name for one in MIGRATIONS[: first + 1]])
    told.clear()
    with conn.write(alone=True):
        make(conn, [one.name for one in MIGRATIONS[first + 1 :]])
    conn.close()
    assert any("client_search" in sql for sql in told)
    assert refused(told, postgres_url) == []


def test_what_is_computed_per_client_is_the_same_another_way(
    ready_url: str, invoke: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTEROP_DB", ready_url)
    invoke("db", "seed", "--profile", "shop", "--clients", "9", "--years", "2", "--seed", "7", "-q")
    invoke("client", "create", "--code", "NEW", *"--name N --line1 1 --city Q".split(), "-q")
    invoke("sales", "refresh", "-q")
    conn = open_database(ready_url, lock_timeout=30)
    for expression in (
        *("documents > 3", "documents = 0", "documents < 40", "not documents > 3"),
        *("last_invoice = null", "last_invoice > 2026-01-01", "last_invoice != 2026-01-01"),
        *("sales.2026 > 0", "sales.2026 = 0", "sales.2026 <= 50000"),
    ):
        ways = []
        for distributed in (False, True):
            found = compile_filters(
                [expression], FIELDS, date(2026, 11, 24), conn.folded, distributed=distributed
            )
            rows = conn.query(
                f"SELECT c.id{SOURCE} WHERE {found.sql} ORDER BY c.id", **found.params
            )
            ways.append(([row["id"] for row in rows], left_out(conn, SOURCE, found)))
        assert ways[0] == ways[1], expression
    conn.close()
