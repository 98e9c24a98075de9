"""Duplicates: how long the whole base takes, against comparing every name with every other.

Among made-up clients, one in a hundred is entered a second time as a person would: another legal
form, no accents, a typo, a phone or an e-mail in common. ``found`` is how many of those are listed.

python -m benchmarks.bench_duplicates [--clients N] [--full]
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.common import interop, once, record
from interop_cli.domain.merging import Candidate, pairs
from interop_cli.domain.values.text import fold
from interop_cli.store.engines.open import open_database
from interop_cli.store.reading.duplicates import candidates

EVERY = 100


def entered_again(one: Candidate, number: int, draw: random.Random) -> Candidate:
    """The same client as somebody else typed it."""
    name = fold(one.name).removesuffix(" inc.").removesuffix(" ltee").upper()
    if draw.random() < 0.5 and len(name) > 8:  # a letter typed twice
        at = draw.randrange(2, len(name) - 2)
        name = name[:at] + name[at] + name[at:]
    kept = draw.choice(("phones", "emails", "postal_codes"))
    lost = {field: frozenset() for field in ("phones", "emails", "postal_codes") if field != kept}
    return replace(one, id=-number, code=f"AGAIN-{number}", name=name, **lost)


def main(argv: list[str] | None = None) -> int:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=20_000)
    parser.add_argument("--full", action="store_true")
    asked = parser.parse_args(argv)
    count = 100_000 if asked.full else asked.clients
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "x.db"
        interop("db", "init", "-q", db=place)
        interop("db", "seed", "--clients", count, "-q", db=place)
        command = once(lambda: interop("client", "duplicates", "-o", "csv", db=place))
        conn = open_database(str(place))
        clients = candidates(conn)
        conn.close()
    draw = random.Random(1)
    again = {
        found.id: entered_again(found, number, draw)
        for number, found in enumerate(clients[::EVERY], 1)
    }
    result: list[set[tuple[int, int]]] = []
    both = [*clients, *again.values()]
    took = once(lambda: result.append({(p.one.id, p.other.id) for p in pairs(both)}))
    listed = {frozenset(pair) for pair in result[0]}
    found = sum(frozenset((first, second.id)) in listed for first, second in again.items())
    record(
        "duplicates",
        {
            "clients": len(clients),
            "command_seconds": round(command, 1),
            "seconds": round(took, 1),
            "all_pairs_seconds": round(all_pairs(clients)),
            "planted": len(again),
            "found": found,
            "pairs": len(listed),
        },
    )
    return 0


def all_pairs(clients: list[Candidate]) -> float:
    """What comparing each name with each other would take, from a sample of them."""
    from rapidfuzz.fuzz import ratio

    names = [found.ordered for found in clients]
    sample = names[:: max(len(names) // 20, 1)]

    def compare() -> None:
        for one in sample:
            for other in names:
                ratio(one, other, score_cutoff=75)

    return once(compare) / len(sample) * len(names) / 2


if __name__ == "__main__":
    sys.exit(main())
