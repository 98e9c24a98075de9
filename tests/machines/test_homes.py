"""Users without a home or a name, homes that may not be read or written, and other alphabets."""

from __future__ import annotations

import io
import os
import pwd
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import commandtree
import platformdirs
import pytest

from interop_cli.cli import main
from interop_cli.disk import expanded, user_folder
from interop_cli.i18n import LANGUAGES
from interop_cli.shell.error_boundary import bear_all_letters
from tests.support.cli import Run, process_state

NO_RING = {"INTEROP_NO_KEYRING": "1"}


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user that the system does not know, without HOME."""

    def unknown(number: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", *(name for name in os.environ if name.startswith("XDG_"))):
        monkeypatch.delenv(name, raising=False)


def test_without_a_home_the_error_names_what_to_set(
    nobody: None, invoke: Run, tmp_path: Path
) -> None:
    before = set(tmp_path.iterdir())
    for args, variable in (
        (("client", "list"), "INTEROP_DB"),
        (("db", "init"), "INTEROP_DB"),
        (("config", "path"), "INTEROP_CONFIG"),
        (("config", "set", "lang", "fr"), "INTEROP_CONFIG"),
    ):
        result = invoke(*args, "--error-format", "json")
        assert (result.code, result.error["code"]) == (78, "config.home")
        assert variable in result.error["hint"]
    for place in ("~/shop.db", "~nobody-of-this-name/shop.db"):
        result = invoke("db", "init", "--json", env={"INTEROP_DB": place})
        assert (result.code, result.error["code"]) == (78, "config.home")
    assert set(tmp_path.iterdir()) == before  # no folder called "~"


def test_without_a_home_all_that_is_named_works(nobody: None, invoke: Run, tmp_path: Path) -> None:
    env = {"INTEROP_DB": "shop.db", **NO_RING}
    for args in (
        ("db", "init"),
        ("db", "seed", "--clients", "2"),
        ("client", "list", "--out", "list.txt"),
        ("config", "list"),
        ("sync", "add", "books", "file", "--set", "profile=csv"),
        ("sync", "export", "books", "--out", "."),
        ("config", "get", "places.key"),
    ):
        result = invoke(*args, env=env)
        assert result.code == 0, result.stderr
    (name,) = {row["actor"] for row in invoke("journal", "list", "--json", env=env).json}
    assert name == f"uid {os.getuid()}"
    result = invoke("config", "set", "places.key", "-", "--json", env=env, stdin="secret")
    assert (result.code, result.error["code"]) == (78, "config.home")
    named = {**env, "INTEROP_CONFIG": "settings.toml"}
    assert invoke("config", "set", "lang", "fr", env=named).code == 0
    assert invoke("config", "set", "places.key", "-", env=named, stdin="secret").code == 0
    assert (tmp_path / "secrets").is_dir()


@pytest.fixture(params=["a file", "read-only", "closed"])
def home(request: pytest.FixtureRequest, isolation: Path) -> Iterator[Path]:
    """A home in which nothing can be made; root, who is kept out of nothing, has a file there."""
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        del os.environ[name]
    if request.param == "a file":
        isolation.rmdir()
        isolation.write_text("")
    elif os.geteuid() == 0:
        pytest.skip("root may read and write everything")
    else:
        isolation.chmod(0o500 if request.param == "read-only" else 0)
    yield isolation
    isolation.chmod(0o700)


def test_a_home_that_takes_nothing(home: Path, invoke: Run) -> None:
    result = invoke("config", "set", "lang", "fr", "--json", env={"INTEROP_DB": "x"})
    assert result.code in (74, 78)
    assert "INTEROP_CONFIG" in result.error["hint"]
    result = invoke("db", "init", "--json", env={"INTEROP_CONFIG": "settings.toml"})
    assert result.code == 74
    assert "INTEROP_DB" in result.error["hint"]
    result = invoke(
        "config",
        "set",
        "places.key",
        "-",
        "--json",
        stdin="secret",
        env={"INTEROP_DB": "x"} | NO_RING,
    )
    assert result.code in (74, 78)
    assert "INTEROP_CONFIG" in result.error["hint"]
    env = {"INTEROP_DB": "shop.db", "INTEROP_CONFIG": "settings.toml"}
    assert invoke("db", "init", env=env).code == 0
    assert invoke("client", "list", env=env).code == 0
    assert invoke("config", "set", "lang", "fr", env=env).code == 0


# Encodings


@pytest.mark.parametrize("encoding", ["cp437", "iso8859-1", "cp850", "ascii"])
def test_help_in_any_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for context in commandtree.commands():
        words = context.command_path.split()[1:]
        for language in LANGUAGES:
            with process_state(), monkeypatch.context() as patch:
                shown = io.BytesIO()
                patch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding, newline=""))
                assert main([*words, "--help", "--lang", language]) == 0, words
                assert b"--help" in shown.getvalue()


def test_the_nearest_letters_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, "cp437"))
    bear_all_letters()
    click.echo("Où… l’été, ŒUVRE «→» Ș 東 \udcff", nl=False)
    assert shown.getvalue().decode("cp437") == r"Où... l'été, OEUVRE «->» S \u6771 \udcff"


@pytest.mark.parametrize("elsewhere", [None, "elsewhere", "not/absolute", ""])
def test_a_home_is_where_the_library_has_it(
    elsewhere: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for kind, named in (("CONFIG", "user_config_dir"), ("DATA", "user_data_dir")):
        monkeypatch.delenv(f"XDG_{kind}_HOME", raising=False)
        if elsewhere is not None:
            place = str(tmp_path / elsewhere) if elsewhere == "elsewhere" else elsewhere
            monkeypatch.setenv(f"XDG_{kind}_HOME", place)
        wanted = getattr(platformdirs, named)("interop", appauthor=False)
        asked = (f".{kind.lower()}" if kind == "CONFIG" else ".local/share", f"XDG_{kind}_HOME")
        assert expanded(user_folder(named, *asked), "INTEROP_DB") == wanted
