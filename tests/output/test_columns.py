"""Which columns are read and shown for ``--fields``."""

from __future__ import annotations

import pytest

from interop_cli.domain.errors import UsageError
from interop_cli.output import Column, ValueKind, pick
from interop_cli.output.columns import choose, dig

COLUMNS = [
    Column("id", ValueKind.INT, table=False),
    Column("code"),
    Column("address.line1"),
    Column("contacts", ValueKind.JSON, hidden=True, members=("name", "email")),
    Column("extra", ValueKind.JSON),
]


def names(columns: list[Column]) -> list[str]:
    return [column.name for column in columns]


def test_without_fields_all_but_the_hidden() -> None:
    assert names(pick(COLUMNS, None)) == ["id", "code", "address.line1", "extra"]
    shown = choose(COLUMNS, None, table=True)
    assert [choice.name for choice in shown] == ["code", "address.line1", "extra"]


def test_fields_in_their_order_and_once() -> None:
    assert names(pick(COLUMNS, ["extra", "id", "extra"])) == ["extra", "id"]
    assert [choice.at for choice in choose(COLUMNS, ["extra", "id"])] == [4, 0]


def test_a_dotted_field_is_read_from_its_root() -> None:
    fields = ["contacts.email", "code", "contacts.name", "extra.a.b"]
    assert names(pick(COLUMNS, fields)) == ["contacts", "code", "extra"]
    assert [choice.name for choice in choose(COLUMNS, fields)] == fields
    assert choose(COLUMNS, fields)[3].path == ("a", "b")


def test_a_column_whose_name_has_a_dot_is_itself() -> None:
    [choice] = choose(COLUMNS, ["address.line1"])
    assert (choice.at, choice.path) == (2, ())


@pytest.mark.parametrize(
    ("field", "hint"),
    [
        ("coed", "Did you mean code?"),
        ("contacts.emial", "Did you mean contacts.email?"),
        ("code.x", "Did you mean code?"),
        ("extra.", "Did you mean extra?"),
        ("", "None"),
        ("zzz", "None"),
    ],
)
def test_an_unknown_field_names_the_list_and_the_nearest(field: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        pick(COLUMNS, ["id", field])
    error = caught.value
    assert (error.code, error.exit_code) == ("output.field.unknown", 2)
    assert str(error.hint) == hint
    assert error.data["field"] == field
    listed = "contacts.name, contacts.email" if "contacts" in field else "id, code, address.line1"
    assert listed in str(error.message)


def test_dig() -> None:
    value = {"a": [{"b": 1}, {"b": [2]}, {}, None, 3]}
    assert dig(value, ()) is value
    assert dig(value, ("a", "b")) == [1, [2], None, None, None]
    assert dig(value, ("a", "b", "c")) == [None, [None], None, None, None]
    assert dig(None, ("a",)) is None
    assert dig([], ("a",)) == []
