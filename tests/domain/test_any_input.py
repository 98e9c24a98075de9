"""Whatever a JSON file holds, an entity is built or the error names the fields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.address import Address
from interop_cli.domain.client import Client
from interop_cli.domain.contact import Contact
from interop_cli.domain.entity import Entity
from interop_cli.domain.errors import InvalidData
from interop_cli.domain.note import Note
from interop_cli.domain.rules import Context, Policy

text = st.text(st.characters(), max_size=25)
typical = st.sampled_from(
    [
        "",
        " ",
        "oui",
        "CA",
        "France",
        "H2X 1Y4",
        "514 555-0123 poste 2",
        "luc@acme.ca",
        "1,234",
        "Québec",
        "a,b",
        "x" * 300,
        "+",
        "p. 2",
        "\u202eabc",
        "Co. Cork",
        "1" * 200,
    ]
)
scalar = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), text, typical)
value = st.one_of(scalar, st.lists(scalar, max_size=3), st.dictionaries(text, scalar, max_size=3))


# A few fields of a good row are replaced, so that the others do not hide what they do.
GOOD = {
    "name": "Acme",
    "line1": "1 rue X",
    "city": "Montréal",
    "postal_code": "H2X 1Y4",
    "text": "x",
}


@pytest.mark.parametrize("entity", [Client, Address, Contact, Note])
@given(st.data())
def test_any_input(entity: type[Entity], data: st.DataObject) -> None:
    names = st.sampled_from(sorted(entity.model_fields))
    good = {name: value for name, value in GOOD.items() if name in entity.model_fields}
    values: dict[str, Any] = good | data.draw(st.dictionaries(names, value, max_size=4))
    rules = Context(Policy(allow_mismatch=data.draw(st.booleans())))
    try:
        built = entity.build(values, rules)
    except InvalidData as error:
        known = set(entity.model_fields)
        for detail in error.details:
            assert detail.path.split(".")[0] in known
            assert str(detail.message)
        return
    built.model_dump_json()
    again = entity.build(built.model_dump(), Context(Policy(allow_mismatch=True)))
    assert again == built
    for warning in rules.warnings:
        assert warning.path in entity.model_fields
        assert str(warning.message)
