"""Made-up clients: the same everywhere, and nothing in them that the rules refuse."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from interop_cli.domain.rules import Context
from interop_cli.seed import clients
from interop_cli.services.clients.card import built

FIELDS = [
    "code",
    "name",
    "active",
    "prospect",
    "language",
    "email",
    "phone",
    "website",
    "line1",
    "line2",
    "city",
    "province",
    "postal_code",
    "country",
    "currency",
    "terms",
    "bill_to",
    "shipper_identity",
    "gst",
    "qst",
    "neq",
    "tags",
    "external_id",
]
# The first 1000 clients of seed 42. A change here changes the test data of everybody who seeds.
FROZEN = "3c7608ae7326cd7041960fec44866b5c23cc5e159f385e7f0f3d229f5376b1ea"


@pytest.fixture(scope="module")
def many() -> list[dict[str, object]]:
    return list(clients(20_000, 42))


def test_the_clients_of_a_seed_are_frozen() -> None:
    digest = hashlib.sha256()
    for row in clients(1000, 42):
        digest.update(json.dumps(row, ensure_ascii=False).encode())
    assert digest.hexdigest() == FROZEN


def test_the_first_of_many_are_those_of_few(many: list[dict[str, object]]) -> None:
    assert list(clients(100, 42)) == many[:100]
    assert list(clients(100, 43)) != many[:100]
    assert list(clients(0, 1)) == []


def test_they_are_made_as_they_are_asked_for() -> None:
    assert len(list(islice(clients(10**12, 1), 10))) == 10


def test_every_client_keeps_the_rules(many: list[dict[str, object]]) -> None:
    rules = Context()
    for row in many:
        client, address = built(row, rules)
        stored = {**client.model_dump(), **address.model_dump(include=set(FIELDS))}
        changed = {
            name
            for name in FIELDS
            if stored.get(name) != row[name] and name not in ("bill_to", "phone")
        }
        assert not changed, row
    assert not rules.warnings


def test_fields_are_those_of_an_import(many: list[dict[str, object]]) -> None:
    assert {tuple(row) for row in many} == {tuple(FIELDS)}
    assert "" not in {value for row in many for value in row.values() if isinstance(value, str)}


@pytest.mark.parametrize("name", ["code", "name"])
def test_codes_and_names_are_unique(many: list[dict[str, object]], name: str) -> None:
    assert len({row[name] for row in many}) == len(many)


def test_two_seeds_can_live_together() -> None:
    one, two = list(clients(2000, 1)), list(clients(2000, 2))
    ids = [row["external_id"] for row in one + two if row["external_id"]]
    assert len(set(ids)) == len(ids) > 2000


def test_tags_are_the_client_s_own(many: list[dict[str, object]]) -> None:
    assert len({id(row["tags"]) for row in many}) == len(many), "a list shared is changed twice"


def test_payers_are_earlier_and_may_be_billed(many: list[dict[str, object]]) -> None:
    before: dict[object, dict[str, object]] = {}
    billed = 0
    for row in many:
        if row["bill_to"]:
            payer = before[row["bill_to"]]
            assert payer["active"]
            assert not payer["prospect"]
            assert payer["bill_to"] is None
            billed += 1
        before[row["code"]] = row
    assert 200 < billed < 600


@pytest.mark.parametrize(
    ("least", "most", "what"),
    [
        (0.11, 0.13, lambda row: row["prospect"]),
        (0.07, 0.09, lambda row: not row["active"]),
        (0.73, 0.77, lambda row: row["language"] == "fr"),
        (0.90, 0.97, lambda row: row["province"] == "QC"),
        (0.35, 0.60, lambda row: row["gst"]),
        (0.35, 0.60, lambda row: row["neq"]),
        (0.02, 0.20, lambda row: "vip" in row["tags"]),
        (0.08, 0.20, lambda row: "poste" in str(row["phone"]) or " p. " in str(row["phone"])),
    ],
)
def test_shares(many: list[dict[str, object]], least: float, most: float, what: object) -> None:
    share = sum(bool(what(row)) for row in many) / len(many)  # type: ignore[operator]
    assert least < share < most


def test_only_the_standard_library_is_needed(root: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "from interop_cli.seed import clients; list(clients(10, 1))\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "print(*(names - set(sys.stdlib_module_names) - {'__main__'}))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.split() == ["interop_cli"]


@pytest.mark.long
def test_a_hundred_thousand_names_differ() -> None:
    seen = {(row["name"], row["code"]) for row in clients(100_000, 9)}
    assert len({name for name, _code in seen}) == len({code for _name, code in seen}) == 100_000
