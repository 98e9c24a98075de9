"""Clients compared as they are stored, on both engines."""

from __future__ import annotations

from interop_cli.domain.merging import pairs
from interop_cli.domain.rules import Context
from interop_cli.services.clients import merge
from interop_cli.services.people import contacts
from interop_cli.store.reading.duplicates import candidates
from interop_cli.store.store import Store
from tests.support.stores import add_client


def found(store: Store, status: str = "active") -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (pair.one.code, pair.other.code, pair.reasons)
        for pair in pairs(candidates(store.conn, status))
    ]


def test_what_clients_and_their_contacts_have_in_common(store: Store) -> None:
    add_client(store, name="Imprimerie Boréale inc.", code="A", phone="418 555-0134 poste 3")
    add_client(store, name="Imprimerie Boréale", code="B", line1="9 rue Z", postal_code="G1K 4A1")
    add_client(store, name="Autre", code="C", postal_code="H2X 1Y4", province="QC", city="Montréal")

    def add(uow):  # type: ignore[no-untyped-def]
        contacts.create(uow, "B", {"name": "Ana", "mobile": "418 555-0134"}, Context())
        return contacts.create(uow, "C", {"name": "Bob", "email": "bob@gmail.com"}, Context())

    store.run(add, operation="contact.create")
    assert found(store) == [("A", "B", ("same_name", "same_phone"))]


def test_what_was_merged_is_no_duplicate_any_more(store: Store) -> None:
    add_client(store, code="A")
    add_client(store, code="B")
    assert found(store, "all") == [("A", "B", ("same_name", "same_postal_code"))]
    store.run(lambda uow: merge.merge(uow, "A", ["B"]), operation="client.merge")
    assert found(store, "all") == []
