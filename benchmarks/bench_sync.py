"""Sync: pushing contacts to a fake portal, and planning without calling anybody.

What we wait for is held against the time the portal itself took; on a machine that others use, the
processor that both took tells more: ``cpu_seconds`` and ``portal_cpu_seconds``.

python -m benchmarks.bench_sync [--contacts N] [--clients N] [--full]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from operator import itemgetter
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, interop, peak_memory, record
from benchmarks.pairs import Command, compare

PYTHON = sys.executable
PROGRAM = [PYTHON, "-m", "interop_cli"]
TOKEN = "fake-token-0123456789"
PER_CLIENT = 100
PUSHES = 7  # of which the one in the middle counts: one takes not two seconds


class Portal:
    """The fake in another process, so that it and we do not share an interpreter."""

    def __init__(self, milliseconds: int) -> None:
        self.child = subprocess.Popen(
            [PYTHON, "-m", "benchmarks.portal", str(milliseconds)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self.child.stdout is not None
        self.url = self.child.stdout.readline().strip()

    def stats(self) -> dict[str, Any]:
        """Its calls and the seconds it took over them."""
        with urllib.request.urlopen(f"{self.url}/stats") as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def cpu(self) -> float:
        """The seconds of processor that it has taken, where the system tells (Linux)."""
        try:
            text = Path(f"/proc/{self.child.pid}/stat").read_text()
        except OSError:
            return 0.0
        user, system = text.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End it."""
        self.child.kill()
        self.child.wait()


def cpu_of_children() -> float:
    """The seconds of processor that ended children took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def connected(folder: Path, portal: Portal) -> Path:
    """A database with the portal as its target."""
    db = folder / "shop.db"
    os.environ.update(
        INTEROP_CRM_BASE_URL=portal.url,
        INTEROP_CONFIG=str(folder / "config.toml"),
        INTEROP_NO_KEYRING="1",
    )
    (folder / "token").write_text(TOKEN)
    interop("db", "init", "-q", db=db)
    interop("sync", "add", "crm", "hubspot", "-q", db=db)
    interop("sync", "connect", "crm", "--token-file", folder / "token", "-q", db=db)
    return db


def clients_file(folder: Path, contacts: int) -> Path:
    """Clients with a hundred contacts each, nested."""
    path = folder / "clients.ndjson"
    with path.open("w", encoding="utf-8") as file:
        for number in range(-(-contacts // PER_CLIENT)):
            people = [
                {"name": f"Personne {n}", "email": f"p{number}.{n}@client.example"}
                for n in range(min(PER_CLIENT, contacts - number * PER_CLIENT))
            ]
            client = {
                "code": f"C-{number}",
                "name": f"Client {number}",
                "line1": "12, rue du Quai",
                "city": "Québec",
                "province": "QC",
                "postal_code": "G1K 7X2",
                "country": "CA",
                "contacts": people,
            }
            file.write(json.dumps(client, ensure_ascii=False) + "\n")
    return path


def pushing(contacts: int, milliseconds: int, *, times: int = 1) -> None:
    """The first push of contacts whose ratio is in the middle of so many."""
    pushes = sorted((pushed(contacts, milliseconds) for _ in range(times)), key=itemgetter("ratio"))
    figures = {"target": 1.5, **pushes[times // 2], "times": times}
    record(f"sync.push.{contacts}_contacts.{milliseconds}_ms", figures)


def pushed(contacts: int, milliseconds: int) -> dict[str, Any]:
    """A first push of contacts: calls, and time against the portal's own."""
    portal = Portal(milliseconds)
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            db = connected(folder, portal)
            interop("client", "import", clients_file(folder, contacts), "-q", db=db)
            before, theirs = portal.stats(), portal.cpu()
            start, used = time.perf_counter(), cpu_of_children()
            megabytes = peak_memory([*PROGRAM, "--db", db, "sync", "push", "-q"])
            seconds, used = time.perf_counter() - start, cpu_of_children() - used
            after, theirs = portal.stats(), portal.cpu() - theirs
            start = time.perf_counter()
            interop("sync", "push", "-q", db=db)
            nothing = time.perf_counter() - start
            again = portal.stats()["calls"] - after["calls"]
    finally:
        portal.close()
    answering = after["seconds"] - before["seconds"]
    companies = -(-contacts // PER_CLIENT)
    calls = after["calls"] - before["calls"]
    needed = 1 + -(-contacts // 100) + -(-companies // 100)  # one asks which portal it is
    assert calls == needed, (calls, needed)
    assert again == 0
    return {
        "ratio": round(seconds / answering, 2),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(used, 2),
        "portal_cpu_seconds": round(theirs, 2),
        "megabytes": megabytes,
        "answering_seconds": round(answering, 2),
        "calls": calls,
        "calls_needed": needed,
        "nothing_to_do_seconds": round(nothing, 2),
    }


def planning(clients: int) -> None:
    """An offline plan in which every client is new, against listing the same clients."""
    with tempfile.TemporaryDirectory() as name:
        db = Path(name) / "shop.db"
        interop("db", "init", "-q", db=db)
        interop("db", "seed", "--clients", clients, "-q", db=db)
        interop("sync", "add", "crm", "hubspot", "-q", db=db)
        plan = [*PROGRAM, "--db", db, "sync", "plan", "--offline", "-q", "-o", "ndjson"]
        listing = [*PROGRAM, "--db", db, "client", "list", "--all", "-o", "ndjson"]
        figures = compare(Command(plan), Command(listing), pairs=3, target=10)
        figures |= {"seconds_target": 4, "megabytes": peak_memory(plan)}
    record(f"sync.plan_offline.{clients}", figures)


def main(argv: list[str] | None = None) -> None:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=2_000)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--full", action="store_true")
    asked = parser.parse_args(argv)
    contacts, clients = (10_000, 100_000) if asked.full else (asked.contacts, asked.clients)
    pushing(contacts, 0, times=PUSHES)
    pushing(contacts, 100)
    if asked.full:
        pushing(10 * contacts, 0)  # what it takes of the memory
    planning(clients)


if __name__ == "__main__":
    main()
