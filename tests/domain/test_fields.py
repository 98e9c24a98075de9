"""The tables of fields, the models and the schema say the same."""

from __future__ import annotations

import pytest

from interop_cli.domain.address import Address
from interop_cli.domain.client import Client
from interop_cli.domain.contact import Contact
from interop_cli.domain.document import Document, DocumentLine
from interop_cli.domain.entity import Entity
from interop_cli.domain.fields import ENTITIES, Kind
from interop_cli.domain.fields.field import SYSTEM, TEXTS, Field, listed
from interop_cli.domain.note import Note
from interop_cli.i18n import catalogue
from interop_cli.store.store import Store
from interop_cli.store.writing.tables import TABLES

MODELS: dict[str, type[Entity]] = {
    "client": Client,
    "contact": Contact,
    "address": Address,
    "note": Note,
    "document": Document,
    "line": DocumentLine,
}
TABLE_OF = {"line": "document_line"}
# What a document's model leaves to its repository: texts kept beside an id, and what is derived.
BESIDE = {"document": {"year"}, "line": {"document", "client", "position"}}


def own(entity: str) -> list[Field]:
    """The fields that stand in the entity's own table, the store's own left out."""
    return [
        field
        for field in ENTITIES[entity]
        if field.stored and not field.place and field.stands_in not in SYSTEM
    ]


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_name_stands_once(entity: str) -> None:
    names = [field.name for field in ENTITIES[entity]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("entity", ENTITIES)
def test_each_field_has_its_attribute_in_the_model(entity: str) -> None:
    attributes = set(MODELS[entity].model_fields)
    for field in own(entity):
        found = {field.name, field.stands_in} & attributes
        assert found or field.internal or field.name in BESIDE.get(entity, ()), field.name
        attributes -= found
    told = {field.name for field in ENTITIES[entity]}
    assert attributes <= {*told, *SYSTEM}


@pytest.mark.parametrize("entity", ENTITIES)
def test_the_table_in_the_database_has_these_columns(entity: str, store: Store) -> None:
    table = TABLES[TABLE_OF.get(entity, entity)]
    found = columns_of(store, table.name)
    assert set(found) == set(table.all_columns)
    for field in own(entity):
        if field.clear and field.kind in TEXTS:
            assert found[field.stands_in], f"{field.name} may be cleared, its column may not"


def columns_of(store: Store, table: str) -> dict[str, bool]:
    """The columns of a table in the database, and whether each may be NULL."""
    if store.conn.engine == "sqlite":
        rows = store.conn.query(
            f"SELECT name, \"notnull\" AS held FROM pragma_table_info('{table}')"
        )
        return {row["name"]: not row["held"] for row in rows}
    rows = store.conn.query(
        "SELECT column_name AS name, is_nullable AS open FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name = :table",
        table=table,
    )
    return {row["name"]: row["open"] == "YES" for row in rows}


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_field_that_is_shown_has_a_title_in_both_languages(entity: str) -> None:
    french = catalogue("fr")
    for field in listed(ENTITIES[entity]):
        for text in (field.title, field.help):
            assert not text or french.gettext(text), field.name
        assert field.title, field.name


def test_one_word_means_one_thing() -> None:
    titles: dict[str, set[str]] = {}
    for fields in ENTITIES.values():
        for field in fields:
            if field.title:
                titles.setdefault(field.name, set()).add(field.title)
    assert {name: found for name, found in titles.items() if len(found) > 1} == {}


def test_a_place_of_a_client_is_a_field_of_its_address() -> None:
    addresses = {field.name: field for field in ENTITIES["address"]}
    for field in ENTITIES["client"]:
        if field.place:
            assert (field.kind, field.help, field.key) == (
                addresses[field.name].kind,
                addresses[field.name].help,
                addresses[field.name].key,
            )


def test_who_may_be_cleared_is_text() -> None:
    """An empty flag or number would be neither yes nor no, neither one nor none."""
    for fields in ENTITIES.values():
        for field in fields:
            if field.clear and field.taken and not field.internal:
                assert field.kind not in (Kind.BOOL, Kind.INT), field.name
