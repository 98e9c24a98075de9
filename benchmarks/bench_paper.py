"""Paper: many invoices in one file, in one each, and how much memory that takes.

python -m benchmarks.bench_paper [--invoices N]

Seconds are those that a processor was at work, which other work on the machine does not lengthen;
they are told beside those on the clock. ``memory`` holds the peak against that of a tenth as many.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from pathlib import Path

from benchmarks.common import interop, once, peak_memory, record, run

ALLOWED = {"one_file": 20.0, "one_each": 60.0}
"""Seconds for a thousand."""


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, default=1000)
    parser.add_argument("--full", action="store_true", help="nothing more: the sizes are these")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), asked.invoices)


def measure(folder: Path, count: int) -> None:
    """Print so many invoices of a made-up shop."""
    db = folder / "shop.db"
    interop("db", "init", "-q", db=db)
    made = ("--clients", 400, "--years", 4, "--seed", 7, "--end", "2025-12-31", "-q")
    interop("db", "seed", "--profile", "shop", *made, db=db)
    numbers, tenth = folder / "numbers.txt", folder / "tenth.txt"
    listing = ("sales", "document", "list", "--kind", "invoice", "--limit", count, "-o", "codes")
    interop(*listing, "--out", numbers, db=db)
    found = numbers.read_text("utf-8").split()
    if len(found) < count:
        raise SystemExit(f"the made-up shop has {len(found)} invoices only")
    tenth.write_text("\n".join(found[: count // 10]), "utf-8")
    (folder / "each").mkdir()
    for what, out in (("one_file", folder / "all.pdf"), ("one_each", folder / "each")):
        printing = command(db, out)
        clock, processor = timed(printing, numbers)
        record(
            f"paper.{what}.{count}",
            {
                "seconds": round(clock, 2),
                "cpu_seconds": round(processor, 2),
                "allowed_seconds": ALLOWED[what] * count / 1000,
                "memory_mb": peak_memory(printing, numbers),
                "memory_mb_tenth": peak_memory(printing, tenth),
            },
        )


def command(db: Path, out: Path) -> list[object]:
    """What prints the invoices that stdin names."""
    printing = ("sales", "document", "print", "-", "--kind", "invoice", "--out", out, "-q")
    return [sys.executable, "-m", "interop_cli", "--db", db, *printing]


def timed(printing: list[object], numbers: Path) -> tuple[float, float]:
    """Seconds on the clock, and those of the processor, to print these."""
    before = _processor()
    clock = once(lambda: run(*printing, stdin=numbers))
    return clock, _processor() - before


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
