"""Sales totals against a sum in Python: whatever happens to the documents, on both engines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interop_cli.domain.errors import Conflict
from interop_cli.domain.rules import Context
from interop_cli.services import undoing
from interop_cli.services.clients import bulk, card, merge, status
from interop_cli.services.imports.documents import DocumentImport
from interop_cli.services.sales import documents, totals
from interop_cli.store.reading import sales as view
from interop_cli.store.reading import verification
from interop_cli.store.store import Store
from tests.store.test_imports import Row
from tests.support.campaigns import share
from tests.support.many_stores import NewStore

CODES = ("A", "B", "C")
FIRST, LAST = 2021, 2024
KINDS = ("invoice", "credit_note", "quote")
Key = tuple[str, int, str, str]  # client, year, basis, currency


@st.composite
def document(draw: st.DrawFn) -> dict[str, Any]:
    """What a file says of a document; few numbers, so that they come back."""
    client = draw(st.sampled_from(CODES))
    return {
        "kind": draw(st.sampled_from(KINDS)),
        "number": str(draw(st.integers(1, 6))),
        "client": client,
        "bill_to": draw(st.sampled_from((client, client, *CODES))),
        "date": f"{draw(st.integers(FIRST - 1, LAST + 1))}-{draw(st.integers(1, 12)):02}-15",
        "status": draw(st.sampled_from(("posted", "posted", "posted", "draft", "void"))),
        "currency": draw(st.sampled_from(("CAD", "CAD", "USD"))),
        "subtotal_cents": draw(st.integers(-5_000, 100_000)),
    }


files = st.lists(document(), min_size=2, max_size=8, unique_by=lambda d: (d["kind"], d["number"]))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("import"), files),
        st.tuples(st.just("import"), files),
        st.tuples(st.just("void"), st.integers(0, 20)),
        st.tuples(st.just("void"), st.integers(0, 20)),
        st.tuples(st.just("undo"), st.none()),
        st.tuples(st.just("deactivate"), st.sampled_from(CODES)),
        st.tuples(st.just("merge"), st.permutations(CODES)),
        st.tuples(
            st.just("refresh"),
            st.tuples(
                st.integers(FIRST, LAST),
                st.booleans(),
                st.one_of(st.none(), st.lists(st.sampled_from(CODES), min_size=1, unique=True)),
            ),
        ),
    ),
    min_size=2,
    max_size=12,
)


@dataclass
class World:
    """The database, and what a person would have written on paper."""

    store: Store
    paper: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)  # whose documents are whose by now
    past: list[tuple[int, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for code in CODES:
            place = {"line1": "1 rue X", "city": "Québec", "postal_code": "G1K 7X2"}
            values = {"name": f"Client {code}", "code": code, **place}
            self.store.run(
                lambda uow, values=values: card.create(uow, values, Context()),
                operation="client.create",
            )

    def do(self, what: str, how: Any) -> None:
        getattr(self, f"do_{what}")(how)

    def do_import(self, rows: list[dict[str, Any]]) -> None:
        _, operation = self.store.run(
            lambda uow: DocumentImport(uow, Context()).run(
                Row(n, values) for n, values in enumerate(rows, 1)
            ),
            operation="sales.import",
        )
        self.remember(operation)
        self.paper |= {(row["kind"], row["number"]): self.seen(row) for row in rows}

    def seen(self, row: dict[str, Any]) -> dict[str, Any]:
        """A credit note is for a positive amount, however it was written."""
        if row["kind"] == "credit_note":
            row = {**row, "subtotal_cents": abs(row["subtotal_cents"])}
        return {**row, **{name: self.now(row[name]) for name in ("client", "bill_to")}}

    def now(self, code: str) -> str:
        """Whom a code leads to."""
        return self.merged.get(code, code)

    def do_merge(self, codes: list[str]) -> None:
        winner, loser = codes[0], codes[1]
        if {winner, loser} & self.merged.keys():
            return
        try:
            _, operation = self.store.run(
                lambda uow: merge.merge(uow, winner, [loser]), operation="client.merge"
            )
        except Conflict:  # an inactive winner
            return
        self.remember(operation)
        self.merged = {
            code: winner if into == loser else into for code, into in self.merged.items()
        }
        self.merged[loser] = winner
        self.paper = {key: self.seen(row) for key, row in self.paper.items()}

    def do_void(self, which: int) -> None:
        if not self.paper:
            return
        key = sorted(self.paper)[which % len(self.paper)]
        _, operation = self.store.run(
            lambda uow: documents.void(uow, key[1], key[0]), operation="sales.document.void"
        )
        if operation is not None:
            self.remember(operation)
        self.paper |= {key: {**self.paper[key], "status": "void"}}

    def do_undo(self, _: None) -> None:
        if not self.past:
            return
        operation, before = self.past.pop()
        try:
            self.store.run(
                lambda uow: undoing.undo(uow, operation), operation="journal.undo", undoes=operation
            )
        except Conflict:  # changed since, if only back and forth
            self.past.clear()
        else:
            self.paper, self.merged = before

    def do_deactivate(self, code: str) -> None:
        self.store.run(
            lambda uow: status.deactivate(uow, bulk.Selector(keys=[(1, code)])),
            operation="client.deactivate",
        )

    def do_refresh(self, how: tuple[int, bool, list[str] | None]) -> None:
        first, full, codes = how
        selector = bulk.Selector(keys=list(enumerate(codes, 1))) if codes else None
        self.store.run(
            lambda uow: totals.refresh(uow, first, LAST, selector=selector, full=full),
            operation="sales.refresh",
        )
        chosen = {self.now(code) for code in codes or CODES}
        stale = {row[:3] for row in self.rows("sold-to") if row[7]}
        assert not {(c, y) for c, y, _b in stale if c in chosen and y >= first}

    def remember(self, operation: int | None) -> None:
        if operation is not None:
            self.past.append((operation, (dict(self.paper), dict(self.merged))))

    def rows(self, basis: str) -> list[tuple[Any, ...]]:
        query = view.SalesQuery(FIRST, LAST, basis)
        return [row for batch in view.totals(self.store.conn, query) for row in batch]

    def sums(self) -> dict[Key, tuple[int, int]]:
        """Amounts and invoices, added up one by one."""
        found: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
        for row in self.paper.values():
            if row["status"] != "posted" or row["kind"] == "quote":
                continue
            sign = 1 if row["kind"] == "invoice" else -1
            year = int(row["date"][:4])
            for basis, client in (("sold-to", row["client"]), ("bill-to", row["bill_to"])):
                total = found[client, year, basis, row["currency"]]
                total[0] += sign * row["subtotal_cents"]
                total[1] += row["kind"] == "invoice"
        return {key: (cents, count) for key, (cents, count) in found.items() if cents or count}

    def check(self) -> None:
        """A total that is not stale is right; what differs is what ``verify`` says."""
        sums = self.sums()
        shown: dict[Key, tuple[int, int]] = {}
        stale: set[tuple[str, int, str]] = set()
        cells: dict[tuple[str, int, str], list[int]] = defaultdict(list)
        for basis in view.BASES:
            for client, year, _basis, currency, cents, count, _at, is_stale in self.rows(basis):
                cells[client, year, basis].append(abs(cents) + count)
                if cents or count:
                    shown[client, year, basis, currency] = (cents, count)
                if is_stale:
                    stale.add((client, year, basis))
        assert all(all(amounts) for amounts in cells.values() if len(amounts) > 1)
        alive = {cell for cell in cells if not cell[0].startswith("MERGED")}
        codes = set(CODES) - self.merged.keys()
        assert alive == {(c, y, b) for c in codes for y in span() for b in view.BASES}
        wanted = {key: value for key, value in sums.items() if key[1] in span()}
        fresh = {key: value for key, value in wanted.items() if key[:3] not in stale}
        assert {key: value for key, value in shown.items() if key[:3] not in stale} == fresh
        found = verification.differences(self.store.conn, view.SalesQuery(FIRST, LAST))
        differing = {(row[0], row[1], row[2], row[3]) for row in found}
        both = shown.keys() | wanted.keys()
        assert differing == {key for key in both if shown.get(key) != wanted.get(key)}


def span() -> Iterator[int]:
    return iter(range(FIRST, LAST + 1))


@settings(max_examples=share(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=files, steps=steps)
def test_totals_are_the_sum_of_the_documents(
    new_store: NewStore, first: list[dict[str, Any]], steps: list[Any]
) -> None:
    world = World(new_store())
    world.do_import(first)
    world.do_refresh((FIRST, True, None))
    for what, how in steps:
        world.do(what, how)
        world.check()
    world.do_refresh((FIRST, False, None))
    world.check()
    assert not any(row[7] for basis in view.BASES for row in world.rows(basis))
    world.store.close()
