"""The answer to a COMMIT that is lost: what became of it is found out, or said to be unknown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.cli import Result, Run
from tests.support.outside import content, error_of
from tests.support.postgres import pg_ctl, server_apart
from tests.support.proxy import Proxy, through

CREATE = (
    *("client", "create", "Nouvelle inc.", "--code", "NEW1", "--line1", "1, rue A"),
    *("--city", "Québec", "--postal-code", "G1K 4A1"),
)


@pytest.fixture
def proxy(postgres_shop: str) -> Iterator[Proxy]:
    with through(postgres_shop) as proxy:
        yield proxy


def codes(url: str) -> list[str]:
    """The clients' codes, looked at without the program."""
    import psycopg

    with psycopg.connect(url) as conn:
        return [code for (code,) in conn.execute("SELECT code FROM client ORDER BY code")]


def test_executed_and_then_cut_is_success(proxy: Proxy, postgres_shop: str, run: Run) -> None:
    proxy.cut = "after"
    result = run("--db", proxy.url(), *CREATE, "--json")
    assert (result.code, result.stderr, proxy.cuts) == (0, "", 1)
    assert (result.json["changed"], result.json["items"][0]["code"]) == (1, "NEW1")
    assert codes(postgres_shop).count("NEW1") == 1
    assert run("--db", postgres_shop, "journal", "verify", "--json").json == []


def test_still_at_it_is_waited_for(proxy: Proxy, postgres_shop: str, run: Run) -> None:
    """The server goes on with a COMMIT whose session has lost its client."""
    import psycopg

    with psycopg.connect(postgres_shop) as conn:
        conn.execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$"
        )
        conn.execute(
            "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON operation"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()"
        )
    proxy.cut = "during"
    result = run("--db", proxy.url(), *CREATE, "--json")
    assert (result.code, result.stderr, proxy.cuts) == (0, "", 1)
    assert codes(postgres_shop).count("NEW1") == 1


def test_cut_before_the_server_had_it_is_done_again(
    proxy: Proxy, postgres_shop: str, run: Run
) -> None:
    before = content(postgres_shop)
    proxy.cut = "before"
    result = run("--db", proxy.url(), *CREATE, "--json")
    assert (result.code, result.stderr, proxy.cuts) == (0, "", 1)
    assert (result.json["changed"], result.json["items"][0]["code"]) == (1, "NEW1")
    assert codes(postgres_shop).count("NEW1") == 1
    assert len(content(postgres_shop)["operation"]) == len(before["operation"]) + 1


def test_a_session_that_is_ended_in_the_middle_is_done_again(postgres_shop: str, run: Run) -> None:
    import psycopg

    with psycopg.connect(postgres_shop) as conn:  # the first one is ended by its server
        conn.execute(
            "CREATE SEQUENCE calls; CREATE FUNCTION ends() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN IF nextval('calls') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid());"
            " END IF; RETURN NULL; END $$;"
            " CREATE TRIGGER ends AFTER INSERT ON operation FOR EACH ROW EXECUTE FUNCTION ends()"
        )
    result = run("--db", postgres_shop, *CREATE, "--json")
    assert (result.code, result.json["changed"]) == (0, 1), result.stderr
    assert codes(postgres_shop).count("NEW1") == 1


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_server_that_stays_away_leaves_it_unknown(
    cut: str, proxy: Proxy, postgres_shop: str, run: Run
) -> None:
    told: dict[str, Result] = {}
    for form in ("json", "text"):
        proxy.cut, proxy.afterwards = cut, proxy.gone.set
        words = [word.replace("NEW1", f"NEW-{form.upper()}") for word in CREATE]
        told[form] = run(
            *("--db", proxy.url(), *words, "--lock-timeout", "1", "--error-format", form)
        )
        assert (told[form].code, told[form].stdout) == (74, "")
        proxy.gone.clear()
    error = error_of(told["json"].stderr)["error"]
    assert error["code"] == "io.commit_unknown"
    assert (error["applied"], error["retryable"]) == (None, False)
    # Those who read words are told the same.
    assert told["text"].stderr == f"Error: {error['message']}\nHint: {error['hint']}\n"
    assert "not known" in error["hint"]
    there = {"NEW-JSON", "NEW-TEXT"} & set(codes(postgres_shop))
    assert there == ({"NEW-JSON", "NEW-TEXT"} if cut == "after" else set())


def test_what_is_in_no_journal_is_looked_up_too(proxy: Proxy, postgres_shop: str, run: Run) -> None:
    """Totals are derived, and so no operation; and a new database has no journal yet."""
    rows = json.dumps(
        {"kind": "invoice", "number": "F-1", "client": "ACME", "date": "2026-01-05"}
        | {"status": "posted", "currency": "CAD", "subtotal_cents": 1000, "total_cents": 1000}
    )
    found = run("--db", postgres_shop, "sales", "import", "-", "--format", "ndjson", stdin=rows)
    assert found.code == 0, found.stderr
    proxy.cut = "after"
    assert run("--db", proxy.url(), "sales", "refresh", "-q")[:3] == (0, "", "")
    assert proxy.cuts == 1
    totals: list[Any] = content(postgres_shop)["sales_total"]
    assert len(totals) > 0


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_server_that_was_restarted_meanwhile(cut: str, run: Run) -> None:
    """Transactions are numbered anew after a crash: the journal tells what became of it."""
    with server_apart() as data:
        url = f"postgresql://postgres@/postgres?host={data}"
        assert run("--db", url, "db", "init", "-q").code == 0

        def crash() -> None:
            pg_ctl(data, "stop", "-m", "immediate")
            pg_ctl(data, "start", "-o", f'-h "" -k {data}', "-l", str(data / "log"))

        with through(url) as proxy:
            proxy.cut, proxy.afterwards = cut, crash
            result = run("--db", proxy.url(), *CREATE, "--json")
        # Found in the journal, or done again.
        assert (result.code, result.json["changed"]) == (0, 1)
        assert codes(url) == ["NEW1"]


def test_a_new_database(postgres_url: str, run: Run) -> None:
    with through(postgres_url) as proxy:
        proxy.cut, proxy.afterwards = "after", proxy.gone.set
        result = run("--db", proxy.url(), "db", "init", "--json", "--lock-timeout", "1")
        assert (result.code, error_of(result.stderr)["error"]["applied"]) == (74, None)
        proxy.gone.clear()
        assert run("--db", proxy.url(), "client", "list", "--json").json == []
    with through(postgres_url) as proxy:
        assert run("--db", proxy.url(), "db", "init").code == 5
