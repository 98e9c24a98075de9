"""Two who write at the same time: what one has read holds until it is written.

The first is at the end of its unit of work when the second begins, in a thread with a session of
its own. Where there is one writer at a time the second waits, and what comes out is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event
from typing import Any

import pytest

from interop_cli.domain.errors import InteropError
from interop_cli.domain.rules import Context
from interop_cli.services.clients import card, merge, status
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.imports.clients import Import
from interop_cli.services.imports.documents import DocumentImport
from interop_cli.services.people import contacts
from interop_cli.services.sales import documents, invoices, totals
from interop_cli.services.undoing import undo
from interop_cli.store.store import Store
from interop_cli.store.totals import stale_count
from interop_cli.store.writing import journal
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.store.test_totals import Row as FileRow
from tests.support.stores import add_client, open_store

Work = Callable[[UnitOfWork], Any]
MOMENT = 0.3  # seconds in which who waits is seen to wait
DAY = {"date": "2026-03-01"}
OF_GONE = (
    "SELECT COUNT(*) FROM document d JOIN client c ON c.id = d.client_id"
    " WHERE c.merged_into_id IS NOT NULL"
)
LONG = 20  # seconds within which who waits for nobody has ended


@dataclass
class Pair:
    """What became of two units of work: an error's code, or ok; whether the second one waited."""

    first: str
    second: str
    waited: bool
    operations: list[int | None]


@dataclass
class Beside:
    """Runs two units of work beside each other."""

    store: Store
    url: str

    def __call__(
        self, first: Work, second: Work, then: Work = lambda _uow: None, *, moment: float = MOMENT
    ) -> Pair:
        """``second`` while ``first`` has not been committed; ``then`` is still of the first."""
        go, ready, waited = Event(), Event(), list[bool]()

        def written() -> int | None:
            store = open_store(self.url)
            try:
                ready.set()
                go.wait()
                return store.run(second, operation="test")[1]
            finally:  # which seals
                store.close()

        def work(uow: UnitOfWork) -> None:
            first(uow)
            if not go.is_set():
                go.set()
                waited.append(not wait([begun], moment).done)
            then(uow)

        codes, operations = [], []
        with ThreadPoolExecutor(1) as pool:
            begun = pool.submit(written)
            ready.wait()
            for run in (lambda: self.store.run(work, operation="test")[1], begun.result):
                try:
                    operations.append(run())
                    codes.append("ok")
                except InteropError as error:
                    codes.append(error.code)
                finally:
                    go.set()
        self.store.seal()
        assert list(journal.broken_links(self.store.conn)) == []
        assert journal.unsealed(self.store.conn) == 0
        return Pair(*codes, waited[0], operations)

    @property
    def parallel(self) -> bool:
        """Whether the engine lets several write."""
        return self.store.conn.side_by_side

    def one(self, sql: str) -> Any:
        """The one value of a query."""
        (row,) = self.store.conn.query(sql)
        (value,) = row.values()
        return value


@pytest.fixture
def beside(store: Store, ready_url: str) -> Beside:
    """Clients A, B and P."""
    for code in "ABP":
        add_client(store, name=f"Client {code}", code=code)
    return Beside(store, ready_url)


def edit(code: str, **values: str) -> Work:
    return lambda uow: card.edit(uow, Selector(keys=[(1, code)]), values, Context())


def deactivate(code: str) -> Work:
    return lambda uow: status.deactivate(uow, Selector(keys=[(1, code)]))


def contact(code: str, **values: str) -> Work:
    return lambda uow: contacts.create(uow, code, values, Context())


def invoice(code: str, **values: Any) -> Work:
    lines = [{"description": "x", "quantity": "1", "unit_price": "100"}]
    return lambda uow: invoices.create(uow, code, {"lines": lines, **values}, Context())


def recorded(code: str, number: str, **more: str) -> Work:
    values = {"number": number, "subtotal": "50", **DAY, **more}
    return lambda uow: documents.add(uow, code, "invoice", values, Context())


def brought_in(code: str, number: str, kind: str = "invoice") -> Work:
    row = {"kind": kind, "number": number, "client": code, "subtotal": "50", **DAY}
    return lambda uow: DocumentImport(uow, Context()).run([FileRow(1, row)])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (lambda: edit("A", bill_to="P"), lambda: edit("B", bill_to="P")),
        (lambda: recorded("A", "8", bill_to="P"), lambda: recorded("B", "9", bill_to="P")),
    ],
    ids=["cards", "documents"],
)
def test_two_who_name_one_payer_wait_for_nobody(
    first: Callable[[], Work], second: Callable[[], Work], beside: Beside
) -> None:
    moment = LONG if beside.parallel else MOMENT
    pair = beside(first(), second(), moment=moment)
    assert (pair.first, pair.second) == ("ok", "ok")
    assert pair.waited is not beside.parallel


def merged(uow: UnitOfWork) -> object:
    return merge.merge(uow, "B", ["A"])


def taken_in(uow: UnitOfWork) -> object:
    place = {"line1": "1 rue X", "city": "Québec", "postal_code": "G1K 7X2"}
    cards = ({"code": code, "name": f"Atelier {code}", **place} for code in ("A", "NEW"))
    return Import(uow, Context()).run(FileRow(n, row) for n, row in enumerate(cards, 1))


@pytest.mark.parametrize(
    "first",
    [
        edit("A", name="Premier"),
        taken_in,
        merged,
        brought_in("A", "8"),
        lambda uow: totals.refresh(uow, 2025, 2026, full=True),
        lambda uow: status.delete(uow, Selector(keys=[(1, "A")])),
    ],
    ids=["edit", "import", "merge", "documents", "refresh", "delete"],
)
@pytest.mark.parametrize(
    "second", [edit("P", name="Second"), invoice("P")], ids=["edits", "invoices"]
)
def test_who_works_on_another_client_waits_for_nobody(
    first: Work, second: Work, beside: Beside
) -> None:
    moment = LONG if beside.parallel else MOMENT
    pair = beside(first, second, moment=moment)
    assert (pair.first, pair.second) == ("ok", "ok")
    assert pair.waited is not beside.parallel


def courted(uow: UnitOfWork) -> object:
    return card.edit(uow, Selector(keys=[(1, "A")]), {"prospect": "yes"}, Context())


@pytest.mark.parametrize("other", [merged, courted])
@pytest.mark.parametrize("first", [True, False])
def test_an_import_of_documents_is_of_clients_as_they_are_at_its_end(
    other: Work, first: bool, beside: Beside
) -> None:
    bring = brought_in("A", "1", "job")
    pair = beside(bring, other) if first else beside(other, bring)
    assert pair.first == "ok"
    assert pair.second == ("client.prospect.job" if first and other is courted else "ok")
    for rule in (OF_GONE, BROKEN["whoever has a job is no prospect"]):
        assert beside.one(rule) == 0
    assert beside.one("SELECT COUNT(*) FROM document") == 1


def test_what_two_change_of_one_card_is_all_there_and_found(beside: Beside) -> None:
    pair = beside(edit("A", name="Nouveau"), contact("A", name="Zoé", email="zoe@example.com"))
    assert (pair.first, pair.second) == ("ok", "ok")
    words = beside.one(
        "SELECT words FROM client_search JOIN client c ON c.id = client_id WHERE c.code = 'A'"
    ).split()
    assert {"nouveau", "zoe"} <= set(words)
    assert beside.one("SELECT version FROM client WHERE code = 'A'") == 2


def test_two_edits_of_one_field_are_one_after_the_other(beside: Beside) -> None:
    pair = beside(edit("A", phone="418 555-0101"), edit("A", email="a@example.com"))
    assert (pair.first, pair.second) == ("ok", "ok")
    row = beside.store.conn.query("SELECT phone, email, version FROM client WHERE code = 'A'")[0]
    assert row == {"phone": "+14185550101", "email": "a@example.com", "version": 3}


BROKEN = {
    "a payer is active": "SELECT COUNT(*) FROM client c JOIN client p ON p.id = c.bill_to_id"
    " WHERE c.active = 1 AND p.active = 0",
    "a payer pays itself": "SELECT COUNT(*) FROM client c JOIN client p ON p.id = c.bill_to_id"
    " WHERE p.bill_to_id IS NOT NULL",
    "whoever has a job is no prospect": "SELECT COUNT(*) FROM client c WHERE c.prospect = 1"
    " AND EXISTS (SELECT 1 FROM document d WHERE d.client_id = c.id AND d.kind = 'job')",
    "credits do not exceed": "SELECT COUNT(*) FROM document d WHERE d.kind = 'invoice' AND"
    " d.subtotal_cents < (SELECT COALESCE(SUM(n.subtotal_cents), 0) FROM document n"
    " WHERE n.corrects_id = d.id)",
    "an e-mail once a client": "SELECT COUNT(*) - COUNT(DISTINCT email_key) FROM contact"
    " WHERE email_key IS NOT NULL",
    "a client without active contacts is inactive": "SELECT COUNT(*) FROM contact k"
    " JOIN client c ON c.id = k.client_id WHERE c.active = 0 AND k.active = 1",
}
NEW = {"code": "NEW", "name": "N", "line1": "1 rue X", "city": "Québec", "postal_code": "G1K 7X2"}


def made(uow: UnitOfWork) -> object:
    return card.create(uow, NEW, Context())


CREDIT = [{"description": "x", "quantity": "1", "unit_price": "60"}]


def credited(uow: UnitOfWork) -> object:
    return invoices.credit(uow, "1", {"lines": CREDIT}, Context())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (edit("A", bill_to="P"), deactivate("P")),
        (deactivate("P"), edit("A", bill_to="P")),
        (edit("A", bill_to="P"), edit("P", bill_to="B")),
        (edit("P", bill_to="B"), edit("A", bill_to="P")),
        (deactivate("A"), invoice("A")),
        (credited, credited),
        (contact("A", name="X", email="x@x.org"), contact("A", name="Y", email="X@x.org")),
        (made, made),
        (
            lambda uow: status.delete(uow, Selector(keys=[(1, "P")])),
            edit("A", bill_to="P"),
        ),
        (lambda uow: status.delete(uow, Selector(keys=[(1, "P")])), contact("P", name="Zoé")),
    ],
    ids=range(10),
)  # fmt: skip
def test_of_two_that_exclude_each_other_one_is_refused(
    first: Work, second: Work, beside: Beside
) -> None:
    beside.store.run(invoice("B"), operation="test")
    pair = beside(first, second)
    assert pair.first == "ok"
    assert pair.second not in ("ok", "db.constraint", "conflict.version")
    for rule, sql in BROKEN.items():
        assert beside.one(sql) == 0, rule


def test_a_contact_of_a_client_that_goes_goes_along(beside: Beside) -> None:
    pair = beside(deactivate("A"), contact("A", name="Zoé"))
    assert (pair.first, pair.second) == ("ok", "ok")
    assert beside.one("SELECT active FROM contact") == 0


def test_numbers_have_no_gap_and_the_counter_is_taken_last(beside: Beside) -> None:
    pair = beside(invoice("A"), invoice("B"))
    assert (pair.first, pair.second) == ("ok", "ok")
    rows = beside.store.conn.query("SELECT number FROM document ORDER BY id")
    assert sorted(row["number"] for row in rows) == ["1", "2"]


def test_a_mark_beside_a_refresh_is_not_lost(beside: Beside) -> None:
    def refresh(uow: UnitOfWork) -> None:
        totals.refresh(uow, 2025, 2026, full=True)

    def written(uow: UnitOfWork) -> None:
        documents.add(uow, "A", "invoice", {"number": "9", "subtotal": "50", **DAY}, Context())

    documents_of_a = {"number": "8", "subtotal": "100", **DAY}
    beside.store.run(
        lambda uow: documents.add(uow, "A", "invoice", documents_of_a, Context()), operation="x"
    )
    pair = beside(refresh, written, moment=LONG if beside.parallel else MOMENT)
    assert (pair.first, pair.second) == ("ok", "ok")
    assert pair.waited is not beside.parallel
    assert beside.one("SELECT COUNT(*) FROM sales_stale") == 2
    assert beside.one("SELECT sold_cents FROM sales_total WHERE year = 2026") == 10_000


def test_an_undo_goes_by_what_was_written_last(beside: Beside) -> None:
    pair = beside(edit("A", terms="a"), edit("B", terms="b"), then=edit("B", terms="c"))
    assert (pair.first, pair.second) == ("ok", "ok")
    first, second = pair.operations
    last = first if beside.parallel else second
    assert last is not None
    beside.store.run(lambda uow: undo(uow, last), operation="journal.undo", undoes=last)
    assert beside.one("SELECT terms FROM client WHERE code = 'B'") == (
        "b" if beside.parallel else "c"
    )


def test_of_ids_that_are_not_in_a_row_the_journal_has_ours(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    conn = beside.store.conn
    ids = iter([[1, 3], [2]])
    real = conn.next_ids
    monkeypatch.setattr(
        conn, "next_ids", lambda table, n: next(ids) if table == "note" else real(table, n)
    )
    row = {"client_id": 1, "category": "x", "text": "x", "author": "x", "noted_at": "x"}

    def write(count: int) -> int | None:
        rows = [{**dict.fromkeys(("uid",)), **row} for _ in range(count)]
        return beside.store.run(lambda uow: uow.writer.insert("note", rows), operation="x")[1]

    with conn.write():  # the row between, of another one
        conn.insert_many(
            "note",
            ("id", "uid", "created_at", "updated_at", *row),
            [(2, "u", "x", "x", *row.values())],
        )
    operation = write(2)
    assert operation is not None
    assert [one["entity_id"] for one in journal.changes_of(conn, operation)] == [1, 3]


def test_what_a_killed_process_has_not_sealed_the_next_one_seals(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    conn = beside.store.conn
    beside.store.seal()
    before = journal.head(conn)[0]
    with monkeypatch.context() as patch:
        patch.setattr(journal, "seal_apart", lambda _conn: None)
        beside.store.run(edit("A", terms="a"), operation="test")
        beside.store.seal()
    assert journal.unsealed(conn) == int(beside.parallel)
    assert list(journal.broken_links(conn)) == []
    assert journal.head(conn)[0] == before + 1 - int(beside.parallel)
    beside.store.run(edit("A", terms="b"), operation="test")
    beside.store.seal()
    assert (journal.unsealed(conn), journal.head(conn)[0]) == (0, before + 2)


def test_a_store_seals_at_its_end_what_it_left_for_later(
    beside: Beside, ready_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interop_cli.store.store.SEALING", 3600)
    conn, other = beside.store.conn, open_store(ready_url)
    beside.store.seal()
    for terms in ("a", "b", "c"):
        other.run(edit("A", terms=terms), operation="test")
    if beside.parallel:
        assert journal.unsealed(conn) == 2  # the first was sealed at once
    assert list(journal.broken_links(conn)) == []
    other.close()
    assert journal.unsealed(conn) == 0


def test_an_operation_that_has_lost_its_seal_shows(beside: Beside) -> None:
    conn = beside.store.conn
    beside.store.seal()
    position, _hash = journal.head(conn)
    with conn.write():
        conn.execute(
            "DROP TRIGGER seal_no_DELETE"
            if conn.engine == "sqlite"
            else "DROP TRIGGER seal_append_only ON seal"
        )
        conn.execute("DELETE FROM seal WHERE position = :last", last=position)
    assert list(journal.broken_links(conn)) == [{"operation_id": position, "reason": "seal"}]


def test_an_id_is_given_back_by_what_was_not_written(store: Store) -> None:
    """A rehearsal, and what was refused after it had written, leave no gap; one that failed may."""
    add_client(store, code="A")

    def refused(uow: UnitOfWork) -> None:
        add = {"name": "X", "line1": "1 rue X", "city": "Québec", "postal_code": "G1K 7X2"}
        card.create(uow, add, Context())
        card.edit(uow, Selector(keys=[(1, "NOBODY")]), {"terms": "x"}, Context())

    one = Selector(keys=[(1, "A")])
    _, first = store.run(lambda uow: status.deactivate(uow, one), operation="test")
    store.run(lambda uow: status.activate(uow, one), operation="test", dry_run=True)
    with pytest.raises(InteropError):
        store.run(refused, operation="test")
    _, second = store.run(lambda uow: status.activate(uow, one), operation="test")
    assert first is not None
    assert second == first + 1
    assert not list(journal.broken_links(store.conn))


def test_a_total_that_two_operations_marked_is_stale_once(store: Store) -> None:
    add_client(store, code="A")
    lines = [{"description": "x", "quantity": "1", "unit_price": "100"}]
    for _ in range(2):
        store.run(
            lambda uow: invoices.create(uow, "A", {"lines": lines}, Context()), operation="test"
        )
    assert stale_count(store.conn) == 2  # what was sold to it, and what it is billed
