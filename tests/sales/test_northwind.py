"""Real orders as posted invoices: the totals that somebody else computed, to the cent."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.support.cli import Result, Run
from tests.support.engines import MadeOnce

YEARS = ("--through", "1998", "--years", "3")


@pytest.fixture
def northwind(invoke: Run, made_once: MadeOnce, shared_data: Path) -> str:
    """A database with the customers and orders of Northwind; its value for ``--db``."""
    return made_once("northwind", lambda url: take_in(invoke, url, shared_data / "northwind"))


def take_in(invoke: Run, url: str, data: Path) -> None:
    clients = invoke(
        "--db",
        url,
        "client",
        "import",
        data / "customers.csv",
        "--allow-mismatch",
        "--mapping",
        "northwind",
        "--continue-on-error",
    )
    assert clients.code == 68  # two customers have no address, and no orders either
    done = invoke(
        "--db",
        url,
        "sales",
        "import",
        data / "orders.csv",
        "--kind",
        "invoice",
        "--mapping",
        "northwind",
        "--json",
    )
    assert (done.code, done.json["created"]) == (0, 830), done.stderr


def totals(output: str) -> dict[tuple[str, int], tuple[int, int]]:
    """Client and year -> cents and invoices, where they are not zero."""
    rows = csv.DictReader(io.StringIO(output))
    return {
        (row["client"], int(row["year"])): (int(row["amount_cents"]), int(row["invoices"]))
        for row in rows
        if row["amount_cents"] != "0"
    }


def stale(result: Result) -> set[tuple[str, int]]:
    return {(row["client"], row["year"]) for row in result.json if row["stale"]}


def test_totals_are_those_computed_elsewhere(
    northwind: str, invoke: Run, shared_data: Path
) -> None:
    refreshed = invoke("--db", northwind, "sales", "refresh", *YEARS, "--json")
    assert (refreshed.code, refreshed.json["changed"]) == (0, 89)
    with (shared_data / "northwind/expected_sales_by_year.csv").open(encoding="utf-8") as file:
        expected = {
            (row["CustomerID"], int(row["Year"])): (int(row["SubtotalCents"]), int(row["Orders"]))
            for row in csv.DictReader(file)
        }
    assert len(expected) == 234
    # The years refreshed last are those shown.
    shown = invoke("--db", northwind, "sales", "totals", "-o", "csv")
    assert totals(shown.stdout) == expected
    everyone = invoke("--db", northwind, "client", "list", "--all", "-o", "codes")
    assert len(shown.stdout.splitlines()) == 1 + 3 * len(everyone.stdout.splitlines())
    assert invoke("--db", northwind, "sales", "verify", *YEARS).code == 0


def test_a_void_invoice_makes_its_client_stale(northwind: str, invoke: Run) -> None:
    env = {"INTEROP_TODAY": "2026-01-05"}
    invoke("--db", northwind, "sales", "refresh", *YEARS, env=env)
    env = {"INTEROP_TODAY": "2026-01-06"}
    assert invoke("--db", northwind, "sales", "document", "void", "10248", env=env).code == 0
    assert stale(invoke("--db", northwind, "sales", "totals", "--json")) == {("VINET", 1996)}
    drift = invoke("--db", northwind, "sales", "verify", "--json")
    assert drift.code == 10
    found = {(row["client"], row["year"], row["basis"]): row for row in drift.json}
    assert found.keys() == {("VINET", 1996, "sold-to"), ("VINET", 1996, "bill-to")}
    assert found["VINET", 1996, "sold-to"]["difference_cents"] == -44000
    again = invoke("--db", northwind, "sales", "refresh", *YEARS, "--json", env=env)
    assert [item["code"] for item in again.json["items"]] == ["VINET"]
    after = invoke("--db", northwind, "sales", "totals", "--json").json
    renewed = {
        (row["client"], row["year"])
        for row in after
        if row["computed_at"].startswith("2026-01-06") and row["amount_cents"]
    }
    assert renewed == {("VINET", 1996)}
    assert not stale(invoke("--db", northwind, "sales", "totals", "--json"))


def test_importing_again_changes_nothing(northwind: str, invoke: Run, shared_data: Path) -> None:
    again = invoke(
        "--db",
        northwind,
        "sales",
        "import",
        shared_data / "northwind/orders.csv",
        "--kind",
        "invoice",
        "--mapping",
        "northwind",
        "--json",
    )
    result = again.json
    assert (again.code, result["changed"], result["unchanged"]) == (0, 0, 830)
    assert result["operation_id"] is None
