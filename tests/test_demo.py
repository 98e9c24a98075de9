"""The tour of ``make demo`` goes to its end, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.warm import install, warm_program


@pytest.mark.skipif(os.name == "nt", reason="the demo is a bash script")
def test_the_tour_goes_to_its_end(root: Path, tmp_path: Path) -> None:
    folder, tree = tmp_path / "tmp", tmp_path / "tree"
    folder.mkdir()
    (tree / ".venv").mkdir(parents=True)
    install(warm_program(), tree / ".venv" / "bin")
    shutil.copytree(root / "fixtures", tree / "fixtures")
    shutil.copytree(root / "scripts", tree / "scripts")
    done = subprocess.run(
        [tree / "scripts" / "demo"],
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(folder), "INTEROP_DB": "nobody-reads-this.db"},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert done.stdout.splitlines()[-1].startswith("That was interop")
    assert not list(folder.iterdir())
    assert not list(tmp_path.glob("*.db"))


@pytest.mark.skipif(os.name == "nt", reason="the demo is a bash script")
def test_the_tour_stops_where_something_fails(root: Path, tmp_path: Path) -> None:
    """With a program that always fails, it says so instead of going on."""
    program = tmp_path / ".venv" / "bin" / "interop"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\nexit 7\n")
    program.chmod(0o755)
    (tmp_path / "fixtures").mkdir()
    script = tmp_path / "scripts" / "demo"
    script.parent.mkdir()
    script.write_bytes((root / "scripts" / "demo").read_bytes())
    done = subprocess.run(["bash", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ended with exit code 7 instead of 0" in done.stderr
    assert done.stdout.count("$ interop") == 1
