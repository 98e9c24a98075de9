"""Lists of contacts, addresses, notes and documents: pages, order and search, on both engines."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product

import pytest

from interop_cli.commands.client.reading import nested_columns
from interop_cli.domain.errors import InteropError
from interop_cli.domain.fields import Kind
from interop_cli.domain.fields.field import ValueKind
from interop_cli.domain.rules import Context
from interop_cli.output.rows import pick_together, whole
from interop_cli.services.people import addresses as address_service
from interop_cli.services.people import contacts as contact_service
from interop_cli.services.people import notes as note_service
from interop_cli.services.sales import documents as document_service
from interop_cli.store.reading import addresses, clients, contacts, documents, lists, notes
from interop_cli.store.store import Store
from tests.output.terminals import Kept
from tests.support.stores import Fill, add_client

ENDLESS = 100  # rows, of which there are not so many: the pages go in a circle
VIEWS = {
    "contact": contacts.VIEW,
    "address": addresses.VIEW,
    "note": notes.VIEW,
    "document": documents.VIEW,
}


@pytest.fixture(scope="module")
def shop(filled: Callable[[Fill], Store]) -> Store:
    """What ``fill`` makes."""
    return filled(fill)


def fill(store: Store) -> None:
    """Two clients with parts that are alike in some fields and lack others."""
    rules = Context()
    for code, name in (("DOYON", "Imprimerie Doyon"), ("ALPHA", "Alpha Éditions")):
        add_client(store, name, code=code)
        for person in (
            {"name": "Léa Côté", "email": f"lea@{code.lower()}.example", "phone": "418 555-0123"},
            {"name": "Luc Roy", "title": "Acheteur"},
            {"name": "Ann Roy", "email": f"ann@{code.lower()}.example", "active": False},
        ):
            store.run(
                lambda uow, of=code, it=person: contact_service.create(uow, of, it, rules),
                operation="contact.create",
            )
        place = {"line1": "5, rue du Port", "city": "Lévis", "postal_code": "G6V 1A1"}
        store.run(
            lambda uow, of=code, it=place: address_service.create(uow, of, it, rules),
            operation="address.create",
        )
        for text, category in (("Appeler avant", "production"), ("Quai 3", "Facturation")):
            store.run(
                lambda uow, of=code, it=(text, category): note_service.create(
                    uow, of, {"text": it[0], "category": it[1]}, rules
                ),
                operation="note.create",
            )
        for day in ("2026-01-05", "2026-01-05", "2025-07-01"):
            made = {"date": day, "subtotal": "100", "number": None, "status": "draft"}
            store.run(
                lambda uow, of=code, it=made: document_service.add(uow, of, "quote", it, rules),
                operation="sales.document.add",
            )


def ids(store: Store, view: lists.ListView, **asked: object) -> list[int]:
    query = lists.RowQuery(**asked)  # type: ignore[arg-type]
    return [row[0] for batch in lists.rows(store.conn, view, query, ["id"]) for row in batch]


def paged(store: Store, view: lists.ListView, sort: str | None) -> list[int]:
    found: list[int] = []
    while len(found) < ENDLESS and (
        page := ids(store, view, sort=sort, limit=2, after=f"#{found[-1]}" if found else None)
    ):
        found += page
    return found


@pytest.mark.parametrize("entity", VIEWS)
@pytest.mark.parametrize("asked", ["TRUE", "c.merged_into_id IS NULL", "c.name_key IS NULL"])
def test_what_a_list_holds_is_counted_with_or_without_its_clients(
    shop: Store, entity: str, asked: str
) -> None:
    condition = lists.Condition(asked, {})
    found = lists.rows(shop.conn, VIEWS[entity], lists.RowQuery(condition), ["id"])
    assert lists.count(shop.conn, VIEWS[entity], condition) == sum(map(len, found))


@pytest.mark.parametrize("entity", VIEWS)
def test_pages_are_the_whole_list_in_any_order(shop: Store, entity: str) -> None:
    view = VIEWS[entity]
    whole = ids(shop, view)
    assert len(whole) == len(set(whole)) > 2
    assert paged(shop, view, None) == whole
    for field in view.fields:
        for sort in (field.name, f"-{field.name}"):
            assert paged(shop, view, sort) == ids(shop, view, sort=sort), sort
            assert sorted(ids(shop, view, sort=sort)) == sorted(whole)
        there = ids(shop, view, sort=field.name)
        assert ids(shop, view, sort=f"-{field.name}") == there[::-1]


def test_pages_of_clients_are_the_whole_list_in_any_order(store: Store) -> None:
    fill(store)
    for number in range(3):
        add_client(store, "Même nom", email="a@b.example" if number else None)
    for field in clients.LISTED:
        for sort in (field.name, f"-{field.name}"):
            query = clients.ListQuery("all", sort=sort)
            rows = [
                one for batch in clients.client_rows(store.conn, query, ["id"]) for one in batch
            ]
            whole = [row[0] for row in rows]
            found: list[int] = []
            while True:
                after = f"#{found[-1]}" if found else None
                page = clients.ListQuery("all", sort=sort, limit=2, after=after)
                batches = list(clients.client_rows(store.conn, page, ["id"]))
                if not batches or not batches[0]:
                    break
                found += [row[0] for row in batches[0]]
            assert found == whole, sort


def test_the_own_order_has_the_main_ones_first(shop: Store) -> None:
    columns = ["client", "active", "default", "name"]
    rows = [
        row
        for batch in lists.rows(shop.conn, contacts.VIEW, lists.RowQuery(), columns)
        for row in batch
    ]
    assert [(row[0], row[3]) for row in rows] == [
        ("ALPHA", "Léa Côté"),
        ("ALPHA", "Luc Roy"),
        ("ALPHA", "Ann Roy"),
        ("DOYON", "Léa Côté"),
        ("DOYON", "Luc Roy"),
        ("DOYON", "Ann Roy"),
    ]


@pytest.mark.parametrize(
    ("entity", "text", "count"),
    [
        ("contact", "ROY", 4),
        ("contact", "lea cote", 2),
        ("contact", "roy doyon", 2),
        ("contact", "555-0123", 2),
        ("contact", "(418) 555-0123", 2),
        ("contact", "acheteur", 2),
        ("contact", "nobody", 0),
        ("contact", "%", 0),
        ("contact", "lea@doyon", 1),
        ("address", "levis", 2),
        ("address", "éditions port", 1),
        ("address", "G6V", 2),
        ("document", "imprimerie", 3),
        ("note", "quai", 2),
        ("note", "facturation doyon", 1),
    ],
)
def test_a_search_finds_all_the_words(shop: Store, entity: str, text: str, count: int) -> None:
    view = VIEWS[entity]
    found = ids(shop, view, condition=lists.searching(shop.conn, view, text))
    assert len(found) == count
    assert lists.count(shop.conn, view, lists.searching(shop.conn, view, text)) == count


@pytest.mark.parametrize("entity", VIEWS)
@pytest.mark.parametrize("ref", ["999", "#999", "x", "", "-1", "٣x"])
def test_a_page_after_nobody_is_an_error(shop: Store, entity: str, ref: str) -> None:
    with pytest.raises(InteropError) as caught:
        ids(shop, VIEWS[entity], after=ref)
    assert caught.value.code == f"{entity}.not_found"


def test_every_searched_field_is_text() -> None:
    for view in VIEWS.values():
        found = {field.name: field.kind for field in view.fields}
        assert set(view.searched) <= set(found)
        assert not {found[name] for name in view.searched} & {Kind.INT, Kind.BOOL, Kind.TIME}


ASKED: tuple[list[str] | None, ...] = (
    None,
    ["name", "active"],
    ["active", "tags", "id", "notes", "bill_to", "prospect"],
    ["notes.text", "name", "code"],
    ["tags", "name"],
    ["tags"],
)
# As nobody of us writes them, with and without what the engines write otherwise.
TAGS = (
    r'["é, \u00e9", "x"]',
    '["a","b" ,\n"c, d", " e"]',
    r'["\"", "\\", "\n\t\u001f", "\ud83d\ude00", ", "]',
    '[", "]',
    '["\x7f"]',
    '["a\x1f\x0b"]',
    " [ ] ",
    "[",
    'no "JSON" [1]',
    "",
)


def test_the_text_an_engine_makes_is_the_one_the_output_makes(store: Store) -> None:
    fill(store)
    signs = "".join(map(chr, [*range(1, 0x180), 0x2028, 0x2029, 0xFEFF, 0xFFFD, 0x1F600]))
    for code, text in (("DOYON", signs), ("ALPHA", r"a\"b\u00e9\/'%s{}[1:-1]")):
        sql = "UPDATE client SET name = :text, prospect = 1, tags = :tags WHERE code = :code"
        with store.conn.write():
            store.conn.execute(sql, text=text, tags=TAGS[0], code=code)
    for number, tags in enumerate(TAGS):
        add_client(store, f"Étiquettes {number}", code=f"T-{number}")
        with store.conn.write():
            sql = "UPDATE client SET tags = :tags WHERE code = :code"
            store.conn.execute(sql, tags=tags, code=f"T-{number}")
    shown = [*(one.column for one in clients.LISTED), *nested_columns()]
    for form, asked in product(("ndjson", "json"), ASKED):
        one_by_one, together = Kept(form, fields=asked), Kept(form, fields=asked)
        apart = one_by_one.output.pick(shown)
        joined = pick_together(together.output, shown, clients.COLUMNS)
        for kept, columns in ((one_by_one, apart), (together, joined)):
            names = [column.name for column in columns]
            rows = clients.client_rows(store.conn, clients.ListQuery("all"), names)
            kept.output.rows(columns, rows)
        assert together.out == one_by_one.out
        if members := whole(joined):
            made = Kept(form, fields=asked)
            blocks = clients.client_objects(store.conn, clients.ListQuery("all"), members)
            made.output.objects(blocks)
            assert made.out == one_by_one.out


def test_objects_of_more_members_than_a_function_takes(store: Store) -> None:
    add_client(store, "L'\"Œuvre", code="A")
    members = [
        (f"m{at}", *(("c.name", ValueKind.TEXT) if at % 2 else ("c.id", ValueKind.INT)))
        for at in range(120)
    ]
    members[49] = ("m49", "c.tags", ValueKind.JSON)
    (block,) = store.conn.objects(members, " FROM client c", {})
    found = json.loads(block)
    assert list(found) == [name for name, _sql, _kind in members]
    assert (found["m48"], found["m49"], found["m51"], found["m118"]) == (1, [], "L'\"Œuvre", 1)


def test_what_is_missing_is_null_in_an_object(store: Store) -> None:
    for number in range(3):
        add_client(store, "null", code=f"N{number}")
    some = "CASE WHEN c.id = 2 THEN c.{} END"
    columns = (("id", ValueKind.INT), ("active", ValueKind.BOOL), ("name", ValueKind.TEXT))
    members = [(name, some.format(name), kind) for name, kind in columns]
    text = b"".join(store.conn.objects(members, " FROM client c ORDER BY c.id", {}))
    none = dict.fromkeys(name for name, _kind in columns)
    found = [json.loads(line) for line in text.splitlines()]
    assert found == [none, {"id": 2, "active": True, "name": "null"}, none]


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_no_objects_are_an_empty_list(store: Store, form: str) -> None:
    kept = Kept(form)
    kept.output.objects(clients.client_objects(store.conn, clients.ListQuery(), ["id", "code"]))
    assert kept.out == {"json": "[]\n", "ndjson": ""}[form]
