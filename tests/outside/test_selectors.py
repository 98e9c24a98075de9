"""Which clients a bulk command works on, and the files that say what became of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.support.cli import Run
from tests.support.outside import content, start
from tests.support.outside import finish as ended

BETA_AND_NEW = ["BETA", "NEW"]


def inactive(invoke: Run) -> list[str]:
    return invoke("client", "list", "--status", "inactive", "-o", "codes").stdout.split()


@pytest.mark.parametrize(
    ("args", "stdin"),
    [
        (("BETA", "NEW"), ""),
        (("#2", "#7"), ""),
        (("beta", "new"), ""),
        (("BETA", "OLD"), ""),  # NEW was OLD before
        (("@codes.txt",), ""),
        (("@codes.ndjson",), ""),
        (("-",), "BETA\nNEW\n"),
        (("-",), "BETA\r\n\r\n  NEW  "),
        (("-",), "\ufeffBETA\n#7\n"),
        (("-",), '{"code":"BETA","x":1}\n\n{"code":"OLD"}\n'),
        (("-", "-0"), "BETA\0NEW\0"),
        (("-", "--null"), "BETA\0OLD"),
        (("--filter", "code in (beta, new)"), ""),
        (("--filter", "id >= 2", "--filter", "code in (beta,new)"), ""),
        (("--all", "--filter", "x"), None),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_every_way_of_naming_the_same_two(
    args: tuple[str, ...], stdin: str | None, shop_url: str, invoke: Run, tmp_path: Path
) -> None:
    (tmp_path / "codes.txt").write_text("BETA\nNEW\n")
    (tmp_path / "codes.ndjson").write_text('{"code":"BETA"}\n{"code":"NEW"}\n')
    result = invoke("client", "deactivate", *args, "-y", "--json", stdin=stdin or "")
    if stdin is None:
        assert result.code == 2
        return
    assert result.code == 0, result.stderr
    assert (result.json["matched"], result.json["changed"]) == (2, 2)
    assert sorted(item["code"] for item in result.json["items"]) == BETA_AND_NEW
    assert inactive(invoke) == [*BETA_AND_NEW, "SLEEPY"]


def test_status_narrows_a_filter_and_all(shop: Path, invoke: Run) -> None:
    for args, count in (
        (("--all",), 7),
        (("--all", "--status", "inactive"), 1),
        (("--filter", "code >= a", "--status", "active"), 6),
        (("--filter", "city = québec", "--status", "active"), 6),
        (("--filter", "city = québec"), 7),
        (("--filter", "city = nulle-part"), 0),
    ):
        result = invoke("client", "activate", *args, "-y", "--json", "--dry-run")
        assert (result.code, result.json["matched"]) == (0, count)


def test_a_client_named_twice_is_changed_once(shop_url: str, invoke: Run, tmp_path: Path) -> None:
    result = invoke(
        "client", "deactivate", "BETA", "#2", "beta", "-y", "--json", "--results", "r.ndjson"
    )
    assert (result.json["matched"], result.json["changed"], result.json["unchanged"]) == (3, 1, 2)
    rows = [json.loads(line) for line in (tmp_path / "r.ndjson").read_text("utf-8").splitlines()]
    assert [row["status"] for row in rows] == ["ok", "skipped", "skipped"]
    assert (
        invoke("client", "history", "BETA", "-o", "ndjson").stdout.count("client.deactivate") == 1
    )


@pytest.mark.parametrize(
    ("option", "count", "code"),
    [
        ("--expect", 7, 0),
        ("--expect", 6, 5),
        ("--expect", 0, 5),
        ("--max-affected", 7, 0),
        ("--max-affected", 6, 5),
        ("--max-affected", 0, 5),
    ],
)
def test_counts_are_refused(option: str, count: int, code: int, shop_url: str, invoke: Run) -> None:
    before = content(shop_url)
    result = invoke("client", "edit", "--all", "--terms", "x", "-y", option, count)
    assert result.code == code
    assert (content(shop_url) == before) is (code != 0)


def test_five_hundred_is_the_most_off_a_terminal(shop: Path, invoke: Run) -> None:
    assert invoke("db", "seed", "--clients", "500", "-q").code == 0
    before = content(str(shop))
    args = ("client", "edit", "--all", "--terms", "x", "-y")
    assert invoke(*args).code == 5
    codes = invoke("client", "list", "--status", "all", "-o", "codes").stdout
    assert invoke("client", "edit", "-", "--terms", "x", "-y", stdin=codes).code == 5
    assert content(str(shop)) == before
    assert invoke(*args, "--max-affected", "507").code == 0
    assert invoke(*args, env={"INTEROP_BULK_MAX_AFFECTED": "507"}).code == 0
    assert invoke("config", "set", "bulk.max_affected", "1000", "-q").code == 0
    assert invoke(*args).code == 0


def test_results_say_what_became_of_each_row_and_feed_it_back(
    shop_url: str, invoke: Run, tmp_path: Path, root: Path
) -> None:
    schema: Any = json.loads((root / "schemas" / "results.json").read_text("utf-8"))
    codes = "BETA\nNOPE\n\nSLEEPY\nbeta\nPAYER\nACME\n"
    args = ("client", "deactivate", "-y", "--continue-on-error", "--results", "r.ndjson")
    result = invoke(*args, "-", "--json", stdin=codes)
    assert result.code == 68
    assert [result.json[name] for name in ("matched", "changed", "unchanged", "failed")] == [
        6,
        2,
        2,
        2,
    ]
    rows = [json.loads(line) for line in (tmp_path / "r.ndjson").read_text("utf-8").splitlines()]
    for row in rows:
        jsonschema.validate(row, schema)
    assert [(row["line"], row["key"], row["status"]) for row in rows] == [
        (1, "BETA", "ok"),
        (2, "NOPE", "error"),
        (4, "SLEEPY", "unchanged"),
        (5, "beta", "skipped"),
        (6, "PAYER", "error"),
        (7, "ACME", "ok"),
    ]
    assert [row["error"] and row["error"]["code"] for row in rows] == [
        None,
        "client.not_found",
        None,
        None,
        "client.payer.in_use",
        None,
    ]
    # What hindered them is mended; the failed rows alone are tried again.
    assert invoke("client", "edit", "PAID", "--bill-to", "", "-q").code == 0
    assert invoke("client", "recode", "NEW", "NOPE", "--confirm", "NEW", "-q").code == 0
    again = invoke(
        "client", "deactivate", "--only-failed-from", "r.ndjson", "-y", "--results", "-", "--json"
    )
    assert (again.code, again.stderr) == (0, "")
    assert [(row["key"], row["status"]) for row in again.rows] == [("NOPE", "ok"), ("PAYER", "ok")]
    assert inactive(invoke) == ["ACME", "BETA", "NOPE", "PAYER", "SLEEPY"]


def test_results_of_an_import_are_in_the_order_of_the_rows(
    shop_url: str, invoke: Run, tmp_path: Path
) -> None:
    lines = ["code,name,line1,city,postal_code"]
    lines += [f"N-{n},Client {n},{n} rue A,Québec,G1K 4A1" for n in range(5)]
    lines[3] = "N-2,,,,"
    (tmp_path / "in.csv").write_text("\n".join(lines) + "\n", "utf-8")
    args = ("client", "import", "in.csv", "--continue-on-error")
    result = invoke(*args, "--results", "-", "--rejects", "bad.csv")
    assert result.code == 68
    assert [(row["line"], row["key"], row["status"]) for row in result.rows] == [
        (2, "N-0", "ok"),
        (3, "N-1", "ok"),
        (4, "N-2", "error"),
        (5, "N-3", "ok"),
        (6, "N-4", "ok"),
    ]
    rejected = (tmp_path / "bad.csv").read_text("utf-8").replace("N-2,,,,", "N-2,B,1 r,Alma,G8B1A1")
    (tmp_path / "bad.csv").write_text(rejected, "utf-8")
    assert invoke("client", "import", "bad.csv", "-q").code == 0
    # It says nothing of N-2 now that there is one: what is empty is left as it is.
    assert invoke(*args, "--json").json["unchanged"] == 5


def test_the_version_that_was_read_guards_an_edit(shop_url: str, invoke: Run) -> None:
    version = invoke("client", "show", "ACME", "--json").json["version"]
    args = ("client", "edit", "ACME", "--if-version", version, "--json")
    assert invoke(*args, "--terms", "net10").json["changed"] == 1
    late = invoke(*args, "--terms", "net20")
    assert (late.code, late.error["code"]) == (5, "conflict.version")
    shown = invoke("client", "show", "ACME", "--json").json
    assert (shown["version"], shown["terms"]) == (version + 1, "net10")
    # Nothing to change is still at the version that was read, or a conflict.
    assert invoke(*args, "--terms", "net10").code == 5
    again = invoke("client", "edit", "ACME", "--if-version", version + 1, "--terms", "net10", "-q")
    assert again.code == 0


def test_a_former_code_leads_to_the_client_and_says_so(shop_url: str, invoke: Run) -> None:
    for args in (
        ("client", "show", "old"),
        ("client", "history", "OLD"),
        ("address", "list", "Old"),
    ):
        result = invoke(*args)
        assert result.code == 0
        assert "OLD" in result.stderr
        assert "NEW" in result.stderr
    assert invoke("client", "show", "old", "--json").json["former_codes"] == ["OLD"]
    # In the place of a code, everywhere.
    assert invoke("client", "edit", "ACME", "--bill-to", "OLD", "-q").code == 0
    assert invoke("client", "show", "ACME", "--json").json["bill_to"] == "NEW"
    assert invoke("client", "list", "--after", "OLD", "-o", "codes").stdout.split() == [
        "PAID",
        "PAYER",
    ]


@pytest.mark.parametrize(
    "stdin", [b"", b"\n\n", b"\xef\xbb\xbf", b"\0\0"], ids=["nothing", "blank", "mark", "nul"]
)
def test_no_code_at_all_is_nothing_to_do(stdin: bytes, shop: Path, invoke: Run) -> None:
    null = ["-0"] if b"\0" in stdin else []
    before = content(str(shop))
    result = invoke("client", "deactivate", "-", "-y", "--json", *null, stdin=stdin)
    assert (result.code, result.json["matched"], result.json["operation_id"]) == (0, 0, None)
    assert content(str(shop)) == before


def test_a_list_flows_into_a_write(shop: Path) -> None:
    """The pipe of the README: the list has its lock back before the write asks for one."""
    first = start("client", "list", "--filter", "tag = vip", "-o", "codes")
    second = start("client", "deactivate", "-", "-y", "--json", stdin=first.stdout)
    code, out, err = ended(second)
    assert (code, err, json.loads(out)["changed"]) == (0, "", 1)
    assert first.wait() == 0
    assert first.stdout
    assert first.stderr
    first.stdout.close()
    first.stderr.close()
    assert first.stdin
    first.stdin.close()


NOBODY = [
    ("client", "deactivate", "-", "-y"),
    ("client", "activate", "@empty", "-y"),
    ("client", "edit", "-", "--terms", "x", "-y"),
    ("client", "promote", "--only-failed-from", "-", "-y"),
    ("client", "delete", "-", "--confirm", "0"),
]


@pytest.mark.parametrize("args", NOBODY, ids=" ".join)
def test_an_empty_pipe_is_warned_of(
    args: tuple[str, ...], shop_url: str, invoke: Run, tmp_path: Path
) -> None:
    (tmp_path / "empty").touch()
    before = content(shop_url)
    result = invoke(*args, "--json")
    assert result.code == 0  # a quiet night is no failure
    assert [one["code"] for one in result.json["warnings"]] == ["input.empty"]
    told = invoke(*args)
    assert (told.code, told.stderr.count("nothing was done")) == (0, 1)
    # Whoever knows better says so.
    assert invoke(*args, "--fail-if-unchanged").code == 10
    if "delete" not in args:
        expected = invoke(*args, "--expect", "3", "--json")
        assert (expected.code, expected.error["code"]) == (5, "bulk.expect")
        assert invoke(*args, "--expect", "0").code == 0
    assert content(shop_url) == before


def test_somebody_is_no_empty_pipe(shop: Path, invoke: Run) -> None:
    result = invoke("client", "deactivate", "-", "-y", "--json", stdin="BETA\n")
    assert (result.code, result.json["warnings"]) == (0, [])
    result = invoke("client", "deactivate", "--filter", "code = NOBODY", "-y", "--json")
    assert (result.code, result.json["warnings"]) == (0, [])
