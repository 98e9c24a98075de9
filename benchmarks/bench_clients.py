"""Clients: start-up, the card, import, changes of many, the list and the search.

python -m benchmarks.bench_clients [--clients N] [--listed N] [--full]
python -m benchmarks.bench_clients --engine postgresql://… [--listed N] [--full]

The second measures list and search alone, on a server: of an empty database, which is filled, or
of one that has been filled so.
"""

from __future__ import annotations

import argparse
import csv
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import interop, peak_memory, record
from benchmarks.pairs import Command, compare
from interop_cli.store.engines.connection import Connection

PYTHON = sys.executable
PROGRAM = [PYTHON, "-m", "interop_cli"]
# What a programmer would write by hand for the same change of many clients, with a journal.
BY_HAND = """
import sqlite3, sys
path, column, new = sys.argv[1:]
db = sqlite3.connect(path, isolation_level=None)
db.execute("PRAGMA foreign_keys = ON")
db.execute("PRAGMA synchronous = EXTRA")
codes = [line.strip().lower() for line in sys.stdin]
db.execute("BEGIN IMMEDIATE")
db.execute("CREATE TEMP TABLE picked (code_key TEXT PRIMARY KEY)")
db.executemany("INSERT INTO picked VALUES (?)", ((code,) for code in codes))
which = f"{column} IS NOT ? AND code_key IN (SELECT code_key FROM picked)"
db.execute(
    "INSERT INTO change (operation_id, entity, entity_id, client_id, action, before, version)"
    f" SELECT 2, 'client', id, id, 'update', json_object('{column}', {column}), version + 1"
    f" FROM client WHERE {which} ORDER BY id",
    (new,),
)
db.execute(
    "INSERT INTO operation VALUES (2, 'by.hand', '2026-01-01T00:00:00Z', 'me', 'by hand',"
    " NULL, changes(), '')"
)
db.execute(
    f"UPDATE client SET {column} = ?, version = version + 1, updated_at = '2026-01-01T00:00:00Z'"
    f" WHERE {which}",
    (new, new),
)
db.execute("COMMIT")
"""
SEARCHES = (
    "imprimerie",
    "quebec",
    "gagnon",
    "editions boreal",
    "info",
    "school mont",
    "restaurant",
    "h2x",
    "514 555",
    "club",
    "laval",
    "dupuis inc",
    "z",
    "clinique lev",
    "s42",
    "trois rivieres",
    "s.e.n.c.r.l.",
    "514 555",
)


def write_csv(path: Path, count: int) -> None:
    """A file of made-up clients, the same every time."""
    from interop_cli.seed import clients

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = None
        for client in clients(count, 1):
            row = {**client, "tags": ",".join(client["tags"] or ())}  # type: ignore[arg-type]
            if writer is None:
                writer = csv.DictWriter(file, list(row))
                writer.writeheader()
            writer.writerow(row)


def start_up() -> None:
    """The version against the import of click alone."""
    figures = compare(
        Command([*PROGRAM, "--version"]),
        Command([PYTHON, "-c", "import click"]),
        pairs=15,
        target=1.2,
    )
    record("start-up", figures)


def importing(folder: Path, count: int) -> Path:
    """An import against ``sqlite-utils insert`` of the same file; the database it leaves."""
    file, ours, theirs = folder / "clients.csv", folder / "ours.db", folder / "theirs.db"
    write_csv(file, count)

    def fresh() -> None:
        ours.unlink(missing_ok=True)
        interop("db", "init", "-q", db=ours)

    insert = [PYTHON, "-m", "sqlite_utils", "insert", theirs, "client", file, "--csv"]
    take_in = [*PROGRAM, "--db", ours, "client", "import", file, "-q"]
    figures = compare(
        Command(take_in, before=fresh),
        Command(insert, before=lambda: theirs.unlink(missing_ok=True)),
        pairs=3,
        target=1.0,
    )
    bare = compare(
        Command(take_in, before=fresh),
        Command([*insert, "--no-detect-types"], before=lambda: theirs.unlink(missing_ok=True)),
        pairs=3,
        target=1.5,
    )
    record(f"import.untyped.{count}", bare)
    fresh()
    record(f"import.{count}", {**figures, "peak_megabytes": peak_memory(take_in)})
    return ours


def showing(db: Path, count: int) -> None:
    """A card as JSON against the imports it cannot do without."""
    code = first_code(db)
    figures = compare(
        Command([*PROGRAM, "--db", db, "client", "show", code, "--json"]),
        Command([PYTHON, "-c", "import click, sqlite3, json"]),
        pairs=15,
        target=1.8,
    )
    record(f"show.{count}", figures)


def changing(folder: Path, db: Path, count: int) -> None:
    """All codes through a pipe, deactivated and edited, against the same statements by hand."""
    codes, ours, theirs = folder / "codes", folder / "a.db", folder / "b.db"
    with sqlite3.connect(db) as conn:
        codes.write_text("".join(f"{c}\n" for (c,) in conn.execute("SELECT code FROM client")))
    for name, words, by_hand in (
        ("deactivate", ["deactivate", "-"], ["active", "0"]),
        ("edit", ["edit", "-", "--terms", "net60"], ["terms", "net60"]),
    ):
        change = [*PROGRAM, "--db", ours, "client", *words, "-y", "-q", "--max-affected", count]
        figures = compare(
            Command(change, before=lambda: shutil.copy(db, ours), stdin=str(codes)),
            Command(
                [PYTHON, "-c", BY_HAND, theirs, *by_hand],
                before=lambda: shutil.copy(db, theirs),
                stdin=str(codes),
            ),
            pairs=3,
            target=2.0,
        )
        shutil.copy(db, ours)
        peak = peak_memory(change, stdin=str(codes))
        undo = peak_memory([*PROGRAM, "--db", ours, "journal", "undo", "2", "-y", "-q"])
        record(f"{name}.{count}", {**figures, "peak_megabytes": peak, "undo_peak_megabytes": undo})


def listing(folder: Path, count: int) -> Path:
    """The whole list as NDJSON against ``sqlite-utils rows --nl`` of the same rows."""
    db, flat = folder / "many.db", folder / "flat.db"
    interop("db", "init", "-q", db=db)
    interop("db", "seed", "--clients", count, "-q", db=db)
    interop("client", "list", "--all", "-o", "csv", "--out", folder / "flat.csv", db=db)
    from benchmarks.common import run

    run(PYTHON, "-m", "sqlite_utils", "insert", flat, "client", folder / "flat.csv", "--csv")
    ours = [*PROGRAM, "--db", db, "client", "list", "--all", "-o", "ndjson"]
    figures = compare(
        Command(ours),
        Command([PYTHON, "-m", "sqlite_utils", "rows", flat, "client", "--nl"]),
        pairs=3,
        target=0.5,
    )
    record(f"list.{count}", {**figures, "peak_megabytes": peak_memory(ours)})
    return db


def listing_on_server(url: str, count: int) -> None:
    """The whole list as NDJSON against psql, which copies the same rows: as JSON, and bare."""
    import psycopg

    from interop_cli.store.reading.clients import LISTED, SOURCE

    with psycopg.connect(url, autocommit=True) as conn:
        if conn.execute("SELECT to_regclass('client')").fetchone() == (None,):
            interop("db", "init", "-q", db=url)
            interop("db", "seed", "--clients", count, "-q", db=url)
            conn.execute("VACUUM ANALYZE")  # its server does so by itself, a little later
    columns = ", ".join(f"{field.sql} AS {field.name}" for field in LISTED)
    bare = f"SELECT {columns}{SOURCE} ORDER BY c.code_key"
    ours = [*PROGRAM, "--db", url, "client", "list", "--all", "-o", "ndjson"]
    for name, query, target in (
        ("json", f"SELECT row_to_json(row) FROM ({bare}) AS row", 1.2),
        ("bare", bare, 1.2),
    ):
        theirs = ["psql", "-X", "-q", url, "-c", f"COPY ({query}) TO STDOUT"]
        figures = compare(Command(ours), Command(theirs), pairs=3, target=target)
        record(f"list.postgres.{name}.{count}", {**figures, "peak_megabytes": peak_memory(ours)})


def exporting(db: Path, count: int) -> None:
    """Clients with all that belongs to them as NDJSON, against the list of the same clients."""
    ours = [*PROGRAM, "--db", db, "client", "export", "--format", "ndjson"]
    theirs = [*PROGRAM, "--db", db, "client", "list", "--all", "-o", "ndjson"]
    figures = compare(Command(ours), Command(theirs), pairs=3, target=2.0)
    record(f"export.{count}", {**figures, "peak_megabytes": peak_memory(ours)})


def searching(place: str, count: int) -> None:
    """Searches inside the process: the first 50 found.

    In milliseconds of the processor; on a server, which does the work, by the clock.
    """
    from interop_cli.store.engines.open import open_database
    from interop_cli.store.reading.clients import LISTED, ListQuery, client_rows

    conn = open_database(place)
    now = time.process_time if conn.engine == "sqlite" else time.perf_counter
    names = [field.name for field in LISTED]
    times = []
    for text in (*SEARCHES, *typed(conn, 300)):
        start = now()
        for _batch in client_rows(conn, ListQuery(search=text, limit=50), names):
            pass
        times.append((now() - start) * 1000)
    quantiles = statistics.quantiles(times, n=20)
    engine = "" if conn.engine == "sqlite" else f"{conn.engine}."
    conn.close()
    record(
        f"search.{engine}{count}",
        {
            "target": 10,
            "milliseconds_p50": round(statistics.median(times), 2),
            "milliseconds_p95": round(quantiles[-1], 2),
        },
    )


def typed(conn: Connection, count: int) -> list[str]:
    """What people type to find a client: the beginnings of two words of its name, a telephone, an
    e-mail, a postal code, a city with a word of the name."""
    dice, found = random.Random(1), list[str]()
    (last,) = conn.query("SELECT MAX(id) AS id FROM client")
    sql = (
        "SELECT name, email, c.phone AS phone, city, postal_code FROM client c"
        " JOIN address ON client_id = c.id AND main = 1 WHERE c.id = :id"
    )
    while len(found) < count:
        (row,) = conn.query(sql, id=dice.randint(1, last["id"]))
        name, email, phone, city, postal_code = (value or "" for value in row.values())
        words = [word for word in name.split() if len(word) > 3] or [name]
        two = " ".join(word[: dice.randint(3, 8)] for word in words[:2])
        text = dice.choice((two, words[-1], phone[2:12], email, f"{words[0]} {city}", postal_code))
        if text:
            found.append(text)
    return found


def first_code(db: Path) -> str:
    """The code of a client in the middle of the database."""
    with sqlite3.connect(db) as conn:
        sql = "SELECT code FROM client ORDER BY id LIMIT 1 OFFSET (SELECT COUNT(*) / 2 FROM client)"
        return str(conn.execute(sql).fetchone()[0])


def main(argv: list[str] | None = None) -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=100_000)
    parser.add_argument("--listed", type=int, default=100_000)
    parser.add_argument("--full", action="store_true", help="list and search a million clients")
    parser.add_argument("--engine", help="a postgresql:// address: list and search, there")
    wanted = parser.parse_args(argv)
    listed = 1_000_000 if wanted.full else wanted.listed
    if wanted.engine:
        listing_on_server(wanted.engine, listed)
        searching(wanted.engine, listed)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start_up()
        db = importing(folder, wanted.clients)
        showing(db, wanted.clients)
        exporting(db, wanted.clients)
        changing(folder, db, wanted.clients)
        searching(str(listing(folder, listed)), listed)


if __name__ == "__main__":
    main()
