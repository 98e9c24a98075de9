"""``sales chart`` from the command line: which numbers, in which form, and where to."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.cli import Result, Run
from tests.support.outside import finish
from tests.support.terminal import on_terminal
from tests.support.warm_process import WarmProcess


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("BOR", "--top", "3"), "usage.chart"),
        ((), "usage.chart"),
        (("BOR", "--format", "svg", "--json"), "usage.chart_format"),
        (
            ("BOR", "--format", "term", "--fields", "year", "--error-format", "json"),
            "usage.chart_format",
        ),
        (("BOR", "--format", "term", "-o", "csv", "--error-format", "json"), "usage.chart_format"),
        (("BOR", "--out", "chart.pdf"), "usage.chart_ending"),
    ],
)
def test_what_excludes_each_other(filled: Run, args: tuple[str, ...], code: str) -> None:
    done = filled("sales", "chart", *args, "--error-format", "json")
    assert (done.code, done.stdout) == (2, "")
    assert done.error["code"] == code


def test_numbers_are_those_of_totals_and_report(filled: Run) -> None:
    for form in ("json", "ndjson", "csv", "tsv"):
        chart = filled("sales", "chart", "BOR", "-o", form)
        assert chart == filled("sales", "totals", "BOR", "-o", form)
        chart = filled("sales", "chart", "--top", "1", "-o", form)
        assert chart == filled("sales", "report", "--top", "1", "-o", form)
    assert filled("sales", "chart", "--top", "1", "-o", "codes").stdout == "BOR\nBOR\n"
    env = {"INTEROP_OUTPUT": "json"}
    assert len(filled("sales", "chart", "BOR", env=env).json) == 6
    assert "█" in filled("sales", "chart", "BOR", "--format", "term", env=env).stdout


def test_currencies_are_never_added(filled: Run) -> None:
    text = filled("sales", "chart", "BOR").stdout
    cad, usd = text.split("\n\n")[:2]
    assert "(CAD)" in cad
    assert re.search(r"^Total +\$1,034\.50$", cad, re.MULTILINE)
    assert "(USD)" in usd
    assert re.search(r"^Total +US\$70\.00$", usd, re.MULTILINE)


def test_a_former_code_is_resolved_and_an_unknown_one_is_not(filled: Run) -> None:
    assert filled("-q", "client", "recode", "GAL", "NORD", "--confirm", "GAL").code == 0
    done = filled("sales", "chart", "gal")
    assert "NORD  Galerie" in done.stdout
    assert done.stderr == "GAL is now NORD.\n"
    done = filled("sales", "chart", "NOBODY", "--error-format", "json")
    assert (done.code, done.error["code"]) == (3, "client.not_found")


def test_a_file_gets_blocks_whatever_the_terminal_has(filled: Run, tmp_path: Path) -> None:
    done = filled("sales", "chart", "GAL", "--out", "chart.txt", "--color", "always")
    assert done == (0, "", "")
    assert "█" in (tmp_path / "chart.txt").read_text("utf-8")


@pytest.mark.parametrize("form", ["svg", "png"])
def test_a_picture_goes_to_a_file_or_a_pipe(
    form: str, filled: Run, run: Run, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib", reason="the extra 'charts' is not installed")
    name = f"chart.{form.upper()}"
    assert run("sales", "chart", "BOR", "--out", name) == (0, "", "")
    written = (tmp_path / name).read_bytes()
    assert run("sales", "chart", "BOR", "--format", form, "--out", "x").code == 0
    assert (tmp_path / "x").read_bytes() == written
    assert ET.fromstring(written) is not None if form == "svg" else written.startswith(b"\x89PNG")
    if form == "svg":
        assert run("sales", "chart", "BOR", "--format", form).stdout.encode() == written


def test_a_picture_needs_no_home_and_nothing_is_said_of_it(filled: Run, run: Run) -> None:
    pytest.importorskip("matplotlib", reason="the extra 'charts' is not installed")
    env = {"MPLCONFIGDIR": "/dev/null/nothing"}
    done = run("sales", "chart", "BOR", "--out", "bor.png", env=env)
    assert (done.code, done.stderr) == (0, "")


NOWHERE = """\
import sys, tempfile
def refused():
    raise FileNotFoundError(2, "No usable temporary directory found")
tempfile.gettempdir = refused
from interop_cli.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_without_a_home_and_a_temporary_folder_the_error_names_what_to_set(
    filled: Run, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib", reason="the extra 'charts' is not installed")
    pipe = subprocess.PIPE
    env = {**os.environ, "MPLCONFIGDIR": "/dev/null/nothing"}
    args = ["sales", "chart", "BOR", "--out", "bor.png"]
    process = WarmProcess(args, program=NOWHERE, cwd=tmp_path, env=env, stdout=pipe, stderr=pipe)
    code, _out, err = finish(process)
    assert (code, "TMPDIR" in err) == (74, True), err


def test_no_terminal_is_filled_with_a_picture(filled: Run) -> None:
    pytest.importorskip("matplotlib", reason="the extra 'charts' is not installed")
    with on_terminal("sales", "chart", "BOR", "--format", "png") as session:
        assert session.end() == 2
        assert "--out FILE" in session.shown


def test_a_terminal_says_how_wide(filled: Run) -> None:
    with on_terminal("sales", "chart", "GAL", columns=50) as session:
        assert session.end() == 0
    lines = re.sub(r"\x1b\[\d+m", "", session.shown).splitlines()
    assert max(map(len, lines)) == 50
    assert "\x1b[36m" in session.shown


WITHOUT = """\
import sys
sys.modules["matplotlib"] = None
from interop_cli.cli import main
sys.exit(main(sys.argv[1:]))
"""


def without_library(*args: str, folder: Path) -> Result:
    """``interop ARGS…`` in a process that has no matplotlib."""
    pipe = subprocess.PIPE
    process = WarmProcess(args, program=WITHOUT, cwd=folder, stdout=pipe, stderr=pipe)
    return Result(*finish(process))


def test_without_the_library_only_png_is_missing(filled: Run, tmp_path: Path) -> None:
    (tmp_path / "old.png").write_text("old")
    for args in (("--out", "old.png"), ("--format", "png")):
        done = without_library("sales", "chart", "BOR", *args, folder=tmp_path)
        assert (done.code, done.stdout) == (78, "")
        assert "Hint: Run: " in done.stderr
        assert "interop-cli[" not in done.stderr
    assert (tmp_path / "old.png").read_text() == "old"
    done = without_library("sales", "chart", "BOR", "--out", "new.svg", folder=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    done = without_library("sales", "chart", "BOR", "--json", "--format", "svg", folder=tmp_path)
    assert done.code == 2
    done = without_library("--json", "sales", "chart", "BOR", folder=tmp_path)
    assert done.code == 0
    for args in (("chart", "BOR"), ("chart", "--top", "2"), ("report", "--html", "-")):
        done = without_library("sales", *args, folder=tmp_path)
        assert (done.code, done.stderr) == (0, "")


LOADED = """\
import sys
from interop_cli.cli import main
code = main(sys.argv[1:])
print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("args", [("chart", "BOR"), ("report", "--html", "-"), ("totals",)])
def test_the_library_is_loaded_for_pictures_only(
    args: tuple[str, ...], filled: Run, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, "sales", *args],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert not {"matplotlib", "numpy"} & set(done.stderr.split())
