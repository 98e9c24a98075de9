"""Files of contacts and addresses: in any order of rows the same is written, to the right one."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interop_cli.domain.rules import Context
from interop_cli.services import Outcome
from interop_cli.services.imports.addresses import AddressImport
from interop_cli.services.imports.belonging import BelongingImport
from interop_cli.services.imports.contacts import ContactImport
from interop_cli.services.seeding import SeedRecord
from interop_cli.services.undoing import undo
from interop_cli.store.store import Store
from tests.support.campaigns import share
from tests.support.stores import add_client, dump

PLACE = {"city": "Alma", "postal_code": "G8B 1A1"}
OWNERS = (
    {"client": "DOYON"},
    {"client.name": "doyon INC."},
    {"client.external_id": "é-77"},
    {"client": "fabre"},
    {"client.email": "INFO@fabre.example"},
    {"client": "DOYON", "client.name": "Fabre"},
    {"client": "NOBODY"},
    {"client.email": "both@x.example"},
)
OWNER_OF = ("DOYON", "DOYON", "DOYON", "FABRE", "FABRE", "DOYON", None, None)
CONTACT = st.fixed_dictionaries(
    {"name": st.sampled_from(["Luc Roy", "LUC ROY", "Ève Côté", "Eve Cote"])},
    optional={
        "email": st.sampled_from(["", "a@x.example", "A@X.example", "b@x.example"]),
        "title": st.sampled_from(["", "un", "deux"]),
        "billing": st.sampled_from(["", "true", "false"]),
        "default": st.sampled_from(["", "true"]),
    },
)
ADDRESS = st.fixed_dictionaries(
    {"line1": st.sampled_from(["1, rue A", "3, rue C", "3, RUE C", "4, rue D"])},
    optional={
        "label": st.sampled_from(["", "Quai", "QUAI", "Bureau"]),
        "instructions": st.sampled_from(["", "Sonner"]),
        "main": st.sampled_from(["", "true", "false"]),
    },
).map(lambda own: {**PLACE, **own})


def rows(own: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.tuples(st.sampled_from(OWNERS), own).map(lambda pair: {**pair[0], **pair[1]})
    return st.lists(one, min_size=1, max_size=6)


class ByTwo(ContactImport):
    size: ClassVar[int] = 2


class AddressesByTwo(AddressImport):
    size: ClassVar[int] = 2


def take_in(
    store: Store, task: type[BelongingImport[Any]], found: list[dict[str, Any]]
) -> tuple[Outcome, int | None]:
    records = [SeedRecord(line, values) for line, values in enumerate(found, 2)]
    return store.run(
        lambda uow: task(uow, Context(), continue_on_error=True, want_rows=True).run(records),
        operation="test",
    )


def written(store: Store) -> Counter[tuple[Any, ...]]:
    """What the clients have, without ids and uids."""
    sql = (
        "SELECT c.code, p.name, p.email, p.title, p.billing FROM contact p"
        " JOIN client c ON c.id = p.client_id UNION ALL"
        " SELECT c.code, a.label, a.line1, a.instructions, a.main FROM address a"
        " JOIN client c ON c.id = a.client_id"
    )
    return Counter(tuple(row.values()) for row in store.conn.query(sql))


def take_back(store: Store, operation: int) -> None:
    store.run(lambda uow: undo(uow, operation), operation="journal.undo", undoes=operation)


@pytest.fixture
def there(store: Store) -> Store:
    """Two clients who share an e-mail with others, with a contact and addresses."""
    add_client(store, "Doyon inc.", code="DOYON", external_id="É-77", line1="1, rue A", **PLACE)
    add_client(store, "Fabre", code="FABRE", email="info@fabre.example", **PLACE)
    for code in ("X", "Y"):
        add_client(store, "Autre", code=code, email="both@x.example", **PLACE)
    outcome, _ = take_in(
        store, ContactImport, [{"client": "DOYON", "name": "Luc Roy", "email": "a@x.example"}]
    )
    assert outcome.changed == 1
    take_in(
        store, AddressImport, [{"client": "DOYON", "label": "Quai", "line1": "3, rue C", **PLACE}]
    )
    return store


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=share(30))
@given(data=st.data(), kind=st.sampled_from(["contact", "address"]))
def test_rows_find_what_they_are_about_in_any_order(
    there: Store, data: st.DataObject, kind: str
) -> None:
    whole, by_two = {"contact": (ContactImport, ByTwo), "address": (AddressImport, AddressesByTwo)}[
        kind
    ]
    found = data.draw(rows(CONTACT if kind == "contact" else ADDRESS))
    before = dump(there.conn)
    results = []
    for order in (range(len(found)), data.draw(st.permutations(range(len(found))))):
        outcome, operation = take_in(there, whole, [found[place] for place in order])
        assert outcome.rows is not None
        for place, row in zip(order, outcome.rows, strict=True):
            # Never another client's, and never a guess.
            owner = OWNER_OF[OWNERS.index({k: v for k, v in found[place].items() if k in BY})]
            assert row["key"] == owner
        refused = {
            place
            for place, row in zip(order, outcome.rows, strict=True)
            if row["status"] == "error"
        }
        results.append((refused, written(there)))
        if not refused:
            again, nothing = take_in(there, whole, [found[place] for place in order])
            assert (again.changed, nothing) == (0, None)
        if operation is not None:
            take_back(there, operation)
        assert dump(there.conn) == before
    assert results[0] == results[1]
    outcome, operation = take_in(there, by_two, found)
    if not outcome.failed:
        again, nothing = take_in(there, by_two, found)
        assert (again.changed, nothing) == (0, None)
    if operation is not None:
        take_back(there, operation)
    assert dump(there.conn) == before


BY = {"client", "client.external_id", "client.email", "client.name"}
