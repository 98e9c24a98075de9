"""Two clients and their sales, for what is drawn of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.cli import Run

HOSTILE = 'Boréale $x^{2$ <img src=x onerror=alert(1)> & "Fils"\'</table>'
TODAY = "2026-03-02"
SALES = """\
number,client,date,subtotal,currency,kind
1,BOR,2024-03-01,1234.50,CAD,
2,BOR,2026-01-15,200.00,CAD,credit_note
3,BOR,2026-01-15,70.00,USD,
4,GAL,2025-05-01,99.00,CAD,
"""
PLACE = (
    "--line1",
    "1 King St W",
    "--city",
    "Toronto",
    "--province",
    "ON",
    "--postal-code",
    "M5H 1A1",
)


@pytest.fixture(scope="session")
def _once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sales") / "sales.db"


@pytest.fixture
def filled(invoke: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _once: Path) -> Run:
    """A database with two clients and their sales; the program that works on it."""
    monkeypatch.setenv("INTEROP_TODAY", TODAY)
    if not _once.exists():
        fill(invoke, monkeypatch, _once)
    monkeypatch.setenv("INTEROP_DB", str(shutil.copy(_once, tmp_path / "sales.db")))
    return invoke


def fill(invoke: Run, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setenv("INTEROP_DB", str(path.with_suffix(".new")))
    for args in (
        ("db", "init"),
        ("client", "create", HOSTILE, "--code", "BOR", "--tag", "<i>vip</i>", *PLACE),
        ("client", "create", "Galerie", "--code", "GAL", "--tag", "arts", *PLACE),
    ):
        assert invoke("-q", *args).code == 0
    done = invoke("-q", "sales", "import", "-", "--kind", "invoice", stdin=SALES)
    assert done.code == 0, done.stderr
    assert invoke("-q", "sales", "refresh").code == 0
    path.with_suffix(".new").rename(path)  # whole, or not there
