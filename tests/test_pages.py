"""The pages that teach: what they tell to type is typed, in one shell from their first line on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.warm import install, warm_program

TYPED = ("tutorial.md", "tutorial.fr.md", "cookbook.md", "cookbook.fr.md")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(page: str) -> list[str]:
    return BLOCK.findall((ROOT / "docs" / page).read_text("utf-8"))


@pytest.mark.parametrize("page", TYPED)
def test_what_a_page_tells_to_type_works(page: str, tmp_path: Path, isolation: Path) -> None:
    shell = shutil.which("bash")
    if shell is None:
        pytest.skip("there is no bash here")
    found = [block for block in blocks(page) if "jq " not in block or shutil.which("jq")]
    assert len(found) >= 6
    script = "set -eu\n" + "\n".join(
        f"echo '--- {n}' >&2\n{block}" for n, block in enumerate(found)
    )
    install(warm_program(), tmp_path / "bin")
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "HOME": str(isolation)}
    done = subprocess.run(
        [shell], input=script, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_pages_in_both_languages_type_the_same() -> None:
    for page in ("tutorial", "cookbook"):
        english, french = blocks(f"{page}.md"), blocks(f"{page}.fr.md")
        assert [block.count("interop ") for block in english] == [
            block.count("interop ") - block.count("config set lang") for block in french
        ]
