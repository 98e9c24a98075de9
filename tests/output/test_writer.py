"""``Output``: records and results in every format, fields, quiet, and terminals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from interop_cli import FORMATS as ALL
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import msg
from interop_cli.output import Column, Output, ValueKind
from tests.output.terminals import Kept, on_terminal
from tests.output.test_sanitise import ATTACKS

# Those that go to any stream, whatever they are about.
FORMATS = [form for form in ALL if form not in ("xlsx", "vcard", "vcard4")]
CLIENT: dict[str, Any] = {
    "id": 7,
    "code": "ACME",
    "name": "Imprimerie Été",
    "active": True,
    "email": None,
    "total_cents": 1250,
    "tags": ["a", "b"],
    "contacts": [{"name": "Zoé", "email": "z@x.ca"}, {"name": "=1+1", "email": None}],
    "sync": {},
}
RESULT: dict[str, Any] = {
    "schema_version": 1,
    "operation": "client.deactivate",
    "operation_id": 17,
    "dry_run": False,
    "matched": 3,
    "changed": 2,
    "unchanged": 1,
    "failed": 0,
    "items": [
        {"id": 1, "code": "A", "status": "ok"},
        {"id": 2, "code": "B", "status": "unchanged"},
    ],
    "warnings": [],
}


def shown(format: str, use: Callable[[Output], None], **options: Any) -> tuple[str, str]:
    kept = Kept(format, **options)
    use(kept.output)
    kept.output.finish()
    return kept.out, kept.err


def record(format: str, **options: Any) -> str:
    out, err = shown(format, lambda output: output.record(CLIENT), **options)
    assert err == ""
    return out


def result(format: str, changes: dict[str, Any] | None = None, **options: Any) -> tuple[str, str]:
    return shown(format, lambda output: output.result(RESULT | (changes or {})), **options)


# Records


def test_a_record_as_json() -> None:
    text = record("json")
    assert json.loads(text) == CLIENT
    assert text.startswith('{\n  "id": 7,\n')
    assert text.endswith("\n}\n")
    assert record("ndjson").count("\n") == 1
    assert json.loads(record("ndjson")) == CLIENT


def test_a_record_as_rows_has_its_scalars() -> None:
    assert record("csv") == (
        "id,code,name,active,email,total_cents\n7,ACME,Imprimerie Été,true,,1250\n"
    )
    assert record("tsv").splitlines()[1] == "7\tACME\tImprimerie Été\ttrue\t\t1250"


def test_a_record_as_code() -> None:
    assert record("codes") == "ACME\n"
    out, _ = shown("codes", lambda output: output.record({"id": 3}, key="id"))
    assert out == "3\n"


def test_fields_of_a_record() -> None:
    fields = ["contacts.name", "code", "tags", "contacts.email"]
    wanted = {
        "contacts.name": ["Zoé", "=1+1"],
        "code": "ACME",
        "tags": ["a", "b"],
        "contacts.email": ["z@x.ca", None],
    }
    assert list(json.loads(record("json", fields=fields)).items()) == list(wanted.items())
    assert json.loads(record("ndjson", fields=fields)) == wanted
    assert record("csv", fields=["code", "tags"]) == 'code,tags\nACME,"a,b"\n'
    assert record("table", fields=["code", "tags"]) == "Code  ACME\nTags  a, b\n"
    assert record("codes", fields=["name"]) == "Imprimerie Été\n"


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("field", ["cod", "contacts.emial", "code.x", "contacts."])
def test_unknown_fields_of_a_record(format: str, field: str) -> None:
    kept = Kept(format, fields=[field])
    with pytest.raises(UsageError) as caught:
        kept.output.record(CLIENT, "client")
    assert caught.value.code == "output.field.unknown"
    assert kept.out == ""
    assert "contacts.email" in str(caught.value.message)


def test_fields_of_what_is_empty_are_null() -> None:
    fields = ["sync.x.y", "email.z"]
    assert json.loads(record("json", fields=fields)) == {"sync.x.y": None, "email.z": None}


def test_the_card_of_a_command() -> None:
    def card(obj: Any, style: Any) -> Any:
        yield style.bold(obj["name"])
        yield f"{obj['code']}  {style.dim('x')}"

    out, _ = shown("table", lambda output: output.record(CLIENT, "client", card=card))
    assert out == "Imprimerie Été\nACME  x\n"
    out, _ = shown("json", lambda output: output.record(CLIENT, "client", card=card))
    assert json.loads(out) == CLIENT


def test_the_plain_card() -> None:
    assert record("table").splitlines() == [
        "Id        7",
        "Code      ACME",
        "Name      Imprimerie Été",
        "Active    yes",
        "E-mail",
        "Total     12.50",
        "Tags      a, b",
        'Contacts  {"name":"Zoé","email":"z@x.ca"}, {"name":"=1+1","email":null}',
        "Sync      {}",
    ]


# Results


@pytest.mark.parametrize("format", ["json", "ndjson"])
def test_a_result_as_json_is_the_object_and_no_words(format: str) -> None:
    warnings = [{"path": "phone", "code": "phone.format", "message": msg("is {x}", x=msg("odd"))}]
    out, err = result(format, {"warnings": warnings})
    assert err == ""
    body = json.loads(out)
    assert body == RESULT | {"warnings": [warnings[0] | {"message": "is odd"}]}
    assert list(body) == list(RESULT)


def test_a_result_as_table() -> None:
    out, err = result("table")
    assert out.splitlines() == [
        "Id  Code  Status",
        "--  ----  ---------",
        " 1  A     ok",
        " 2  B     unchanged",
    ]
    assert err.splitlines() == [
        "client.deactivate: 2 changed, 1 unchanged.",
        "interop journal undo 17 takes it back.",
    ]


def test_a_table_of_results_leaves_out_what_no_item_has() -> None:
    items = [{"code": "A", "error": None, "id": None}, {"code": "B", "error": None, "id": 2}]
    assert result("table", {"items": items})[0].splitlines()[0] == "Code  Id"
    assert result("csv", {"items": items})[0].splitlines()[0] == "code,error,id"
    asked = result("table", {"items": items}, fields=["error"])[0]
    assert asked.splitlines() == ["Error", "-----", "", ""]


def test_counts_of_nothing_are_left_out() -> None:
    nothing = {"changed": 0, "unchanged": 0, "operation_id": None}
    assert result("table", nothing)[1] == "client.deactivate: 0 changed.\n"
    same = {"changed": 0, "unchanged": 4, "operation_id": None}
    assert result("table", same)[1] == "client.deactivate: 0 changed, 4 unchanged.\n"


def test_a_result_as_rows() -> None:
    assert result("csv")[0] == "id,code,status\n1,A,ok\n2,B,unchanged\n"
    assert result("codes")[0] == "A\nB\n"
    assert result("codes", {"items": [{"id": 5}]})[0] == "5\n"
    assert result("codes", {"items": [{"file": "x"}]})[0] == "x\n"
    assert result("codes", fields=["status", "id"])[0] == "1\n2\n"
    assert result("tsv", {"items": []})[0] == ""
    assert "journal undo 17" in result("csv")[1]


def test_items_of_different_shapes() -> None:
    items = [{"id": 1, "error": {"code": "x"}}, {"code": "B", "id": None}]
    assert result("csv", {"items": items})[0] == ('id,error,code\n1,"{""code"":""x""}",\n,,B\n')


def test_fields_of_items_never_fail_after_the_write() -> None:
    fields = ["code", "nothing", "error.code"]
    items = [{"code": "A", "error": {"code": "x"}}, {"code": "B"}]
    assert result("csv", {"items": items}, fields=fields)[0] == (
        "code,nothing,error.code\nA,,x\nB,,\n"
    )
    body = json.loads(result("json", {"items": items}, fields=fields)[0])
    assert body["items"][1] == {"code": "B", "nothing": None, "error.code": None}
    assert body["changed"] == 2


def test_a_dry_run_says_so_and_offers_no_undo() -> None:
    err = result("table", {"dry_run": True})[1]
    assert err.endswith("Dry run: nothing was written.\n")
    assert "undo" not in err
    assert "undo" not in result("table", {"operation_id": None})[1]


def test_failures_and_warnings_are_told() -> None:
    warnings = [
        "plain",
        msg("a {x}", x="message"),
        {"path": "phone", "code": "c", "message": msg("odd"), "line": 4, "key": "A"},
        {"code": "only.code"},
    ]
    err = result("table", {"failed": 4, "warnings": warnings})[1]
    assert err.splitlines()[:5] == [
        "Warning: plain",
        "Warning: a message",
        "Warning: line 4, A, phone: odd",
        "Warning: only.code",
        "client.deactivate: 2 changed, 1 unchanged, 4 failed.",
    ]
    err = result("table", {"warnings": ["w"] * 500})[1]
    assert err.count("Warning: w\n") == 20
    assert "Warning: … and 480 more." in err


@pytest.mark.parametrize("format", FORMATS)
def test_a_quiet_result_says_nothing_at_all(format: str) -> None:
    assert result(format, {"warnings": ["w"]}, quiet=True) == ("", "")


@pytest.mark.parametrize("format", FORMATS)
def test_quiet_does_not_take_the_data_of_a_read(format: str) -> None:
    rows = [[("A",)]]
    loud = shown(format, lambda output: output.rows([Column("code")], rows))
    assert shown(format, lambda o: o.rows([Column("code")], rows), quiet=True) == loud
    assert "A" in loud[0]


def test_out_is_made_even_for_no_items(tmp_path: Any) -> None:
    path = tmp_path / "out"
    out, err = result("csv", {"items": []}, out=path)
    assert out == ""
    assert path.read_text() == ""
    assert "undo" in err


# Rows


def test_codes_reads_one_column() -> None:
    columns = [Column("id", ValueKind.INT), Column("code"), Column("name")]
    assert Kept("codes").output.pick(columns) == [columns[1]]
    assert Kept("codes").output.pick(columns, key="id") == [columns[0]]
    assert Kept("codes", fields=["name"]).output.pick(columns) == [columns[2]]
    with pytest.raises(UsageError) as caught:
        Kept("codes", fields=["name", "id"]).output.pick(columns)
    assert caught.value.code == "output.codes.fields"


@pytest.mark.parametrize("format", FORMATS)
def test_picking_first_gives_the_same_output(format: str) -> None:
    columns = [
        Column("id", ValueKind.INT),
        Column("code", table=False),
        Column("contacts", ValueKind.JSON, hidden=True),
        Column("x"),
    ]
    row = (1, "A", '[{"email":"e"}]', "=x")
    for fields in (None, ["contacts.email"] if format == "codes" else ["x", "contacts.email"]):
        whole = shown(format, lambda o: o.rows(columns, [[row]]), fields=fields)

        def picked(output: Output) -> None:
            read = output.pick(columns)
            output.rows(read, [[tuple(row[columns.index(column)] for column in read)]])

        assert shown(format, picked, fields=fields) == whole


@pytest.mark.parametrize("format", FORMATS)
def test_an_unknown_field_is_known_before_anything_is_read(format: str) -> None:
    def rows() -> Any:
        pytest.fail("read")
        yield

    kept = Kept(format, fields=["nothing"])
    with pytest.raises(UsageError):
        kept.output.rows([Column("code")], rows())
    assert kept.out == ""


# Terminals


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("color", ["never", "always"])
def test_no_raw_control_byte_reaches_a_terminal(format: str, color: str) -> None:
    """Every attack in every place that data has, and nothing but our own colours comes out."""
    columns = [Column("code"), Column("active", ValueKind.BOOL), Column("tags", ValueKind.JSON)]

    def card(obj: Any, style: Any) -> list[str]:
        return [f"{obj['code']}{style.red(obj['code'])}"]

    def use(output: Output) -> None:
        for text in ATTACKS.values():
            nested = {"code": text, "x": [text, {text: text}], text: text}
            output.rows(columns, [[(text, 0, json.dumps([text])), (text, 1, [text])]], dim="active")
            output.record(nested)
            output.record(nested, card=card)
            output.result(RESULT | {"items": [nested], "warnings": [text], "operation": text})

    out, err = on_terminal(use, format, color=color)
    for text in (out, err):
        for code in ("1", "2", "31", "33", "0"):
            text = text.replace(f"\x1b[{code}m", "") if color == "always" else text
        allowed = {"\n", "\t"} if format == "tsv" else {"\n"}
        assert {char for char in text if not char.isprintable()} <= allowed
    assert "\\" in out


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("format", ["json", "ndjson"])
def test_json_on_a_terminal_means_the_same(format: str) -> None:
    rows = [(text,) for text in ATTACKS.values()]
    out, _ = on_terminal(lambda output: output.rows([Column("code")], [rows]), format)
    plain, _ = shown(format, lambda output: output.rows([Column("code")], [rows]))
    load = json.loads if format == "json" else lambda t: [json.loads(x) for x in t.split("\n")[:-1]]
    assert load(out) == load(plain)


def test_off_a_terminal_data_is_raw() -> None:
    rows = [("\u202ea\x1b",)]
    assert shown("csv", lambda o: o.rows([Column("c")], [rows]))[0] == "c\n\u202ea\x1b\n"
    assert "\u202e" in shown("ndjson", lambda o: o.rows([Column("c")], [rows]))[0]
    assert "\\u202e" in shown("table", lambda o: o.rows([Column("c")], [rows]))[0]


# What is loaded

HEAVY = {"tabulate", "wcwidth", "csv", "difflib", "tempfile", "pydantic", "click", "shutil"}
PROBE = """
import io, sys
from interop_cli.output import Column, ValueKind, Output
out = Output({format!r}, stdout=io.StringIO(), stderr=io.StringIO(), environ={{}})
out.rows([Column("code"), Column("active", ValueKind.BOOL)], [[("A", 1)]])
out.record({{"code": "A"}}, card=lambda obj, style: ["x"])
out.message("x")
out.finish()
print(*sorted({heavy!r} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("format", "loaded"), [("json", ""), ("ndjson", ""), ("csv", "csv"), ("tsv", "")]
)
def test_a_read_loads_little(format: str, loaded: str) -> None:
    code = PROBE.format(format=format, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == (loaded, "")


def test_codes_of_a_result_name_what_has_no_number_yet_by_its_id() -> None:
    items = [{"id": 5, "number": None}, {"id": 6, "number": "1042"}]
    assert result("codes", {"items": items})[0] == "#5\n1042\n"
