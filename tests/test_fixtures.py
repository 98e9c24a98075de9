"""The sample data: every file goes in whole, and is written the way its name says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.cli import Run

FILES = {
    "clients.csv": (25, ()),
    "clients-excel-fr.csv": (6, ("--mapping", "mappings/excel-fr.toml")),
    "clients-cp1252.csv": (4, ("--encoding", "cp1252")),
    "clients.ndjson": (6, ()),
}


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    return root / "fixtures"


def run_import(invoke: Run, folder: Path, name: str, *options: str) -> dict[str, object]:
    count, own = FILES[name]
    done = invoke("client", "import", name, *own, "--json", *options, cwd=folder)
    assert done.code == 0, done.stderr
    assert (done.json["matched"], done.json["failed"]) == (count, 0)
    return done.json  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def database(invoke: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTEROP_DB", str(tmp_path / "sample.db"))
    assert invoke("db", "init").code == 0


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_imported_whole_and_without_a_warning(
    invoke: Run, folder: Path, name: str
) -> None:
    assert run_import(invoke, folder, name)["warnings"] == []


@pytest.mark.parametrize("name", FILES)
def test_a_second_time_nothing_changes(invoke: Run, folder: Path, name: str) -> None:
    run_import(invoke, folder, name)
    again = run_import(invoke, folder, name)
    assert (again["changed"], again["unchanged"]) == (0, FILES[name][0])


def test_all_files_go_into_one_database(invoke: Run, folder: Path) -> None:
    for name in FILES:
        run_import(invoke, folder, name)
    rows = invoke("client", "list", "--all", "--json").json
    assert len(rows) == sum(count for count, _options in FILES.values())
    assert {row["country"] for row in rows} == {"CA", "US", "FR"}
    assert any(row["bill_to"] for row in rows)
    assert any(row["prospect"] for row in rows)
    assert not all(row["active"] for row in rows)


def test_nobody_is_real(invoke: Run, folder: Path) -> None:
    """Phones are of the numbers that were set aside for fiction."""
    for name in FILES:
        run_import(invoke, folder, name)
    fiction = re.compile(r"\+1\d{3}55501\d\d(;ext=\d+)?|\+33199001234")
    rows = invoke("client", "list", "--all", "--json").json
    assert not [row["phone"] for row in rows if not fiction.fullmatch(row["phone"])]


def test_accents_arrive(invoke: Run, folder: Path) -> None:
    run_import(invoke, folder, "clients-cp1252.csv")
    assert invoke("client", "show", "OEUVRE", "--json").json["name"] == "Cœur à l’œuvre, éditeur"
    run_import(invoke, folder, "clients-excel-fr.csv")
    found = invoke("client", "show", "LANAUD-02", "--json").json
    assert found["name"] == "Ébénisterie Œil-de-bœuf enr."
    assert (found["province"], found["postal_code"]) == ("QC", "J0K 2A0")
    assert invoke("client", "show", "LANAUD-04", "--json").json["prospect"] is True
    assert invoke("client", "show", "LANAUD-05", "--json").json["language"] == "en"


def test_files_are_written_as_their_names_say(folder: Path) -> None:
    excel = (folder / "clients-excel-fr.csv").read_bytes()
    assert excel.startswith(b"\xef\xbb\xbf")
    assert excel.count(b"\r\n") == excel.count(b"\n") == 7
    assert excel.split(b"\r\n")[0].count(b";") == 17
    windows = (folder / "clients-cp1252.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        windows.decode("utf-8")
    assert "œuvre" in windows.decode("cp1252")
    assert b"\r" not in (folder / "clients.csv").read_bytes()
