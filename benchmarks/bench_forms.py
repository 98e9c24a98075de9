"""Other forms than CSV: a workbook of clients in, against the CSV with the same rows.

python -m benchmarks.bench_forms [--clients N] [--pairs N] [--full]
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path

from benchmarks.bench_clients import PROGRAM, write_csv
from benchmarks.common import interop, peak_memory, record
from benchmarks.pairs import Command, compare


def write_workbook(rows: Path, path: Path) -> None:
    """The rows of a CSV as a sheet, as a spreadsheet saves it: with a table of its texts."""
    from xlsxwriter import Workbook

    book = Workbook(str(path))
    sheet = book.add_worksheet("Clients")
    with rows.open(encoding="utf-8", newline="") as file:
        names: list[str] = []
        for number, cells in enumerate(csv.reader(file)):
            names = names or cells
            for column, cell in enumerate(cells):
                if cell:
                    sheet.write_string(number, column, cell)
    # A cell in error, so that what the reader leaves out is looked for as in a file of people.
    sheet.write_formula(1, names.index("website"), "=NA()", None, "#N/A")
    book.close()


def taking_in(folder: Path, count: int, pairs: int) -> None:
    """An import of the workbook against one of the CSV."""
    rows, sheet, db = folder / "clients.csv", folder / "clients.xlsx", folder / "ours.db"
    write_csv(rows, count)
    write_workbook(rows, sheet)

    def fresh() -> None:
        for one in folder.glob("ours.db*"):
            one.unlink()
        interop("db", "init", "-q", db=db)

    take_in = [*PROGRAM, "--db", db, "client", "import"]
    figures = compare(
        Command([*take_in, sheet, "-q"], before=fresh),
        Command([*take_in, rows, "-q"], before=fresh),
        pairs=pairs,
        target=1.5,
    )
    fresh()
    peak = peak_memory([*take_in, sheet, "-q"])
    record(f"import.xlsx.{count}", {**figures, "peak_megabytes": peak})


def main(argv: list[str] | None = None) -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="as without it")
    wanted = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        taking_in(Path(name), wanted.clients, wanted.pairs)


if __name__ == "__main__":
    main()
