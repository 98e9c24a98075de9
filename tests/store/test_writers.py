"""Many who write at the same time, against what must come out whatever the order was.

Each thread has a session of its own and does random work: it creates, edits, adds people, invoices,
credits, deactivates, merges, imports, refreshes and undoes. Then the journal tells the whole story:
taken back change by change, from the last to the first, it leads from what there is to nothing.
"""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from interop_cli.domain.errors import Conflict, InvalidData, NotFound
from interop_cli.domain.rules import Context
from interop_cli.services.clients import card, merge, status
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.imports.documents import DocumentImport
from interop_cli.services.people import contacts
from interop_cli.services.sales import invoices, totals
from interop_cli.services.undoing import undo
from interop_cli.store.engines import soundness
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.reading.sales import SalesQuery
from interop_cli.store.reading.verification import differences
from interop_cli.store.store import Store
from interop_cli.store.writing import journal
from interop_cli.store.writing.search_index import SearchIndex
from interop_cli.store.writing.tables import TABLES
from tests.store.test_totals import Row as FileRow
from tests.support.stores import add_client, open_store

THREADS = 6
CLIENTS = 12
PATIENCE = 300  # seconds: those who wait for a file are not served in turn
# What the engine says and a rule should have said, or what should have been tried again.
WORDLESS = {"db.constraint", "conflict.version", "db.busy"}
LINES = [{"description": "x", "quantity": "1", "unit_price": "100"}]


@dataclass
class Writer:
    """One thread: what it did, by the ids of the operations, and what it was refused."""

    store: Store
    chance: random.Random
    number: int
    done: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    said: dict[int, dict[str, str]] = field(default_factory=dict)
    """What an edit that was acknowledged has set, by its operation."""
    _saying: dict[str, str] = field(default_factory=dict)

    def run(self, times: int) -> None:
        """Do so many random things."""
        for step in range(times):
            name, self._saying = self.chance.choice(WORK), {}
            try:
                _, operation = self.store.run(getattr(self, name)(step), operation=f"test.{name}")
            except (Conflict, InvalidData, NotFound) as error:
                self.refused.append(error.code)
            else:
                self.done += [operation] if operation else []
                if operation and self._saying:
                    self.said[operation] = self._saying

    def code(self) -> str:
        return f"C{self.chance.randrange(CLIENTS)}"

    def one(self) -> Selector:
        return Selector(keys=[(1, self.code())])

    def create(self, step: int) -> Any:
        place = {"line1": "1 rue X", "city": "Québec", "postal_code": "G1K 7X2"}
        values = {"name": f"Atelier {self.number} {step}", **place}
        return lambda uow: card.create(uow, values, Context())

    def edit(self, step: int) -> Any:
        one, values = (
            self.one(),
            {
                self.chance.choice(("name", "terms", "city")): f"w{self.number}x{step}",
                **({"bill_to": self.code()} if self.chance.random() < 0.3 else {}),
            },
        )
        self._saying = {name: value for name, value in values.items() if name != "bill_to"}
        return lambda uow: card.edit(uow, one, values, Context())

    def contact(self, step: int) -> Any:
        code = self.code()
        values = {"name": f"P {step}", "email": f"p{self.chance.randrange(9)}@x.org"}
        return lambda uow: contacts.create(uow, code, values, Context())

    def invoice(self, _step: int) -> Any:
        code = self.code()
        return lambda uow: invoices.create(uow, code, {"lines": LINES}, Context())

    def credit(self, _step: int) -> Any:
        number = str(self.chance.randint(1, 30))
        return lambda uow: invoices.credit(uow, number, {"lines": LINES}, Context())

    def deactivate(self, _step: int) -> Any:
        one = self.one()
        return lambda uow: status.deactivate(uow, one)

    def activate(self, _step: int) -> Any:
        return lambda uow: status.activate(
            uow, Selector(keys=[(n, f"C{n}") for n in range(CLIENTS)])
        )

    def merge(self, _step: int) -> Any:
        winner, loser = self.code(), self.code()
        return lambda uow: merge.merge(uow, winner, [loser])

    def bring_in(self, step: int) -> Any:
        rows = [
            {
                "kind": "invoice",
                "number": f"I{self.chance.randrange(40)}",
                "client": self.code(),
                "date": f"{self.chance.choice((2024, 2025))}-03-01",
                "subtotal": str(step + 1),
            }
            for _ in range(5)
        ]
        rows = list({row["number"]: row for row in rows}.values())
        return lambda uow: DocumentImport(uow, Context()).run(
            FileRow(n, row) for n, row in enumerate(rows, 1)
        )

    def refresh(self, _step: int) -> Any:
        full = self.chance.random() < 0.3
        return lambda uow: totals.refresh(uow, 2024, 2026, full=full)

    def undo(self, _step: int) -> Any:
        wanted = self.chance.choice(self.done[-5:] or [1])
        return lambda uow: undo(uow, wanted)


WORK = (
    *("create", "edit", "edit", "edit", "contact", "contact", "invoice", "invoice", "credit"),
    *("deactivate", "activate", "bring_in", "undo", "undo", "refresh"),
    "merge",
)


def campaign(store: Store, url: str, times: int, seed: int) -> None:
    """Run the threads, and look at what they left."""
    for number in range(CLIENTS):
        add_client(store, name=f"Client {number}", code=f"C{number}")

    def work(number: int) -> Writer:
        own = open_store(url, patience=PATIENCE)
        try:
            writer = Writer(own, random.Random(seed * 100 + number), number)
            writer.run(times // THREADS)
            return writer
        finally:
            own.close()

    with ThreadPoolExecutor(THREADS) as pool:
        writers = list(pool.map(work, range(THREADS)))
    conn = store.conn
    assert not WORDLESS & {code for writer in writers for code in writer.refused}
    operations = [row["id"] for row in conn.query("SELECT id FROM operation ORDER BY id")]
    acknowledged = sorted(one for writer in writers for one in writer.done)
    assert operations[CLIENTS:] == acknowledged
    assert list(journal.broken_links(conn)) == []
    assert (journal.unsealed(conn), journal.head(conn)[0]) == (0, len(operations))
    check_story(conn, {one: said for writer in writers for one, said in writer.said.items()})
    check_numbers(conn)
    check_search(conn)
    assert [one["code"] for one in soundness.check(conn) if one["severity"] == "error"] == []
    stale = {(row[0], row[1]) for row in differences(conn, SalesQuery(2024, 2026)) if not row[9]}
    assert not stale  # what is not as it should be is marked
    store.run(lambda uow: totals.refresh(uow, 2024, 2026), operation="sales.refresh")
    assert differences(conn, SalesQuery(2024, 2026)) == []


def check_story(conn: Connection, said: dict[int, dict[str, str]]) -> None:
    """Take back every change, the last one first: versions go down by one, to nothing at all.

    So one order of all that was acknowledged explains what there is; and in it each edit has set
    what it ``said``.
    """
    seen = set()
    rows: dict[tuple[str, int], Row] = {
        (name, row["id"]): row for name in TABLES for row in conn.query(f"SELECT * FROM {name}")
    }
    for change in conn.query("SELECT * FROM change ORDER BY id DESC"):
        key = (change["entity"], change["entity_id"])
        before = json.loads(change["before"]) if change["before"] else {}
        if change["action"] == "delete":
            assert key not in rows
            assert before["version"] == change["version"]
            rows[key] = before
            continue
        assert rows[key]["version"] == change["version"], key
        if change["action"] == "insert":
            del rows[key]
        else:
            for name in before.keys() & said.get(change["operation_id"], {}).keys():
                assert rows[key][name] == said[change["operation_id"]][name], key
                seen.add(change["operation_id"])
            rows[key].update(before)
            rows[key]["version"] -= 1
    assert {key for key in rows if key[0] not in ("user_role", "setting")} == set()
    assert seen == said.keys()


def check_numbers(conn: Connection) -> None:
    """What was numbered here has the numbers from 1 on, each once."""
    for kind in ("invoice", "credit_note"):
        rows = conn.query(
            "SELECT CAST(number AS BIGINT) AS n FROM document WHERE kind = :kind"
            " AND issued = 1 AND number IS NOT NULL ORDER BY 1",
            kind=kind,
        )
        assert [row["n"] for row in rows] == list(range(1, len(rows) + 1))


def check_search(conn: Connection) -> None:
    """The words of every client are those of what it is now."""
    found = conn.query("SELECT * FROM client_search ORDER BY client_id")
    with conn.write():
        index = SearchIndex(conn)
        index.touch(row["id"] for row in conn.query("SELECT id FROM client"))
        index.renew()
    assert conn.query("SELECT * FROM client_search ORDER BY client_id") == found


def test_many_writers(store: Store, ready_url: str) -> None:
    campaign(store, ready_url, 120, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_many_more(seed: int, store: Store, ready_url: str) -> None:
    campaign(store, ready_url, 2000, seed)
