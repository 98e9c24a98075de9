"""Ninety-three real clients in twenty-one countries, whom no one here made."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from interop_cli.domain.address import Address
from interop_cli.domain.client import Client
from interop_cli.domain.errors import InvalidData
from interop_cli.domain.rules import Context, Policy
from interop_cli.domain.values.places import country_code


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> list[dict[str, str]]:
    path = shared_data / "northwind" / "customers.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read(
    rows: list[dict[str, str]], rules: Context
) -> tuple[dict[str, Address], dict[str, set[str]]]:
    """The addresses that pass, and field:code of those that do not, by client."""
    good, bad = {}, {}
    for row in rows:
        key = row["CustomerID"].strip()
        values = {
            "line1": row["Address"],
            "city": row["City"],
            "province": row["Region"],
            "postal_code": row["PostalCode"],
            "country": row["Country"],
            "phone": row["Phone"],
            "main": True,
        }
        try:
            good[key] = Address.build(values, rules.at(None, key))
        except InvalidData as error:
            bad[key] = {f"{e.path}:{e.code}" for e in error.details}
    return good, bad


NO_ADDRESS = {"line1:field.missing", "city:field.missing", "postal_code:field.missing"}


def test_exactly_four_rows_are_bad(rows: list[dict[str, str]]) -> None:
    good, bad = read(rows, Context())
    assert bad == {
        "VALON": NO_ADDRESS,
        "Val2": NO_ADDRESS,
        "BOTTM": {"postal_code:address.postal_code.format"},
        "LAUGB": {"postal_code:address.postal_code.format"},
    }
    assert len(good) == 89


def test_with_mismatches_allowed_two_are_bad(rows: list[dict[str, str]]) -> None:
    rules = Context(Policy(allow_mismatch=True))
    good, bad = read(rows, rules)
    assert set(bad) == {"VALON", "Val2"}
    assert len(good) == 91
    doubtful = {w.key for w in rules.warnings if w.code == "address.postal_code.format"}
    assert doubtful == {"BOTTM", "LAUGB", "CONSH", "EASTC", "FURIB", "PRINI"}


def test_what_is_stored(rows: list[dict[str, str]]) -> None:
    rules = Context()
    good, _bad = read(rows, rules)
    stored = {key: (a.province, a.postal_code, a.country) for key, a in good.items()}
    assert stored["MEREP"] == ("QC", "H1J 1C3", "CA")
    assert stored["MAISD"] == (None, "1180", "BE")
    assert stored["BERGS"] == (None, "958 22", "SE")
    assert stored["ISLAT"] == ("Isle of Wight", "PO31 7PJ", "GB")
    assert stored["HILAA"] == ("Táchira", "5022", "VE")
    assert stored["HUNGO"] == ("Co. Cork", None, "IE")
    filled = {w.key for w in rules.warnings if w.code == "address.province.filled"}
    assert Counter(stored[key or ""][2] for key in filled) == {"IT": 3, "ES": 5, "MX": 5}
    assert all(stored[key or ""][0] for key in filled)
    for row in rows:
        if row["CustomerID"] in good:
            address = good[row["CustomerID"]]
            assert (address.line1, address.city) == (row["Address"].strip(), row["City"].strip())


def test_every_country_is_known(rows: list[dict[str, str]]) -> None:
    assert all(country_code(row["Country"]) for row in rows if row["Country"])


def test_the_clients_themselves_pass(rows: list[dict[str, str]]) -> None:
    clients = [
        Client.build({"code": row["CustomerID"], "name": row["CompanyName"]}, Context())
        for row in rows
    ]
    assert len({client.code for client in clients}) == 93
