"""Sales: refreshing the totals, importing documents, and a client's card with many documents.

python -m benchmarks.bench_sales [--invoices N] [--only PART…] [--full]
python -m benchmarks.bench_sales --engine postgresql://… --only refresh incremental [--full]

``--full`` takes a million invoices, and then ten million for the totals; on a server the ten
million alone.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

from benchmarks.common import best, interop, once, peak_memory, record, run
from benchmarks.pairs import Command, compare
from interop_cli.services.sales import totals
from interop_cli.store.engines.connection import Connection
from interop_cli.store.engines.create import create_database
from interop_cli.store.engines.open import open_database
from interop_cli.store.store import Store
from interop_cli.store.writing.tables import ADDRESS, CLIENT, DOCUMENT, Table

FIRST, LAST = 2022, 2026
MADE = 1_000_000  # documents that are made one by one
NOW = "2026-03-02T00:00:00Z"
BARE = """INSERT INTO bare (client_id, year, currency, amount_cents, invoices)
SELECT client_id, year, currency,
  SUM(CASE kind WHEN 'invoice' THEN subtotal_cents ELSE -subtotal_cents END),
  SUM(CASE kind WHEN 'invoice' THEN 1 ELSE 0 END)
FROM document WHERE status = 'posted' AND kind IN ('invoice', 'credit_note')
  AND year BETWEEN 2022 AND 2026
GROUP BY client_id, year, currency"""


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Raw)
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--full", action="store_true", help="a million invoices, and ten million")
    parser.add_argument("--clients", type=int, default=100_000)
    parser.add_argument("--engine", help="a postgresql:// address with an empty database")
    parser.add_argument("--folder", type=Path, help="where the databases go (a temporary folder)")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=tuple(PARTS), default=list(PARTS))
    asked = parser.parse_args(argv)
    if not asked.full:
        measure(asked, asked.invoices, asked.only)
        return
    if not asked.engine:
        measure(asked, 1_000_000, asked.only)
    measure(asked, 10_000_000, [name for name in asked.only if name in TOTALS])


def measure(asked: argparse.Namespace, invoices: int, parts: Sequence[str]) -> None:
    """Make a database of so many invoices and measure these parts of the work on it."""
    asked.invoices = invoices
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        place = asked.engine or str(Path(folder) / "sales.db")
        filled = False
        for name in parts:
            if name in TOTALS and not filled:
                create_database(place, NOW, lock_timeout=30)
                fill(open_store(place).conn, asked.clients, invoices)
                filled = True
            PARTS[name](asked, place, Path(folder))


class _Raw(argparse.RawDescriptionHelpFormatter):
    """Keep the examples as they are."""


def open_store(place: str) -> Store:
    """The store as the program opens it."""
    return Store(open_database(place, lock_timeout=30), lambda: NOW[:10], lambda: NOW, "bench")


# -- made-up data ---------------------------------------------------------------------------


def fill(conn: Connection, clients: int, invoices: int) -> None:
    """Clients and posted invoices (one in twenty a credit note), written without the journal."""
    with conn.write():
        conn.insert_many("client", CLIENT.all_columns, map(client, range(1, clients + 1)))
        conn.insert_many("address", ADDRESS.all_columns, map(address, range(1, clients + 1)))
        made = min(invoices, MADE)
        conn.insert_many("document", DOCUMENT.all_columns, documents(clients, made))
        for time in range(1, invoices // MADE):
            conn.execute(_again(), time=f"{time:x}", more=time * made, clients=clients)
    if conn.engine == "postgres":  # its server does so by itself, a little later
        conn.execute("ANALYZE")


def _again() -> str:
    """SQL for the first documents once more, as those of other clients."""
    owner = "(client_id + :more / 7) % :clients + 1"
    others = {
        "id": "id + :more",
        "client_id": owner,
        "bill_to_id": f"NULLIF(bill_to_id, {owner})",
        "uid": ":time || SUBSTR(uid, 2)",
        "number": "CAST(id + :more AS TEXT)",
        "number_key": "CAST(id + :more AS TEXT)",
    }
    names = ", ".join(DOCUMENT.all_columns)
    chosen = ", ".join(others.get(name, name) for name in DOCUMENT.all_columns)
    return f"INSERT INTO document ({names}) SELECT {chosen} FROM document WHERE id <= {MADE}"


def uid(table: Table, n: int) -> str:
    """The uid of row ``n`` of a table: in the order of the ids, as those that an import gives."""
    return f"{n:08x}-0000-7000-8000-{crc32(table.name.encode()):012x}"


def client(n: int) -> tuple[object, ...]:
    values = {
        "id": n,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
        "uid": uid(CLIENT, n),
        "code": f"C{n}",
        "code_key": f"c{n}",
        "name": f"Client {n}",
        "name_key": f"client {n}",
        "core_key": f"client {n}",
        "active": 1,
        "prospect": 0,
        "language": "fr",
        "currency": "CAD",
        "shipper_identity": "standard",
        "tags": "[]",
        "tags_key": "|",
        "accounting": "{}",
    }
    return tuple(values.get(name) for name in CLIENT.all_columns)


def address(n: int) -> tuple[object, ...]:
    values = {
        "id": n,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
        "client_id": n,
        "uid": uid(ADDRESS, n),
        "line1": "1 rue X",
        "line_key": "1 rue x",
        "city": "Québec",
        "city_key": "quebec",
        "province": "QC",
        "postal_code": "G1K 7X2",
        "country": "CA",
        "main": 1,
    }
    return tuple(values.get(name) for name in ADDRESS.all_columns)


def documents(clients: int, count: int) -> Iterator[tuple[object, ...]]:
    names = DOCUMENT.all_columns
    for n, (owner, kind, year, month, cents) in enumerate(amounts(clients, count), 1):
        values = {
            "id": n,
            "version": 1,
            "created_at": NOW,
            "updated_at": NOW,
            "client_id": owner,
            "uid": uid(DOCUMENT, n),
            "bill_to_id": owner % clients + 1 if n % 50 == 0 and clients > 1 else None,
            "kind": kind,
            "number": str(n),
            "number_key": str(n),
            "status": "posted",
            "date": f"{year}-{month:02}-15",
            "year": year,
            "currency": "CAD",
            "subtotal_cents": cents,
            "tax_cents": 0,
            "total_cents": cents,
            "taxes": "[]",
            "issued": 0,
        }
        yield tuple(values.get(name) for name in names)


def amounts(clients: int, count: int) -> Iterator[tuple[int, str, int, int, int]]:
    dice = random.Random(1)
    for n in range(count):
        kind = "credit_note" if n % 20 == 19 else "invoice"
        yield (
            dice.randint(1, clients),
            kind,
            dice.randint(FIRST, LAST),
            dice.randint(1, 12),
            dice.randint(1_00, 10_000_00),
        )


def write_invoices(file: Path, clients: int, count: int) -> None:
    """A CSV of so many invoices, for the clients that ``fill`` makes."""
    with file.open("w", encoding="utf-8") as stream:
        stream.write("number,client,date,subtotal,tax\n")
        for n, (owner, _kind, year, month, cents) in enumerate(amounts(clients, count), 1):
            amount = f"{cents // 100}.{cents % 100:02}"
            stream.write(f"{n},C{owner},{year}-{month:02}-15,{amount},0.00\n")


# -- what is measured -----------------------------------------------------------------------


def refresh(asked: argparse.Namespace, place: str, _folder: Path) -> None:
    """``sales refresh --full`` against the bare statement on the same table."""
    store = open_store(place)
    conn = store.conn
    conn.execute("DROP TABLE IF EXISTS bare")
    conn.execute(
        "CREATE TABLE bare (client_id BIGINT, year BIGINT, currency TEXT, amount_cents BIGINT,"
        " invoices BIGINT, PRIMARY KEY (client_id, year, currency))"
    )

    def bare() -> None:
        with conn.write():
            conn.execute("DELETE FROM bare")
            conn.execute(BARE)

    def full() -> None:
        store.run(
            lambda uow: totals.refresh(uow, FIRST, LAST, full=True), operation="sales.refresh"
        )

    bare(), full()  # both tables have had rows before
    pairs = [(once(bare), once(full)) for _ in range(asked.times)]
    plain, ours = (min(times) for times in zip(*pairs, strict=True))
    record(
        f"sales.refresh.{conn.engine}.{asked.invoices}",
        {
            "bare_seconds": round(plain, 3),
            "seconds": round(ours, 3),
            "ratio": round(ours / plain, 2),
        },
    )
    conn.execute("DROP TABLE bare")
    store.close()


def incremental(asked: argparse.Namespace, place: str, _folder: Path) -> None:
    """``sales refresh`` after 100 changed invoices, against a full one."""
    store = open_store(place)

    def work(*, full: bool) -> None:
        store.run(
            lambda uow: totals.refresh(uow, FIRST, LAST, full=full), operation="sales.refresh"
        )

    whole = best(lambda: work(full=True), 2)
    times = []
    for start in range(1, 1 + 100 * asked.times, 100):
        store.run(
            lambda uow, start=start: uow.writer.update(
                "document",
                {"status": "void"},
                "id BETWEEN :low AND :high",
                low=start,
                high=start + 99,
            ),
            operation="sales.document.void",
        )
        times.append(once(lambda: work(full=False)))
    record(
        f"sales.incremental.{store.conn.engine}.{asked.invoices}",
        {
            "full_seconds": round(whole, 3),
            "seconds": round(min(times), 4),
            "ratio": round(min(times) / whole, 4),
        },
    )
    store.close()


def importing(asked: argparse.Namespace, _place: str, folder: Path) -> None:
    """``sales import`` of a CSV, against ``sqlite-utils insert`` of the same file."""
    count = min(asked.invoices, 1_000_000)
    clients = min(asked.clients, 10_000)
    file, ours, plain = folder / "invoices.csv", folder / "import.db", folder / "plain.db"
    write_invoices(file, clients, count)

    def fresh() -> None:
        for one in folder.glob("import.db*"):
            one.unlink()
        create_database(str(ours), NOW, lock_timeout=30)
        store = open_store(str(ours))
        fill(store.conn, clients, 0)
        store.close()

    program = [sys.executable, "-m", "interop_cli", "--db", ours, "-q"]
    take_in = [*program, "sales", "import", file, "--kind", "invoice"]
    tool = [sys.executable, "-m", "sqlite_utils", "insert", plain, "document", file, "--csv"]
    figures = compare(
        Command(take_in, before=fresh),
        Command(tool, before=lambda: plain.unlink(missing_ok=True)),
        pairs=asked.times,
        target=1.3,
    )
    fresh()
    record(f"sales.import.{count}", {**figures, "peak_megabytes": peak_memory(take_in)})


def show(_asked: argparse.Namespace, _place: str, folder: Path) -> None:
    """``client show --json`` of a client with 10,000 documents, against Python's bare start."""
    place = folder / "show.db"
    create_database(str(place), NOW, lock_timeout=30)
    store = open_store(str(place))
    fill(store.conn, 1, 10_000)
    store.close()
    plain = best(lambda: run(sys.executable, "-c", "import click, sqlite3, json"), 5)
    ours = best(lambda: interop("client", "show", "C1", "--json", db=place), 5)
    record(
        "sales.client_show.10000_documents",
        {
            "bare_seconds": round(plain, 3),
            "seconds": round(ours, 3),
            "ratio": round(ours / plain, 2),
        },
    )


TOTALS = ("refresh", "incremental")
PARTS = {"refresh": refresh, "incremental": incremental, "import": importing, "show": show}

if __name__ == "__main__":
    main()
