"""Rows of a file that depend on each other: codes that are made, payers, and rows that wait."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.support.cli import Run
from tests.support.outside import content

PLACE = {"name": "N", "line1": "1 rue A", "city": "Québec", "postal_code": "G1K 4A1"}


def row(code: str, **values: str) -> dict[str, str]:
    return {"code": code, **PLACE, **values}


def file_of(rows: list[dict[str, str]]) -> str:
    """A CSV of these rows; a value that a row does not have is empty."""
    names = list(dict.fromkeys(name for each in rows for name in each))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ([row(""), row("PORT-1")], ["PORT-2", "PORT-1"]),
        ([row("PORT-1"), row("")], ["PORT-1", "PORT-2"]),
        ([row(""), row(""), row("port-2"), row("")], ["PORT-1", "PORT-3", "PORT-2", "PORT-4"]),
        ([row(""), row("PORT-1", bill_to="ACME")], ["PORT-2", "PORT-1"]),
    ],
)
def test_codes_that_are_made_avoid_those_of_the_file(
    rows: list[dict[str, str]], codes: list[str], shop_url: str, invoke: Run
) -> None:
    places = [
        {"name": "Le Port", "line1": f"{n} rue A", "postal_code": f"G1K 4A{n}"}
        for n in range(1, len(rows) + 1)
    ]
    text = file_of([{**each, **own} for each, own in zip(rows, places, strict=True)])
    result = invoke("client", "import", "-", "--json", stdin=text)
    assert (result.code, result.stderr) == (0, "")
    assert [item["code"] for item in result.json["items"]] == codes


def imported(invoke: Run, rows: list[dict[str, str]], root: Path) -> Any:
    """The answer of an import that goes on after an error, which must add up."""
    args = ("client", "import", "-", "--continue-on-error", "--results", "results.ndjson")
    result = invoke(*args, "--rejects", "rejects.csv", "--json", stdin=file_of(rows))
    assert result.code in (0, 68), result.stderr
    answer = result.json
    jsonschema.validate(answer, json.loads((root / "schemas" / "result.json").read_text("utf-8")))
    counts = [answer[name] for name in ("changed", "unchanged", "failed")]
    assert sum(counts) == answer["matched"] == len(rows)
    assert answer["created"] + answer["updated"] == answer["changed"]
    assert len(answer["items"]) == len(rows)
    return answer


def told(tmp_path: Path) -> list[tuple[int, str, str | None]]:
    """Line, status and error of each row, out of the results."""
    lines = (tmp_path / "results.ndjson").read_text("utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return [(one["line"], one["status"], one["error"] and one["error"]["code"]) for one in found]


def test_a_wrong_payer_fails_its_row_and_no_other(
    shop_url: str, invoke: Run, tmp_path: Path, root: Path
) -> None:
    """Payers may stand anywhere in the file; each row is told once."""
    rows = [
        row("E", bill_to="NOPE"),
        row("F", bill_to="G"),
        row("G"),
        row("H", bill_to="F"),  # F is billed to another itself
        row("I", bill_to="I"),
        row("J", bill_to="MAYBE"),
        row("K", bill_to="SLEEPY"),
        row("ACME", bill_to="G", terms="net77"),
        row("PAYER", bill_to="G"),  # pays for PAID
    ]
    imported(invoke, rows, root)
    assert told(tmp_path) == [
        (2, "error", "client.not_found"),
        (3, "ok", None),
        (4, "ok", None),
        (5, "error", "client.bill_to.level"),
        (6, "error", "client.bill_to.self"),
        (7, "error", "client.bill_to.prospect"),
        (8, "error", "client.bill_to.inactive"),
        (9, "ok", None),
        (10, "error", "client.bill_to.level"),
    ]
    listed = invoke("client", "list", "--all", "--fields", "code,bill_to", "--json").json
    payers = {client["code"]: client["bill_to"] for client in listed if client["bill_to"]}
    assert payers == {"F": "G", "ACME": "G", "PAID": "PAYER"}
    with (tmp_path / "rejects.csv").open(encoding="utf-8") as file:
        rejected = [each["code"] for each in csv.DictReader(file)]
    assert rejected == ["E", "H", "I", "J", "K", "PAYER"]
    # All of it or nothing: the same file without leave to go on.
    before = content(shop_url)
    assert invoke("client", "import", "-", stdin=file_of(rows)).code == 65
    assert content(shop_url) == before


@pytest.mark.parametrize("change", [{"active": "false"}, {"active": "non"}, {"prospect": "oui"}])
def test_a_file_does_not_retire_who_still_pays(
    change: dict[str, str], shop_url: str, invoke: Run, tmp_path: Path, root: Path
) -> None:
    rows = [row("PAYER", **change), row("ACME", terms="net5")]
    answer = imported(invoke, rows, root)
    assert (answer["updated"], answer["failed"]) == (1, 1)
    assert told(tmp_path)[0][:2] == (2, "error")
    shown = invoke("client", "show", "PAYER", "--json").json
    assert (shown["active"], shown["prospect"], shown["name"]) == (True, False, "Celui qui paie")
    before = content(shop_url)
    assert invoke("client", "import", "-", stdin=file_of(rows)).code == 65
    assert content(shop_url) == before


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    "rows",
    [
        [row("PAYER", active="false"), row("PAID", bill_to="ACME")],
        [row("PAYER", prospect="true"), row("PAID", bill_to="ACME")],
        [row("PAYER", active="non"), row("PAID", active="inactif", bill_to="PAYER")],
    ],
)
def test_a_file_moves_those_it_pays_for_and_retires_it(
    rows: list[dict[str, str]], order: int, shop_url: str, invoke: Run, root: Path
) -> None:
    """Whichever of the two comes first."""
    answer = imported(invoke, rows[::order], root)
    assert (answer["changed"], answer["failed"]) == (2, 0)
    assert [item["code"] for item in answer["items"]] == [each["code"] for each in rows[::order]]
    assert imported(invoke, rows[::order], root)["unchanged"] == 2
    assert invoke("db", "check", "--json")[:2] == (0, "[]\n")


def test_an_export_with_payers_comes_back_unchanged(shop_url: str, invoke: Run) -> None:
    exported = invoke("client", "export", "--status", "all").stdout
    before = content(shop_url)
    again = invoke("client", "import", "-", "--json", stdin=exported)
    assert (again.code, again.json["unchanged"], again.json["changed"]) == (0, 7, 0)
    assert content(shop_url) == before


def test_rows_are_told_in_their_order(
    shop_url: str, invoke: Run, tmp_path: Path, root: Path
) -> None:
    rows = [
        row("Z1", bill_to="Z3"),
        row("Z1"),
        row("Z3"),
        row("PAYER", active="false"),  # waits to the end, and is refused there
        row("Z5", postal_code="X"),
    ]
    answer = imported(invoke, rows, root)
    assert told(tmp_path) == [
        (2, "error", "import.duplicate"),
        (3, "error", "import.duplicate"),
        (4, "ok", None),
        (5, "error", "client.payer.in_use"),
        (6, "error", "address.postal_code.format"),
    ]
    assert [item["status"] for item in answer["items"]] == [
        "error",
        "error",
        "ok",
        "error",
        "error",
    ]
    assert (answer["created"], answer["failed"]) == (1, 4)


def test_what_a_refused_import_says_is_in_the_schemas(
    shop_url: str, invoke: Run, tmp_path: Path, root: Path
) -> None:
    def schema_of(name: str) -> Any:
        return json.loads((root / "schemas" / f"{name}.json").read_text("utf-8"))

    text = file_of([row("W1", website="none"), row("W2", postal_code="G1K")])
    args = ("client", "import", "-", "--json")
    refused = invoke(*args, stdin=text)
    assert refused.code == 65
    schema = schema_of("error")
    jsonschema.validate({"error": refused.error}, schema)
    assert refused.error.keys() <= schema["properties"]["error"]["properties"].keys()
    assert [one["code"] for one in refused.error["warnings"]] == ["client.website.format"]
    assert [one["lines"] for one in refused.error["reasons"]] == [[3]]
    result = invoke(*args, "--continue-on-error", "--results", "r.ndjson", stdin=text)
    assert result.code == 68
    assert result.json.keys() <= schema_of("result")["properties"].keys()
    told = json.loads((tmp_path / "r.ndjson").read_text("utf-8").splitlines()[1])
    schema = schema_of("results")
    jsonschema.validate(told, schema)
    assert told["error"]["line"] == 3
    assert told["error"].keys() <= schema["properties"]["error"]["properties"].keys()
