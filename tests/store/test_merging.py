"""Merging clients: whose values stand, what moves, what is refused, and the way back."""

from __future__ import annotations

from typing import Any

import pytest

from interop_cli.domain.errors import Conflict
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome
from interop_cli.services.clients import card as client_cards
from interop_cli.services.clients import merge as merging
from interop_cli.services.clients import status
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.people import contacts, notes
from interop_cli.services.undoing import undo
from interop_cli.store.engines.connection import Row
from interop_cli.store.engines.soundness import check
from interop_cli.store.reading import used_by
from interop_cli.store.reading.called import resolve
from interop_cli.store.reading.clients import card
from interop_cli.store.reading.history import of_client
from interop_cli.store.store import Store
from interop_cli.store.writing.tables import DOCUMENT, TABLES
from tests.support.stores import add_client, dump

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


def merge(store: Store, winner: str, *losers: str, dry_run: bool = False) -> tuple[Outcome, Any]:
    return store.run(
        lambda uow: merging.merge(uow, winner, losers), operation="client.merge", dry_run=dry_run
    )


def edit(store: Store, code: str, **changes: Any) -> None:
    selector = Selector(keys=[(1, code)])
    store.run(
        lambda uow: client_cards.edit(uow, selector, changes, Context()), operation="client.edit"
    )


def row(store: Store, client_id: int) -> Row:
    return store.conn.query("SELECT * FROM client WHERE id = :id", id=client_id)[0]


def test_blanks_are_filled_and_the_winner_s_values_stand(store: Store) -> None:
    winner = add_client(
        store,
        code="A",
        email="a@x.ca",
        tags=["or", "Vip"],
        terms="net30",
        accounting={"class": "1", "dept": "7"},
    )
    add_client(
        store,
        code="B",
        email="b@x.ca",
        phone="418 555-0134",
        tags=["vip", "b"],
        accounting={"class": "2", "zone": "3"},
        external_id="X9",
    )
    add_client(store, code="C", phone="418 555-0199", website="https://c.ca", external_id="X8")
    outcome, _ = merge(store, "A", "B", "C")
    after = row(store, winner)
    assert (after["email"], after["terms"]) == ("a@x.ca", "net30")
    assert (after["phone"], after["website"]) == ("+14185550134", "https://c.ca")
    assert after["external_id"] == "X9"
    assert after["tags"] == '["b", "or", "Vip"]'
    assert after["accounting"] == '{"class": "1", "dept": "7", "zone": "3"}'
    fields = {field["field"]: field for field in outcome.extra["plan"]["fields"]}
    assert fields["email"] == {
        "field": "email",
        "value": "a@x.ca",
        "from": "A",
        "others": [{"code": "B", "value": "b@x.ca"}],
    }
    assert fields["phone"]["from"] == "B"
    assert fields["phone"]["others"] == [{"code": "C", "value": "+14185550199"}]
    assert "language" not in fields


def test_the_losers_stay_behind_and_their_codes_lead_to_the_winner(store: Store) -> None:
    winner, loser = add_client(store, code="A"), add_client(store, code="B")
    store.run(lambda uow: status.recode(uow, "B", "B2", Context()), operation="client.recode")
    outcome, _ = merge(store, "A", "B2")
    assert outcome.extra["plan"]["codes"] == ["B2"]
    for code in ("A", "b", "b2"):
        assert resolve(store.conn, code)[0] == winner
    left = row(store, loser)
    assert (left["active"], left["merged_into_id"], left["code"]) == (0, winner, "MERGED-1")
    assert card(store.conn, loser, 2026)["merged_into"] == "A"
    assert card(store.conn, winner, 2026)["former_codes"] == ["B", "B2"]
    assert {r["kind"] for r in used_by.users_of(store.conn, "client", winner)} == {"merged"}
    with pytest.raises(Conflict, match=r"client\.merge\.merged"):
        store.run(
            lambda uow: status.activate(uow, Selector(keys=[(1, "MERGED-1")])),
            operation="client.activate",
        )
    assert check(store.conn) == []
    assert any(line[4] == "client" and line[5] == loser for line in of_client(store.conn, winner))


def test_a_dry_run_tells_the_same_and_changes_nothing(store: Store) -> None:
    add_client(store, code="A")
    add_client(store, code="B", phone="418 555-0134")
    before = dump(store.conn)
    planned, operation = merge(store, "A", "B", dry_run=True)
    assert operation is None
    assert dump(store.conn) == before
    assert merge(store, "A", "B")[0].extra == planned.extra


@pytest.mark.parametrize(
    ("winner", "losers", "code"),
    [
        ("A", ["A"], "same"),
        ("A", ["B", "B"], "same"),
        ("A", ["#1"], "same"),
        ("A", ["PAYER"], "bill_to"),
        ("PAYER", ["A"], "bill_to"),
        ("B", ["A", "PAYER"], "bill_to"),
        ("IDLE", ["B"], "inactive"),
        ("A", ["GONE"], "merged"),
        ("GONE", ["A"], "merged"),
        ("A", ["OTHER"], "level"),
    ],
)
def test_refused(store: Store, winner: str, losers: list[str], code: str) -> None:
    add_client(store, code="PAYER")
    add_client(store, code="A", bill_to="PAYER")
    for name in ("B", "IDLE", "GONE", "OTHER", "WINNER"):
        add_client(store, code=name)
    add_client(store, code="BILLED", bill_to="OTHER")
    store.run(
        lambda uow: status.deactivate(uow, Selector(keys=[(1, "IDLE")])), operation="x.deactivate"
    )
    merge(store, "WINNER", "GONE")
    gone = {"GONE": "MERGED-1", "#1": "#2"}
    before = dump(store.conn)
    with pytest.raises(Conflict, match=rf"client\.merge\.{code}"):
        merge(store, gone.get(winner, winner), *(gone.get(one, one) for one in losers))
    assert dump(store.conn) == before


def test_those_billed_to_a_loser_are_billed_to_the_winner(store: Store) -> None:
    winner = add_client(store, code="A")
    add_client(store, code="PAYER")
    add_client(store, code="B", bill_to="PAYER")
    add_client(store, code="C")
    billed = add_client(store, code="D", bill_to="C")
    before = dump(store.conn)
    _, operation = merge(store, "A", "C")
    assert row(store, billed)["bill_to_id"] == winner
    # It pays for others now, so it cannot be billed to the payer of B.
    outcome, _ = merge(store, "A", "B")
    assert row(store, winner)["bill_to_id"] is None
    lost = {
        "field": "bill_to",
        "value": None,
        "from": "A",
        "others": [{"code": "B", "value": "PAYER"}],
    }
    assert lost in outcome.extra["plan"]["fields"]
    for done in (operation + 1, operation):
        store.run(lambda uow, done=done: undo(uow, done), operation="journal.undo", undoes=done)  # type: ignore[misc]
    assert dump(store.conn) == before


def test_a_client_and_a_prospect_are_a_client(store: Store) -> None:
    winner = add_client(store, code="A", prospect=True)
    add_client(store, code="B", prospect=True)
    add_client(store, code="C")
    merge(store, "A", "B")
    assert row(store, winner)["prospect"] == 1
    merge(store, "A", "C")
    assert row(store, winner)["prospect"] == 0


def test_everything_a_loser_has_moves_and_comes_back(store: Store) -> None:
    winner, loser = add_client(store, code="A"), add_client(store, code="B", line1="9 rue Z")

    def fill(uow: Any) -> Outcome:
        for code, email, phone in (
            ("A", "ana@x.ca", None),
            ("B", "ANA@x.ca", "418 555-0134"),
            ("B", "bob@x.ca", None),
        ):
            fields = {"name": "Ana", "email": email, "phone": phone, "billing": True}
            contacts.create(uow, code, fields, Context())
        notes.create(uow, "B", {"text": "x"}, Context(), [notes.File("plan.pdf", b"%PDF")])
        client_cards.set_logo(uow, "B", SVG)
        return Outcome()

    store.run(fill, operation="test.fill")
    edit(store, "B", line1="12 rue du quai")
    before = dump(store.conn)
    outcome, operation = merge(store, "A", "B")
    assert operation is not None
    plan = outcome.extra["plan"]
    assert {"kind": "contact", "id": 2, "into": 1} in plan["collisions"]
    assert [one for one in plan["collisions"] if one["kind"] == "address"] == [
        {"kind": "address", "id": 2, "into": 1}
    ]
    assert plan["moves"] == [
        {"kind": "contact", "count": 1},
        {"kind": "note", "count": 1},
        {"kind": "attachment", "count": 1},
    ]
    for table in ("contact", "note", "attachment"):
        rows = store.conn.query(f"SELECT client_id FROM {table}")
        assert {found["client_id"] for found in rows} == {winner}
    people = store.conn.query("SELECT * FROM contact ORDER BY id")
    assert [(one["id"], one["phone"], one["billing"]) for one in people] == [
        (1, "+14185550134", 1),
        (3, None, 0),
    ]
    assert row(store, winner)["logo"] is not None
    store.run(lambda uow: undo(uow, operation), operation="journal.undo", undoes=operation)
    assert dump(store.conn) == before
    assert row(store, loser)["active"] == 1


def test_clients_merged_before_follow_into_the_next_winner(store: Store) -> None:
    first = add_client(store, code="A")
    last = add_client(store, code="B")
    add_client(store, code="C")
    merge(store, "A", "C")
    merge(store, "B", "A")
    assert resolve(store.conn, "C")[0] == last
    assert {
        found["merged_into_id"]
        for found in store.conn.query("SELECT merged_into_id FROM client WHERE id <> :id", id=last)
    } == {last}
    assert row(store, first)["active"] == 0


def document(uow: Any, client: int, number: str, **values: Any) -> int:
    """A posted invoice as the store keeps it."""
    fields = dict.fromkeys(DOCUMENT.columns) | {
        "client_id": client,
        "kind": "invoice",
        "number": number,
        "number_key": number.lower(),
        "status": "posted",
        "date": "2026-01-05",
        "year": 2026,
        "currency": "CAD",
        "subtotal_cents": 100,
        "tax_cents": 0,
        "total_cents": 100,
        "taxes": "[]",
        "issued": 0,
        **values,
    }
    return int(uow.writer.insert("document", [fields])[0])


def test_documents_move_and_the_totals_of_both_are_stale(store: Store) -> None:
    winner, loser = add_client(store, code="A"), add_client(store, code="B")
    third = add_client(store, code="C", line1="9 rue Z")

    def fill(uow: Any) -> Outcome:
        for code in ("A", "B"):
            contacts.create(uow, code, {"name": "Ana", "email": "ana@x.ca"}, Context())
        document(uow, loser, "F-1", contact_id=2, ship_to_id=2)
        document(uow, third, "F-2", bill_to_id=loser)
        document(uow, winner, "F-3", bill_to_id=loser)
        document(uow, loser, "F-4", bill_to_id=winner)
        return Outcome()

    store.run(fill, operation="test.fill")
    store.conn.execute("DELETE FROM sales_stale")
    before = dump(store.conn)
    outcome, operation = merge(store, "A", "B")
    assert operation is not None
    assert {"kind": "document", "count": 2} in outcome.extra["plan"]["moves"]
    found = {
        row["number"]: (row["client_id"], row["bill_to_id"], row["contact_id"], row["ship_to_id"])
        for row in store.conn.query("SELECT * FROM document")
    }
    assert found == {
        "F-1": (winner, None, 1, 1),
        "F-2": (third, winner, None, None),
        "F-3": (winner, None, None, None),
        "F-4": (winner, None, None, None),
    }
    stale = store.conn.query("SELECT DISTINCT client_id AS id FROM sales_stale")
    assert {winner, loser} <= {row["id"] for row in stale}
    store.run(lambda uow: undo(uow, operation), operation="journal.undo", undoes=operation)
    assert dump(store.conn) == before


def test_every_table_of_clients_is_moved(store: Store) -> None:
    """A table whose rows belong to a client needs nothing but its row in ``tables.py``."""
    from interop_cli.store.writing.repositories import clients as moving

    owned = {table.name for table in TABLES.values() if table.client == "client_id"}
    assert {"client_code", "note", "attachment", "document", "document_line"} <= owned
    assert set(moving.COMBINED) <= owned
    for table, column, *_named in (*moving.PAYERS, *moving.REFERENCES):
        assert column in TABLES[table].columns
    # Whatever else refers to a client, contact or address by its id is known to the merge.
    ids = {
        (table.name, column)
        for table in TABLES.values()
        for column in table.columns
        if column.endswith("_id") and column not in ("client_id", "external_id", "message_id")
    }
    known = {(table, column) for table, column, *_named in (*moving.PAYERS, *moving.REFERENCES)}
    others = {
        ("client", "merged_into_id"),
        ("attachment", "note_id"),
        ("document", "corrects_id"),
        ("document_line", "document_id"),
        ("mailing", "document_id"),
    }
    assert ids == known | others
