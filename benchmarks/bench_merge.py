"""Merge: a client with thousands of rows into another, and the way back, against plain SQL.

The plain SQL is what one would write by hand: the rows change their client, nothing is compared,
journaled or indexed, and there is no way back.

python -m benchmarks.bench_merge [--documents N] [--full]
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

from benchmarks.common import interop, once, record
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome
from interop_cli.services.clients import card
from interop_cli.services.clients import merge as merging
from interop_cli.services.people import contacts, notes
from interop_cli.services.undoing import undo
from interop_cli.store.engines.open import open_database
from interop_cli.store.store import Store
from interop_cli.store.writing.tables import DOCUMENT
from interop_cli.store.writing.unit_of_work import UnitOfWork

NOW = "2026-01-05T00:00:00Z"
TABLES = ("contact", "note", "document", "client_code")


def fill(uow: UnitOfWork, documents: int) -> Outcome:
    """Two clients with the same contacts, notes, and the documents of the second."""
    for code in ("WINNER", "LOSER"):
        place = {"line1": "1 rue A", "city": "Québec", "postal_code": "G1K 7X2"}
        card.create(uow, {"name": "Presse", "code": code, **place}, Context())
        for number in range(200):
            who = {"name": f"Contact {number}", "email": f"c{number}@presse.example"}
            if code == "LOSER" and number % 2:
                who["email"] = f"other{number}@presse.example"
            contacts.create(uow, code, who, Context())
            notes.create(uow, code, {"text": f"Note {number}"}, Context())
    loser = uow.clients.row("LOSER")["id"]
    fields = dict.fromkeys(DOCUMENT.columns) | {
        "client_id": loser,
        "kind": "invoice",
        "status": "posted",
        "date": "2026-01-05",
        "year": 2026,
        "currency": "CAD",
        "subtotal_cents": 100,
        "tax_cents": 0,
        "total_cents": 100,
        "taxes": "[]",
        "issued": 0,
    }
    uow.writer.insert(
        "document",
        [{**fields, "number": f"F-{n}", "number_key": f"f-{n}"} for n in range(documents)],
    )
    return Outcome()


def by_hand(path: Path) -> None:
    """The same move in plain SQL."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA synchronous = EXTRA")
    db.execute("BEGIN IMMEDIATE")
    db.execute(
        "DELETE FROM contact WHERE client_id = 2 AND email_key IN"
        " (SELECT email_key FROM contact WHERE client_id = 1)"
    )
    db.execute("UPDATE contact SET is_default = 0, billing = 0 WHERE client_id = 2")
    for table in TABLES:
        db.execute(f"UPDATE {table} SET client_id = 1 WHERE client_id = 2")
    db.execute("UPDATE client SET active = 0 WHERE id = 2")
    db.execute("COMMIT")
    db.close()


def main(argv: list[str] | None = None) -> int:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--full", action="store_true")
    asked = parser.parse_args(argv)
    documents = 100_000 if asked.full else asked.documents
    with tempfile.TemporaryDirectory() as folder:
        place, copy = Path(folder) / "x.db", Path(folder) / "copy.db"
        interop("db", "init", "-q", db=place)
        store = Store(open_database(str(place)), lambda: "2026-01-05", lambda: NOW, "bench")
        store.run(lambda uow: fill(uow, documents), operation="bench.fill")
        store.close()
        shutil.copy(place, copy)
        plain = once(lambda: by_hand(copy))
        store = Store(open_database(str(place)), lambda: "2026-01-05", lambda: NOW, "bench")
        merge = once(
            lambda: store.run(
                lambda uow: merging.merge(uow, "WINNER", ["LOSER"]), operation="client.merge"
            )
        )
        back = once(lambda: store.run(lambda uow: undo(uow, 2), operation="journal.undo", undoes=2))
        store.close()
    record(
        "merge",
        {
            "documents": documents,
            "contacts": 400,
            "notes": 400,
            "seconds": round(merge, 2),
            "undo_seconds": round(back, 2),
            "plain_seconds": round(plain, 2),
            "ratio": round(merge / plain, 1),
        },
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
