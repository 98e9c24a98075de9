"""One file for all: what is exported comes back as it was, nested and flat, on both engines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.rules import Context
from interop_cli.services.imports.clients import Import
from interop_cli.services.seeding import SeedRecord
from interop_cli.store.reading import clients, exports
from interop_cli.store.store import Store
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.support.campaigns import share
from tests.support.stores import dump

EVERYTHING = clients.ListQuery(status="all")
PLAIN = [
    name
    for name in (field.name for field in clients.LISTED)
    if name not in ("id", "version", "created_at", "updated_at")
]

Try = Callable[[Callable[[UnitOfWork], Any]], Any]
words = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8).map(
    lambda text: f"x{text}"  # something is left of it when it is folded
)
optional = st.none() | words
places: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {
            "line1": "1, rue A",
            "city": "Alma",
            "province": "QC",
            "postal_code": "G8B 1A1",
            "country": "CA",
        },
        {
            "line1": "2, rue B",
            "line2": "app. 3",
            "city": "Québec",
            "province": "QC",
            "postal_code": "G1K 7X2",
            "country": "CA",
        },
        {
            "line1": "3 Main St",
            "city": "Albany",
            "province": "NY",
            "postal_code": "12207",
            "country": "US",
        },
        {
            "line1": "4 rue D",
            "city": "Paris",
            "province": None,
            "postal_code": "75001",
            "country": "FR",
        },
    ]
)
phones = st.sampled_from([None, "+14185550134", "+14185550134;ext=22", "0 800 nobody"])
extras: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"label": optional, "attention": optional, "phone": phones, "instructions": optional}
)
people: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "name": words,
        "title": optional,
        "phone": phones,
        "mobile": phones,
        "email": st.none() | st.sampled_from([f"{who}@example.com" for who in "abcdef"]),
        "language": st.sampled_from([None, "fr", "en"]),
        "active": st.sampled_from([None, True, False]),
        "billing_copy": st.booleans(),
    }
)
notes: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "category": st.sampled_from(["ventes", "général"]),
        "text": st.lists(words, min_size=1, max_size=3).map("\n".join),
        "author": optional,
        "created_at": st.sampled_from(["2025-01-02T03:04:05Z", "2026-02-03T00:00:00Z"]),
        "attachments": st.lists(
            st.fixed_dictionaries({"name": words, "content": st.just("QUJD")}),
            max_size=2,
            unique_by=lambda attached: attached["name"],
        ),
    }
)


def by_name(part: dict[str, Any]) -> str:
    return str(part["name"]).casefold()


def by_email(person: dict[str, Any]) -> object:
    return person["email"] or id(person)


def by_text(note: dict[str, Any]) -> str:
    return str(note["text"])


@st.composite
def some_clients(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Clients as NDJSON has them, each with its parts."""
    found = []
    for number in range(draw(st.integers(1, 3))):
        contacts = draw(st.lists(people, max_size=3, unique_by=(by_name, by_email)))
        for flag in ("default", "billing"):
            holder = draw(st.integers(-1, len(contacts)))
            for index, person in enumerate(contacts):
                person[flag] = index == holder
        found.append(
            {
                "code": f"C{number}",
                "name": draw(words),
                "active": draw(st.booleans()),
                **draw(places),
                "contacts": contacts,
                "addresses": [
                    *([{"main": True, **draw(extras)}] if draw(st.booleans()) else []),
                    *draw(st.lists(st.builds(dict.__or__, places, extras), max_size=2)),
                ],
                "notes": draw(st.lists(notes, max_size=2, unique_by=by_text)),
            }
        )
    return found


def taken(uow: UnitOfWork, rows: list[dict[str, Any]]) -> Any:
    """Import objects; the outcome."""
    return Import(uow, Context()).run(SeedRecord(n, row) for n, row in enumerate(rows, 1))


def written(store: Store, *rows: dict[str, Any]) -> Any:
    """Import objects for good; the outcome."""
    return store.run(lambda uow: taken(uow, list(rows)), operation="test")[0]


def nested(uow: UnitOfWork) -> list[dict[str, Any]]:
    """The export as objects, through JSON."""
    columns = exports.nested_columns()
    names = [*PLAIN, *(column.name for column in columns)]
    as_text = {"accounting", "tags"}
    return [
        {
            name: json.loads(value) if name in as_text and isinstance(value, str) else value
            for name, value in zip(names, row, strict=True)
        }
        for batch in exports.rows(uow.conn, EVERYTHING, names)
        for row in batch
    ]


def emptied(uow: UnitOfWork) -> None:
    for table in ("attachment", "note", "contact", "address", "client_code", "client"):
        uow.writer.delete(table, "TRUE")


@pytest.fixture
def tries(store: Store) -> Try:
    """Run something in a transaction that is then rolled back."""
    return lambda work: store.run(work, operation="test", dry_run=True)[0]


roundtrip = settings(
    max_examples=share(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@roundtrip
@given(rows=some_clients())
def test_what_is_exported_comes_back_as_it_was(tries: Try, rows: list[dict[str, Any]]) -> None:
    def work(uow: UnitOfWork) -> None:
        taken(uow, rows)
        first = nested(uow)
        emptied(uow)
        told = taken(uow, json.loads(json.dumps(first))).extra
        assert (told["created"], told["updated"]) == (len(rows), 0)
        assert nested(uow) == first
        # A second time nothing changes; nor does it with the file that was first read.
        before = dump(uow.conn)
        assert taken(uow, first).changed == 0
        assert taken(uow, rows).changed == 0
        assert dump(uow.conn) == before

    tries(work)


@roundtrip
@given(rows=some_clients())
def test_the_flat_form_comes_back_too(
    tries: Try, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    from interop_cli.commands.client.files import fields
    from interop_cli.inputs.mapping.columns import parse_pairs
    from interop_cli.inputs.source import open_source
    from interop_cli.output import Output
    from interop_cli.shell.import_options import ImportOptions
    from interop_cli.shell.importing import ImportReader

    asked = ImportOptions(
        encoding=None,
        delimiter=None,
        continue_on_error=False,
        rejects=None,
        results=None,
        form="csv",
    )
    path = tmp_path / "clients.csv"

    def exported(uow: UnitOfWork) -> str:
        own = [field.column for field in clients.LISTED if field.name in PLAIN]
        columns = [*own, *exports.flat_columns(uow.conn, EVERYTHING)[0]]
        names = [one.name for one in columns]
        batches = exports.rows(uow.conn, EVERYTHING, names, files=False, complete=True)
        Output("csv", out=path).rows(columns, batches)
        return path.read_text("utf-8")

    for row in rows:
        for note in row["notes"]:
            note["attachments"] = []

    def work(uow: UnitOfWork) -> None:
        taken(uow, rows)
        first = exported(uow)
        emptied(uow)
        with open_source(str(path), None) as source:
            for created in (len(rows), 0):
                reader = ImportReader(
                    source, asked, fields(), parse_pairs(()), lambda _read=1: None
                )
                outcome = Import(uow, Context()).run(reader.records())
                assert (outcome.extra["created"], outcome.extra["updated"]) == (created, 0)
        assert exported(uow) == first

    tries(work)


HERE = {"code": "C", "name": "C", "line1": "1, rue A", "city": "Alma", "postal_code": "G8B 1A1"}


def refused(tries: Try, *rows: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidData) as caught:
        tries(lambda uow: taken(uow, [HERE | row for row in rows]))
    return [(detail.path, detail.code) for detail in caught.value.details]


@pytest.mark.parametrize(
    ("row", "details"),
    [
        ({"contact.email": "a@example.com"}, [("contact.name", "field.missing")]),
        ({"contact2.name": "A", "contact2.email": "no"}, [("contact2.email", "email.format")]),
        ({"contacts": {"name": "A"}}, [("contacts", "field.list_type")]),
        ({"contacts": ["A"]}, [("contacts.0", "field.dict_type")]),
        ({"contacts": [{"name": "A", "nom": "B"}]}, [("contacts.0.nom", "field.extra_forbidden")]),
        (
            {"contacts": [{"name": "A", "default": True}, {"name": "B", "default": "oui"}]},
            [("contacts.1.default", "import.flag.twice")],
        ),
        (
            {"contacts": [{"name": "A", "email": "a@x.ca"}, {"name": "B", "email": "A@x.ca"}]},
            [("contacts.1.email", "contact.email.duplicate")],
        ),
        (
            {"addresses": [{"city": "Alma"}]},
            [("addresses.0.line1", "field.missing"), ("addresses.0.postal_code", "field.missing")],
        ),
        (
            {"addresses": [{"main": True, "city": "Québec"}]},
            [("addresses.0.city", "import.address.main")],
        ),
        (
            {"addresses": [{"main": True}, {"main": True}]},
            [("addresses.1.main", "import.flag.twice")],
        ),
        (
            {"note.category": "rumeurs", "note.text": "x"},
            [("note.category", "note.category.unknown")],
        ),
        (
            {"notes": [{"text": "x", "attachments": [{"name": "a", "content": "é"}]}]},
            [("notes.0.attachments.0.content", "import.base64")],
        ),
        ({"contact.name": "\x00", "note.text": ""}, [("contact.name", "text.control")]),
        ({"logo": "data:image/png;base64,QUJD"}, [("logo", "client.logo.format")]),
    ],
)
def test_what_is_wrong_has_its_place(
    tries: Try, row: dict[str, Any], details: list[tuple[str, str]]
) -> None:
    assert refused(tries, row) == details


def test_flags_and_names_may_change_hands_in_one_file(store: Store) -> None:
    ana, bob = {"name": "Ana", "email": "a@x.ca"}, {"name": "Bob", "email": "b@x.ca"}
    first = HERE | {"contacts": [ana | {"default": True}, bob | {"billing": True}]}
    written(store, first)
    second = HERE | {"contacts": [ana | {"billing": True}, bob | {"default": True}]}
    written(store, second)

    def found(*names: str) -> list[tuple[Any, ...]]:
        rows = store.conn.query(f"SELECT {', '.join(names)} FROM contact ORDER BY id")
        return [tuple(row.values()) for row in rows]

    assert found("name", "is_default", "billing") == [("Ana", 0, 1), ("Bob", 1, 0)]
    # Matched by e-mail, so what is exchanged is the names.
    swapped = [ana | {"email": "b@x.ca"}, bob | {"email": "a@x.ca"}]
    written(store, HERE | {"contacts": swapped})
    assert found("name", "email") == [("Bob", "a@x.ca"), ("Ana", "b@x.ca")]


def test_what_the_file_does_not_name_stays(store: Store) -> None:
    full = HERE | {
        "contacts": [{"name": "Ana", "billing": True}],
        "addresses": [{"line1": "9", "city": "Alma", "postal_code": "G8B 1A1", "label": "Dépôt"}],
        "notes": [{"text": "Bonjour"}],
    }
    written(store, full)
    before = dump(store.conn)
    rows: list[dict[str, Any]] = [
        HERE,
        HERE | {"contacts": [], "notes": None},
        HERE | {"contact.name": ""},
    ]
    for row in rows:
        outcome = written(store, row)
        assert outcome.unchanged == 1
    assert dump(store.conn) == before
    # An address known by its label moves; an empty cell clears what may be empty.
    moved = HERE | {
        "address.label": "depot",
        "address.line1": "10",
        "address.city": "Alma",
        "address.postal_code": "G8B 1A1",
        "contact.name": "ANA",
        "contact.billing": "",
    }
    written(store, moved)
    assert store.conn.query("SELECT line1 FROM address WHERE main = 0") == [{"line1": "10"}]
    rows = store.conn.query("SELECT name, billing FROM contact")
    assert rows == [{"name": "ANA", "billing": 1}]


def test_a_client_made_inactive_by_a_file_takes_its_contacts_along(store: Store) -> None:
    def status() -> list[tuple[Any, ...]]:
        rows = store.conn.query("SELECT active, deactivated_with FROM contact ORDER BY id")
        return [tuple(row.values()) for row in rows]

    people = [{"name": "Ana"}, {"name": "Bob", "active": False}]
    for row, expected in (
        ({"contacts": people}, [(1, 0), (0, 0)]),
        ({"active": False}, [(0, 1), (0, 0)]),
        ({"active": True}, [(1, 0), (0, 0)]),
        ({"active": False, "contacts": people}, [(0, 1), (0, 0)]),
        # What a card says of a contact that left with its client does not cut it off.
        ({"contacts": [{"name": "Ana", "active": False}]}, [(0, 1), (0, 0)]),
        ({"active": True, "contacts": [{"name": "Bob", "active": True}]}, [(1, 0), (1, 0)]),
    ):
        written(store, HERE | row)
        assert status() == expected


def test_a_note_is_known_by_its_text(store: Store) -> None:
    def found() -> list[tuple[Any, ...]]:
        rows = store.conn.query("SELECT category, text, author, noted_at FROM note ORDER BY id")
        return [tuple(row.values()) for row in rows]

    written(store, HERE | {"note.text": "Quai 3"})
    assert found() == [("général", "Quai 3", "tester", "2026-11-24T12:00:00Z")]
    changes: list[dict[str, Any]] = [
        {"note.text": "Quai 3", "note.category": "expédition", "note.author": ""},
        {"note.text": "Quai 3", "note.category": ""},
        {"notes": [{"text": "Quai 3", "created_at": "2020-01-02"}]},
    ]
    for change in changes:
        written(store, HERE | change)
    assert found() == [("expédition", "Quai 3", None, "2020-01-02T00:00:00Z")]
    written(store, HERE | {"note.text": "Quai 4"})
    assert len(found()) == 2
