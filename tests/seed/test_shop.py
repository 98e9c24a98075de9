"""A made-up shop: the same everywhere, taken by the rules as it is, and adding up as it says."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from interop_cli.seed.shop import Shop
from tests.support.cli import Run
from tests.support.stores import dump, open_store

SHOP = Shop(120, 42, 3, date(2025, 12, 31), ("General", "Billing"))
# A change here changes the test data of everybody who seeds a shop.
FROZEN = "3d5ab01e2fee504be6575f2175f59405305bb85239ca5118cf52aba0b622e2ec"
SEED = ("db", "seed", "--profile", "shop", "--clients", "120", "--years", "3", "--seed", "42")


@pytest.fixture
def seeded(ready_url: str, invoke: Run, tmp_path: Path) -> tuple[str, dict[str, Any]]:
    """A database on each engine with a shop in it, and what must come out."""
    oracle = tmp_path / "expected.json"
    done = invoke("--db", ready_url, "-q", *SEED, "--oracle", oracle)
    assert (done.code, done.stderr) == (0, "")
    return ready_url, json.loads(oracle.read_text())


def test_the_rows_of_a_shop_are_frozen() -> None:
    digest = hashlib.sha256()
    for row in (*SHOP.companies(), *SHOP.documents()):
        digest.update(json.dumps(row, ensure_ascii=False).encode())
    assert digest.hexdigest() == FROZEN


def test_a_shop_has_everything() -> None:
    rows, documents = list(SHOP.companies()), list(SHOP.documents())
    people: list[dict[str, Any]] = [one for row in rows for one in row["contacts"]]  # type: ignore[attr-defined]
    for flag in ("active", "default", "billing", "billing_copy", "email", "phone"):
        assert {bool(one[flag]) for one in people} == {True, False}, flag
    assert {row["kind"] for row in documents} == {
        "quote",
        "job",
        "packing_slip",
        "invoice",
        "credit_note",
    }
    assert {row["status"] for row in documents} == {"posted", "void", "draft"}
    assert {str(row["date"])[:4] for row in documents} == {"2023", "2024", "2025"}
    assert any(row.get("ship_to") for row in documents)
    notes: list[dict[str, Any]] = [one for row in rows for one in row["notes"]]  # type: ignore[attr-defined]
    assert {"attachments" in one for one in notes} == {True, False}
    assert {one["category"] for one in notes} == {"General", "Billing"}
    assert {row["shipper_identity"] for row in rows} == {"standard", "client", "none"}
    repeated = {row["code"]: row for row in rows if "repeats" in row}
    assert repeated
    assert 0 < len(SHOP.merges) < len(repeated)
    assert any(row["bill_to"] for row in rows)


def test_no_two_people_of_a_client_have_one_name() -> None:
    for row in Shop(10_000, 1, 5, SHOP.end, SHOP.categories).companies():
        names = [one["name"] for one in row["contacts"]]  # type: ignore[attr-defined]
        assert len(set(names)) == len(names)


def test_what_a_client_adds_leaves_the_others_as_they_were() -> None:
    more = Shop(150, 42, 3, SHOP.end, SHOP.categories)
    few = list(SHOP.companies())
    assert list(more.companies())[:120] == few
    assert list(more.documents())[: len(list(SHOP.documents()))] == list(SHOP.documents())


def test_a_shop_comes_to_what_it_says(seeded: tuple[str, dict[str, Any]], invoke: Run) -> None:
    url, oracle = seeded
    years = ("--years", "3", "--through", "2025")
    assert invoke("--db", url, "sales", "refresh", *years).code == 0
    found = []
    for basis in ("bill-to", "sold-to"):
        told = invoke("--db", url, "sales", "totals", *years, "--basis", basis, "-o", "ndjson")
        found += [
            {name: row[name] for name in row if name not in ("computed_at", "stale")}
            for row in told.rows
            if row["invoices"] or row["amount_cents"]
        ]
    found.sort(key=lambda one: (one["client"], one["basis"], one["year"], one["currency"]))
    assert found == oracle["totals"]
    assert any(one["amount_cents"] for one in found)
    for wanted in oracle["recipients"]:
        told = invoke("--db", url, "contact", "recipients", wanted["client"], "-o", "json")
        assert {name: told.json[name] for name in wanted} == wanted
    assert {one["reason"] for one in oracle["recipients"]} == {
        None,
        "no_billing_contact",
        "billing_contact_inactive",
        "billing_contact_without_email",
    }
    counts = oracle["counts"]
    listed = invoke("--db", url, "client", "list", "--all", "-o", "ndjson").rows
    assert len(listed) == counts["client"] == 120
    info = invoke("--db", url, "sales", "document", "list", "-o", "ndjson").rows
    kinds = [row["kind"] for row in info]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        kind: counts[kind] for kind in set(kinds)
    }


def test_the_same_seed_again_changes_nothing(
    seeded: tuple[str, dict[str, Any]], invoke: Run
) -> None:
    url, _oracle = seeded
    again = invoke("--db", url, "-o", "json", *SEED)
    assert (again.code, again.json["changed"], again.json["warnings"]) == (0, 0, [])


def test_a_shop_is_the_same_on_every_engine_and_day(
    sqlite_ready_url: str, postgres_ready_url: str, invoke: Run
) -> None:
    found = []
    for url, day in ((sqlite_ready_url, {}), (postgres_ready_url, {"TZ": "Asia/Tokyo"})):
        assert invoke("--db", url, "-q", *SEED, env=day).code == 0
        store = open_store(url)
        times = store.conn.query("SELECT DISTINCT created_at AS at FROM client")
        found.append((dump(store.conn), times))
        store.close()
    assert found[0] == found[1]
    assert [row["at"] for row in found[0][1]] == ["2025-12-31T00:00:00Z"]


def test_the_last_day_can_be_said(invoke: Run, sqlite_ready_url: str) -> None:
    seeding = ("-q", *SEED, "--end", "2024-06-30")
    assert invoke("--db", sqlite_ready_url, *seeding).code == 0
    rows = invoke("--db", sqlite_ready_url, "sales", "document", "list", "-o", "ndjson").rows
    assert "2024-05" < max(row["date"] for row in rows) <= "2024-06-30"
    assert min(row["date"] for row in rows) >= "2022-01-01"


def test_only_a_shop_has_an_oracle(invoke: Run, sqlite_ready_url: str, tmp_path: Path) -> None:
    done = invoke("--db", sqlite_ready_url, "-o", "json", "db", "seed", "--oracle", tmp_path / "x")
    assert (done.code, done.error["code"]) == (2, "usage.oracle")
    assert not (tmp_path / "x").exists()
