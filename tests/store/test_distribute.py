"""``db distribute`` and what the doctor says of it, on a server that only says what Citus would.

What stands in for it here refuses what the real one is known to refuse of keys and references; what
it does with rows is for ``INTEROP_TEST_CITUS``.
"""

from __future__ import annotations

import psycopg
import pytest

from interop_cli.domain.errors import ConfigError
from interop_cli.store.engines.distribute import BY_CLIENT, EVERYWHERE
from interop_cli.store.engines.postgres import connect
from tests.support.cli import Run

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


@pytest.mark.parametrize("state", ["0A000", "42P01", "42883"])
def test_what_the_engine_refuses_is_no_bug(state: str, postgres_ready_url: str) -> None:
    conn = connect(postgres_ready_url)
    conn.execute(
        "CREATE FUNCTION no() RETURNS bigint LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"
    )
    with pytest.raises(ConfigError) as caught:
        conn.query("SELECT no()")
    assert caught.value.code == "db.unsupported"
    assert "interop db doctor" in str(caught.value.hint)
    conn.close()
