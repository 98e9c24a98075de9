"""What a second process tells of rows ahead changes nothing; on both engines."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.messages import msg
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome
from interop_cli.services.imports import second_process
from interop_cli.services.imports.clients import Import
from interop_cli.services.imports.documents import DocumentImport
from interop_cli.store import totals
from interop_cli.store.engines import sqlite
from interop_cli.store.store import Store
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.store.test_imports import Row, rows, take_in
from tests.support.many_stores import NewStore
from tests.support.stores import add_client, dump

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked here"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]
GIVEN = "01935d2a-7c4e-7b1f-9a60-3f6d2c8e5b17"
PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def mixed() -> list[Row]:
    """Rows of all kinds: plain, refused, warned of, for stored clients, for one another's, …"""
    odd: dict[int, dict[str, Any]] = {
        13: {"email": "no"},
        20: {"phone": "12"},
        21: {"code": ""},
        22: {"code": "", "name": "Ici"},
        25: {"shipper_identity": "client"},
        26: {"shipper_identity": "client", "logo": PICTURE},
        30: {"contact.name": "Anne Roy", "contact.email": "anne@exemple.ca"},
        33: {"code": "STORED", "terms": "net30"},
        34: {"code": "C12"},
        40: {"bill_to": "C2", "former_codes": "WAS"},
        41: {"name": "Client 3", "line1": "3, rue du Quai"},
        44: {"accounting": '{"b": "2", "a": "1"}', "tags": "Été,b", "active": "non"},
        45: {"uid": GIVEN, "external_id": "É-7"},
        46: {"country": "US", "province": "", "postal_code": "10001"},
        50: {"mismatch": "yes", "postal_code": "H2X 1Y4", "province": "ON"},
        52: {"gst": "123456782RT0001"},
        53: {"gst": "123456782RT0001"},
    }
    return rows(
        *(
            {"code": f"C{n}", "name": f"Client {n}", "line1": f"{n}, rue du Quai", **odd.get(n, {})}
            for n in range(60)
        )
    )


def told(outcome: Outcome) -> list[Any]:
    said = [(w.line, w.path, w.code, w.key, str(w.message)) for w in outcome.warnings]
    return [outcome.rows, outcome.extra, outcome.matched, outcome.changed, outcome.failed, said]


def stored(store: Store) -> Any:
    """What a database holds, without the uids that chance has made."""
    made = {
        row["uid"]
        for table in ("client", "address", "contact", "document")
        for row in store.conn.query(f"SELECT uid FROM {table}")
    } - {GIVEN}
    return {
        table: [tuple(None if value in made else value for value in row) for row in found]
        for table, found in dump(store.conn).items()
    }


def set_up(monkeypatch: pytest.MonkeyPatch, *, forked: bool) -> None:
    """Small batches, of which the second process gets all but the first two."""
    monkeypatch.setattr(Import, "size", 7)
    monkeypatch.setattr(second_process, "ALONE", 10)
    monkeypatch.setattr(second_process, "may_fork", lambda: forked)


class Way:
    """An import with or without a second process; ``forks`` are those that there were."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, forked: bool) -> None:
        self.forks: list[int] = []
        fork = os.fork

        def noted() -> int:
            pid = fork()
            self.forks.append(pid)
            return pid

        set_up(monkeypatch, forked=forked)
        monkeypatch.setattr(os, "fork", noted)

    def check(self, *, forked: bool) -> None:
        """There were some, and nothing is left of them."""
        assert bool(self.forks) == forked
        for pid in self.forks:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)


def both_ways(
    new_store: NewStore, monkeypatch: pytest.MonkeyPatch, work: Callable[[Store], Any]
) -> list[Any]:
    """What ``work`` gives and leaves in a new database, without and with a second process."""
    results = []
    for forked in (False, True):
        with monkeypatch.context() as patch:
            way = Way(patch, forked=forked)
            store = new_store()
            add_client(store, code="STORED")
            results.append((work(store), stored(store)))
            way.check(forked=forked)
    return results


@pytest.mark.parametrize("large", [False, True])
def test_the_same_is_written_and_said(
    new_store: NewStore, monkeypatch: pytest.MonkeyPatch, *, large: bool
) -> None:
    def work(store: Store) -> Any:
        first = told(take_in(store, mixed(), continue_on_error=True, large=large))
        return first, told(take_in(store, mixed(), continue_on_error=True))

    alone, forked = both_ways(new_store, monkeypatch, work)
    assert alone == forked
    assert alone[0][0][2:5] == [60, 56, 4]


def documents() -> list[Row]:
    """Rows of all kinds: plain, refused, warned of, of known documents, with contact, lines, …"""
    odd: dict[int, dict[str, Any]] = {
        11: {"kind": "job", "client": "PROSPECT"},
        12: {"client": "PROSPECT"},
        13: {"client": ""},
        14: {"client": "NOBODY"},
        15: {"client": "DOLLARS"},
        16: {"client": "DOLLARS", "currency": "CAD"},
        17: {"currency": "usd"},
        18: {"currency": "nothing"},
        19: {"client": "IDLE", "status": "void"},
        20: {"contact": "Anne Roy", "ship_to": "à l'arrière"},
        21: {"ship_to.line1": "2, rue du Port", "ship_to.city": "Québec"},
        22: {"lines": [{"description": "Cartes", "quantity": "2", "unit_price": "5.25"}]},
        23: {"subtotal": "", "lines": [{"description": "Cartes", "unit_price": "5.25"}]},
        24: {"subtotal": ""},
        25: {"kind": "quote", "subtotal": ""},
        26: {"kind": "note de crédit", "subtotal": "-10.00"},
        27: {"kind": "bill"},
        28: {"number": ""},
        29: {"number": " n 12 "},
        30: {"number": "N10"},
        31: {"number": "F-9"},
        32: {"date": "hier"},
        33: {"date": "2025-12-31T23:59:00-05:00"},
        34: {"total": "12.00", "tax": "1.00"},
        35: {"uid": GIVEN, "external_id": "É-7", "memo": "Merci!"},
        36: {"uid": GIVEN.upper()},
        37: {"bill_to": "IDLE"},
        38: {"bill_to": "C1"},
        39: {"bill_to": "PROSPECT"},
        40: {"bill_to": "NOBODY"},
        41: {"client": "", "client.external_id": "E1"},
        42: {"terms": "net30", "number": "x" * 41},
    }
    plain = {"kind": "invoice", "client": "C1", "date": "2025-03-01", "subtotal": "1 000,50"}
    return [
        Row(line, {"number": f"N{line}", "tax": "0.00", **plain, **odd.get(line, {})})
        for line in range(2, 62)
    ]


def test_documents(new_store: NewStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where half of the rows are of documents that are there."""

    def taken_in(store: Store, records: list[Row]) -> Any:
        def work(uow: UnitOfWork) -> Any:
            return DocumentImport(uow, Context(), continue_on_error=True, want_rows=True).run(
                iter(records)
            )

        return told(store.run(work, operation="sales.import")[0])

    def work(store: Store) -> Any:
        add_client(store, code="C1", external_id="E1")
        add_client(store, code="PROSPECT", prospect=True)
        add_client(store, code="DOLLARS", currency="USD")
        add_client(store, code="IDLE", active=False)
        changed = [row._replace(values={**row.values, "terms": "net60"}) for row in documents()]
        return [taken_in(store, found) for found in (documents()[::2], documents(), changed)]

    monkeypatch.setattr(DocumentImport, "size", 5)
    alone, forked = both_ways(new_store, monkeypatch, work)
    assert alone == forked
    codes = {row["error"]["code"] for row in alone[0][1][0] if row["error"]}
    assert codes >= {
        *("client.not_found", "field.missing", "import.duplicate", "import.uid"),
        *("document.kind.unknown", "document.date.format", "text.too_long"),
    }


def indexes(store: Store) -> set[tuple[str, str]]:
    """Those that the database has, each with what makes it."""
    ours = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    theirs = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
    found = store.conn.query(ours if store.conn.engine == "sqlite" else theirs)
    return {(name, sql) for name, sql in map(dict.values, found)}


@pytest.mark.parametrize(
    ("make", "name", "records", "without"),
    [
        (
            DocumentImport,
            "sales.import",
            documents(),
            {"document_client", "document_sales", "change_client"},
        ),
        (Import, "client.import", mixed(), {"client_name_key"}),
        (
            partial(Import, anew=True),
            "client.import",
            mixed(),
            {"client_name_key", "client_core_key", "client_email_key"},
        ),
    ],
)
@pytest.mark.parametrize("few", [0, 1000])
def test_indexes_that_a_large_file_is_written_without(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[..., Any],
    name: str,
    records: list[Row],
    without: set[str],
    few: int,
) -> None:
    """They are there again at its end, whether it is written or refused."""
    monkeypatch.setattr(sqlite, "FEW_STORED", few)
    add_client(store, code="C1")
    before = indexes(store)
    during: list[set[tuple[str, str]]] = []

    def read(records: list[Row]) -> Iterator[Row]:
        during.append(indexes(store))
        yield from records

    def taken_in(records: list[Row]) -> None:
        store.run(lambda uow: make(uow, Context(), large=True).run(read(records)), operation=name)

    with pytest.raises(InvalidData):
        taken_in(records)
    assert indexes(store) == before
    taken_in(records[2:5])
    assert indexes(store) == before
    missing = {name for name, _sql in before - during[1]}
    assert during[0] == during[1]
    assert missing == (without if few and store.conn.engine == "sqlite" else set())


def test_a_total_is_marked_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an import of many documents; also where it has forgotten which it has marked."""
    add_client(store, code="C1")
    plain = {"client": "C1", "subtotal": "1", "date": "2025-01-01"}
    odd: list[dict[str, Any]] = [
        {"status": "draft"},
        {"kind": "quote"},
        {},
        {"number": "N1"},
        {"date": "2024-01-01"},
        {"bill_to": "C2"},
        {"kind": "credit_note"},
    ]
    add_client(store, code="C2")
    records = [Row(line, {"number": f"N{line}", **plain, **own}) for line, own in enumerate(odd, 2)]
    for most in (1000, 0):
        monkeypatch.setattr(totals, "MARKED", most)
        monkeypatch.setattr(DocumentImport, "size", 1)
        with pytest.raises(ZeroDivisionError):
            store.run(lambda uow: marks_of(uow, records), operation="sales.import")


def marks_of(uow: UnitOfWork, records: list[Row]) -> None:
    DocumentImport(uow, Context(), kind="invoice").run(iter(records))
    found = uow.conn.query(
        "SELECT c.code, s.year, s.basis FROM sales_stale s JOIN client c ON c.id = s.client_id"
        " ORDER BY c.code, s.year, s.basis"
    )
    assert [tuple(row.values()) for row in found] == [
        ("C1", 2024, "bill-to"),
        ("C1", 2024, "sold-to"),
        ("C1", 2025, "bill-to"),
        ("C1", 2025, "sold-to"),
        ("C2", 2025, "bill-to"),
    ]
    raise ZeroDivisionError  # the rollback


def test_of_a_large_file_nothing_is_read_before(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the second process would keep all of a sheet, which is read at once."""
    way = Way(monkeypatch, forked=True)

    def read() -> Iterator[Row]:
        assert way.forks
        yield from rows(*({"code": f"C{n}"} for n in range(30)))

    done = store.run(
        lambda uow: Import(uow, Context(), anew=True, large=True).run(read()),
        operation="client.import",
    )
    assert done[0].changed == 30
    way.check(forked=True)


def test_a_file_that_ends_in_an_error(new_store: NewStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its rows have had said until then is said, and nothing of the rest is written."""

    def broken() -> Iterator[Row]:
        yield from mixed()[:45]
        raise InvalidData("input.quote", msg("the quote that begins here never ends"))

    def work(store: Store) -> Any:
        context = Context()
        with pytest.raises(InvalidData, match="never ends"):
            store.run(
                lambda uow: Import(uow, context, continue_on_error=True).run(broken()),
                operation="client.import",
            )
        return [(warning.line, warning.code) for warning in context.warnings]

    alone, forked = both_ways(new_store, monkeypatch, work)
    assert alone == forked
    assert alone[0] == [(22, "phone.invalid"), (43, "client.similar")]


def test_an_interruption(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    way = Way(monkeypatch, forked=True)

    def interrupted() -> Iterator[Row]:
        yield from mixed()[:50]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_in(store, interrupted(), continue_on_error=True)
    way.check(forked=True)
    assert stored(store)["client"] == []


@pytest.mark.parametrize("dies", [1, 3])
def test_a_process_that_dies(
    new_store: NewStore, monkeypatch: pytest.MonkeyPatch, dies: int
) -> None:
    answers = 0
    answer = second_process._Worker.answer

    def dying(self: second_process._Worker, message: bytes) -> bytes:
        nonlocal answers
        answers += 1
        return answer(self, message) if answers < dies else os._exit(9)

    def work(store: Store) -> Any:
        return told(take_in(store, mixed(), continue_on_error=True))

    monkeypatch.setattr(second_process._Worker, "answer", dying)
    alone, forked = both_ways(new_store, monkeypatch, work)
    said = forked[0][-1]
    (warning,) = [one for one in said if one not in alone[0][-1]]
    assert warning[2] == "import.alone"
    said.remove(warning)
    assert alone == forked


def test_rows_that_no_pipe_holds(new_store: NewStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_process, "_PIPE", 4096)
    records = rows(
        *({"code": f"C{n}", "name": f"Client {n}", "instructions": "x" * 1900} for n in range(80))
    )
    for record in records:
        record.values["unknown"] = "x" * 20_000

    def work(store: Store) -> Any:
        return told(take_in(store, records))

    alone, forked = both_ways(new_store, monkeypatch, work)
    assert alone == forked


@pytest.mark.parametrize("lacking", ["fork", "pipe"])
def test_a_system_that_has_no_more(
    new_store: NewStore, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    """Without another process, or a second pipe, the import does it alone; none stays open."""
    given: list[int] = []
    pipe = os.pipe

    def scarce() -> tuple[int, int]:
        if given and lacking == "pipe":
            raise OSError(errno.EMFILE, "none")
        given.extend(ends := pipe())
        return ends

    def none() -> int:
        raise OSError(errno.EAGAIN, "none")

    set_up(monkeypatch, forked=True)
    monkeypatch.setattr(os, "pipe", scarce)
    monkeypatch.setattr(os, "fork", none)
    outcome = take_in(new_store(), rows(*({"code": f"C{n}"} for n in range(30))), anew=True)
    assert outcome.changed == 30
    assert given
    for place in given:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(place)
