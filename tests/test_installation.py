"""Hints on what is not installed name a way that exists: that of this very installation."""

from __future__ import annotations

import json
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest

from interop_cli import installation
from interop_cli.i18n import translate

SOURCE = {"url": "file:///src/interop", "dir_info": {"editable": True}}


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment of its own, of a package that was built and installed."""
    found = tmp_path / "interop-cli"
    found.mkdir()
    monkeypatch.setattr(sys, "prefix", str(found))
    monkeypatch.setattr(installation, "_source", dict)
    return found


def hint() -> str:
    return translate(installation.how_to_add("charts"))


def test_an_environment_gets_the_library(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hint() == f"Run: {sys.executable} -m pip install matplotlib"
    monkeypatch.setattr(installation, "find_spec", lambda _name: None)
    assert hint() == f"Run: uv pip install --python {sys.executable} matplotlib"


def test_pipx_injects_it(prefix: Path) -> None:
    (prefix / "pipx_metadata.json").write_text("{}")
    assert hint() == "Run: pipx inject interop-cli matplotlib"


@pytest.mark.parametrize(
    ("requirements", "command"),
    [
        ('{ name = "interop-cli", directory = "/src/inter op" }', "'/src/inter op'"),
        ('{ name = "interop-cli", editable = "/src" }', "--editable /src"),
        ('{ name = "interop-cli", git = "https://h.example/i" }', "git+https://h.example/i"),
        ('{ name = "interop-cli" }', "interop-cli"),
        (
            '{ name = "interop-cli", path = "/w/i.whl" }, { name = "psycopg", specifier = ">=3" }',
            "--with 'psycopg>=3' /w/i.whl",
        ),
    ],
)
def test_uv_installs_it_again_from_where_it_came(
    requirements: str, command: str, prefix: Path
) -> None:
    (prefix / "uv-receipt.toml").write_text(f"[tool]\nrequirements = [{requirements}]\n")
    assert hint() == f"Run: uv tool install --with matplotlib {command}"


def test_an_editable_copy_gets_the_extra(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "_source", lambda: SOURCE)
    assert hint() == f"Run: {sys.executable} -m pip install -e '/src/interop[charts]'"


def test_the_python_of_the_system_is_left_to_the_system(
    monkeypatch: pytest.MonkeyPatch, prefix: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "base_prefix", str(prefix))
    monkeypatch.setattr("sysconfig.get_path", lambda _name: str(tmp_path))
    (tmp_path / "EXTERNALLY-MANAGED").touch()
    assert hint().startswith("This Python belongs to the operating system: add matplotlib with")


def test_no_hint_asks_an_index_for_a_name_that_may_not_be_there(root: Path) -> None:
    named = [
        path
        for path in (*root.glob("interop_cli/**/*.py"), *root.glob("docs/*.md"))
        if "interop-cli[" in path.read_text("utf-8")
    ]
    assert not named


def test_the_libraries_are_those_of_the_package() -> None:
    if not requires("interop-cli"):
        pytest.skip("the package is not installed")
    found = {extra: installation._needed(extra) for extra in ("postgres", "sqlite", "keyring")}
    assert found["postgres"][0].startswith("psycopg")
    assert found["sqlite"] == ["pysqlite3"]
    assert installation._needed("nothing") == ["nothing"]


def test_where_it_came_from_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    class Installed:
        def read_text(self, _name: str) -> str:
            return json.dumps(SOURCE)

    def installed(_name: str) -> Any:
        return Installed()

    monkeypatch.setattr("importlib.metadata.distribution", installed)
    assert installation._source() == SOURCE
