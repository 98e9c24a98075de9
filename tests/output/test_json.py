"""Rows as JSON and ndjson."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.i18n import set_language
from interop_cli.output import Column, ValueKind
from interop_cli.output.columns import embed, listed, loaded
from tests.output.terminals import Kept

K = ValueKind
COLUMNS = [
    Column("id", K.INT),
    Column("name"),
    Column("active", K.BOOL),
    Column("date", K.DATE),
    Column("created_at", K.TIME),
    Column("total_cents", K.MONEY),
    Column("tags", K.JSON),
]
ROWS: list[tuple[Any, ...]] = [
    (1, 'Été "A"\n\\', 1, "2026-01-31", "2026-01-31T00:00:00Z", -5, '["a", "b"]'),
    (2, None, 0, None, None, None, None),
    (3, "", None, "", "", 0, '{"x": {"y": [1.5, null, true]}}'),
]
OBJECTS = [
    {
        "id": 1,
        "name": 'Été "A"\n\\',
        "active": True,
        "date": "2026-01-31",
        "created_at": "2026-01-31T00:00:00Z",
        "total_cents": -5,
        "tags": ["a", "b"],
    },
    dict.fromkeys(["id", "name", "active", "date", "created_at", "total_cents", "tags"])
    | {"id": 2, "active": False},
    {
        "id": 3,
        "name": "",
        "active": None,
        "date": "",
        "created_at": "",
        "total_cents": 0,
        "tags": {"x": {"y": [1.5, None, True]}},
    },
]


def written(
    format: str,
    columns: list[Column] = COLUMNS,
    batches: list[list[tuple[Any, ...]]] | None = None,
    **options: Any,
) -> str:
    kept = Kept(format, **options)
    kept.output.rows(columns, [ROWS[:2], [], ROWS[2:]] if batches is None else batches)
    return kept.out


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_ndjson_is_an_object_a_line() -> None:
    text = written("ndjson")
    assert lines(text) == OBJECTS
    assert list(lines(text)[0]) == [column.name for column in COLUMNS]
    assert text.count("\n") == 3
    assert "É" in text, "UTF-8, not escapes"


def test_json_is_an_array_with_an_object_a_line() -> None:
    text = written("json")
    assert json.loads(text) == OBJECTS
    assert text.count("\n") == 5
    assert text.endswith("}\n]\n")


@pytest.mark.parametrize("batches", [[], [[]], [[], []]])
def test_nothing(batches: list[list[tuple[Any, ...]]]) -> None:
    assert written("json", batches=batches) == "[]\n"
    assert written("ndjson", batches=batches) == ""


def test_any_iterable_of_batches_of_any_sequence() -> None:
    kept = Kept("ndjson")
    kept.output.rows([Column("id", K.INT)], (([1], [2]) for _ in range(2)))
    assert lines(kept.out) == [{"id": 1}, {"id": 2}] * 2


def test_one_column_and_no_column() -> None:
    assert written("ndjson", [Column("id", K.INT)], [[(1,)]]) == '{"id":1}\n'
    assert written("ndjson", [Column("id", hidden=True)], [[(1,)]]) == "{}\n"


def test_fields_choose_and_order() -> None:
    assert lines(written("ndjson", fields=["tags", "id"]))[0] == {"tags": ["a", "b"], "id": 1}


def test_dotted_fields_are_flat_keys() -> None:
    columns = [Column("code"), Column("contacts", K.JSON, hidden=True), Column("o", K.JSON)]
    contacts = '[{"email":"a@x","address":{"city":"Q"}},{"email":null}]'
    rows = [("A", contacts, '{"it\'s":{"b":"\\"c"}}'), ("B", None, [{"it's": 1}]), ("C", "[]", "x")]
    fields = ["contacts.email", "contacts.address.city", "o.it's.b", "code"]
    got = lines(written("ndjson", columns, [rows], fields=fields))
    assert got == [
        dict(zip(fields, [["a@x", None], ["Q", None], '"c', "A"], strict=True)),
        dict(zip(fields, [None, None, [None], "B"], strict=True)),
        dict(zip(fields, [[], [], None, "C"], strict=True)),
    ]


@pytest.mark.parametrize("name", ["a'b", 'a"b', "a{b}", "a\\b", "}'''{1/0}", "%s", "é\n", "{{"])
def test_no_name_of_a_field_is_taken_for_code(name: str) -> None:
    assert lines(written("ndjson", [Column(name)], [[("x",)]])) == [{name: "x"}]
    nested = [Column("o", K.JSON)]
    got = lines(written("ndjson", nested, [[({name: 1},)]], fields=[f"o.{name}"]))
    assert got == [{f"o.{name}": 1}]


def test_values_of_another_type_than_their_column() -> None:
    rows: list[tuple[Any, ...]] = [("12", 5, "x", 1.5, b"\xff", "1e3", "not JSON [")]
    [got] = lines(written("ndjson", batches=[rows]))
    assert list(got.values()) == ["12", 5, True, 1.5, "b'\\xff'", "1e3", "not JSON ["]


def test_json_of_a_database_is_on_one_line_whatever_its_spaces() -> None:
    column = [Column("t", K.JSON)]
    texts = ['["a","b"]', '[ "a",\n "b" ]', '["a", "b"]']
    assert written("ndjson", column, [[(t,) for t in texts]]) == '{"t":["a","b"]}\n' * 3
    assert written("ndjson", column, [[(["a", "b"],)]]) == '{"t":["a","b"]}\n'
    deep = "[" * 100_000
    assert lines(written("ndjson", column, [[(deep,)]])) == [{"t": deep}]


def test_a_lone_surrogate_is_escaped() -> None:
    text = written("ndjson", [Column("t")], [[("a\udc80",)]])
    assert text == '{"t":"a\\udc80"}\n'
    assert lines(text) == [{"t": "a\udc80"}]


def test_the_same_bytes_in_every_language() -> None:
    seen = set()
    for language in ("en", "fr"):
        set_language(language)
        try:
            seen.add(
                "".join(
                    written(format, **options)
                    for format in ("json", "ndjson", "csv", "tsv")
                    for options in ({}, {"fields": ["tags", "total_cents", "active"]})
                )
            )
        finally:
            set_language("en")
    assert len(seen) == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
VALUES = {
    K.TEXT: st.none() | st.text(st.characters()),
    K.DATE: st.none() | st.dates().map(str),
    K.TIME: st.none() | st.text(),
    K.PHONE: st.none() | st.text(),
    K.INT: st.none() | st.integers(),
    K.MONEY: st.none() | st.integers(),
    K.BOOL: st.none() | st.booleans(),
    K.JSON: st.none() | st.lists(json_values) | st.dictionaries(st.text(), json_values),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Column], list[tuple[Any, ...]]]:
    names = draw(st.lists(st.text(), min_size=1, max_size=6, unique=True))
    columns = [Column(name, draw(st.sampled_from(list(VALUES)))) for name in names]
    row = st.tuples(*(VALUES[column.kind] for column in columns))
    return columns, draw(st.lists(row, max_size=4))


@given(tables(), st.booleans())
def test_what_goes_in_comes_out(
    table: tuple[list[Column], list[tuple[Any, ...]]], as_text: bool
) -> None:
    columns, rows = table
    given_rows = [
        tuple(
            json.dumps(value)
            if as_text and column.kind is K.JSON and value is not None
            else int(value)
            if column.kind is K.BOOL and value is not None
            else value
            for column, value in zip(columns, row, strict=True)
        )
        for row in rows
    ]
    wanted = [dict(zip([column.name for column in columns], row, strict=True)) for row in rows]
    assert json.loads(written("json", columns, [given_rows])) == wanted
    text = written("ndjson", columns, [given_rows])
    assert [json.loads(line) for line in text.split("\n")[:-1]] == wanted


@given(
    st.dictionaries(st.text(), st.none() | st.text() | st.integers(), min_size=1),
    st.lists(st.dictionaries(st.text(), st.text() | st.none() | st.lists(st.text()))),
)
def test_a_long_list_in_an_object_is_written_as_it_comes(
    obj: dict[str, Any], items: list[dict[str, Any]]
) -> None:
    """The same bytes as those of the whole."""
    obj.pop("items", None)
    obj["id"] = 1
    for format in ("json", "ndjson"):
        whole, pieces = Kept(format), Kept(format)
        whole.output.record({**obj, "items": items})
        pieces.output.record(obj, last=("items", iter(items)))
        assert pieces.bytes == whole.bytes


def test_a_long_list_of_a_card_is_a_table_below_it() -> None:
    items = [
        {"entity": "client", "action": "update", "before": {"terms": "net30"}},
        {"entity": "note", "action": "insert", "before": None},
    ]
    kept = Kept("table")
    kept.output.record({"id": 1, "name": "client.edit"}, last=("items", iter(items)))
    assert kept.out == (
        "Id    1\n"
        "Name  client.edit\n"
        "\n"
        "Items\n"
        "Entity  Action  Before\n"
        "------  ------  -----------------\n"
        'client  update  {"terms":"net30"}\n'
        "note    insert\n"
    )
    bare = Kept("table")
    bare.output.record({"id": 1}, last=("items", iter([])))
    assert bare.out == "Id  1\n"


def test_the_items_are_not_held() -> None:
    """Those that settle the widths of a table are."""
    from interop_cli.output import records
    from interop_cli.output.style import Style
    from interop_cli.output.table import BOUND

    made = 0

    def items() -> Any:
        nonlocal made
        for number in range(2 * BOUND):
            made = number
            yield {"n": number}

    for indent in (2, 0, None):
        chunks = records.streamed({"id": 1}, "items", items(), indent, Style(enabled=False))
        for _chunk, _number in zip(chunks, range(12), strict=False):
            pass
        assert made < (12 if indent is not None else BOUND + 12)


@given(
    st.lists(
        st.tuples(st.text(), st.none() | st.booleans() | st.integers() | st.text()), max_size=4
    )
)
def test_a_list_made_of_rows_is_that_of_objects(rows: list[tuple[str, object]]) -> None:
    objects = [{"field": field, "after": after} for field, after in rows]
    made = listed(("field", "after"), rows)
    assert embed(made) == embed(objects)
    assert loaded(made) == objects
