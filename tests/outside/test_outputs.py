"""What a command writes never takes the place of what must stay: refused before anything else."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.support.cli import Run
from tests.support.outside import content, fingerprint, finish, start

READS = [
    ("client", "list", "--out"),
    ("client", "show", "ACME", "--out"),
    ("client", "export", "--out"),
    ("contact", "list", "ACME", "--out"),
    ("journal", "list", "--out"),
    ("schema", "client", "--out"),
    ("help", "filters", "--out"),
    ("config", "list", "--out"),
    ("completion", "bash", "--out"),
    ("sales", "chart", "--top", "3", "--out"),
    ("sales", "chart", "--top", "3", "--format", "term", "--out"),
    ("sales", "report", "--html"),
    ("db", "info", "--out"),
    ("db", "check", "--out"),
    ("client", "logo", "ACME", "--overwrite", "--save"),
    ("note", "save", "1", "--overwrite"),
]
WRITES = [
    ("client", "edit", "BETA", "--terms", "net45", "--out"),
    ("client", "deactivate", "BETA", "--results"),
    ("client", "import", "more.csv", "--out"),
    ("client", "import", "more.csv", "--results"),
    ("client", "import", "more.csv", "--continue-on-error", "--rejects"),
    ("sales", "refresh", "--out"),
    ("sync", "push", "--results"),
    ("db", "seed", "--clients", "3", "--out"),
    ("db", "restore", "copy.db", "--confirm", "interop.db", "--out"),
    ("db", "backup"),
    ("db", "backup", "--overwrite"),
]
OWN = (
    "",
    "-wal",
    "-shm",
    "-journal",
    ".before-restore",
    ".before-restore-2",
    ".before-0002_people",
    ".0123abcd.interop-part",
    ".sales.refresh.lock",
)


@pytest.fixture(scope="module")
def _backup() -> dict[str, bytes]:
    """The content of a backup of the shop, once there is one."""
    return {}


@pytest.fixture
def full(shop: Path, invoke: Run, _backup: dict[str, bytes]) -> Path:
    """The shop, a file to import and a backup of it."""
    (shop.parent / "more.csv").write_text("code,terms\nBETA,net60\n")
    copy = shop.parent / "copy.db"
    if not _backup:
        assert invoke("db", "backup", "copy.db", "-q").code == 0
        _backup["copy.db"] = copy.read_bytes()
    copy.write_bytes(_backup["copy.db"])
    copy.chmod(0o600)
    return shop


@pytest.mark.parametrize("command", READS + WRITES, ids=" ".join)
@pytest.mark.parametrize("own", OWN)
def test_the_database_and_what_belongs_to_it(
    command: tuple[str, ...], own: str, full: Path, invoke: Run
) -> None:
    before, there = fingerprint(full), sorted(full.parent.iterdir())
    result = invoke(*command, f"{full}{own}", "--json")
    assert (result.code, result.error["code"], result.stdout) == (2, "usage.output.database", "")
    assert result.error["applied"] is False
    assert (fingerprint(full), sorted(full.parent.iterdir())) == (before, there)


@pytest.mark.parametrize("name", ["link", "hard", "../interop.db", "linked-folder", "wal-link"])
def test_under_another_name(name: str, full: Path, invoke: Run) -> None:
    folder = full.parent / "there"
    folder.mkdir()
    (folder / "link").symlink_to(full)
    (folder / "wal-link").symlink_to(f"{full}-wal")  # to what is not there now
    (folder / "hard").hardlink_to(full)
    (folder / "linked-folder").symlink_to(full.parent)
    if name == "linked-folder":
        name = "linked-folder/interop.db"
    before = fingerprint(full)
    for args in (("client", "list", "--out"), ("client", "edit", "BETA", "--terms", "x", "--out")):
        result = invoke(*args, name, "--json", cwd=folder)
        assert (result.code, result.error["code"]) == (2, "usage.output.database")
    assert fingerprint(full) == before


def test_a_database_that_is_named_by_a_link(full: Path, invoke: Run) -> None:
    link = full.parent / "by-link.db"
    link.symlink_to(full)
    before = fingerprint(full)
    for place in (link, full, f"{link}-journal", f"{full}-journal"):
        result = invoke("--db", link, "client", "list", "--out", place, "--json")
        assert (result.code, result.error["code"]) == (2, "usage.output.database")
    assert link.is_symlink()
    assert fingerprint(full) == before


def test_a_database_that_is_not_there_yet(tmp_path: Path, invoke: Run) -> None:
    result = invoke("--db", "new.db", "db", "init", "--out", "new.db", "--json")
    assert (result.code, result.error["code"]) == (2, "usage.output.database")
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize("words", [("client", "list"), ("client", "edit", "BETA", "--terms", "x")])
def test_the_shell_may_have_opened_it(words: tuple[str, ...], full: Path) -> None:
    before = fingerprint(full)
    with full.open("ab") as stream:
        code, _out, err = finish(start(*words, stdout=stream))
    assert code == 2
    assert "stdout" in err
    assert fingerprint(full) == before


# What is read, and what else is written: on any engine

INPUTS = [
    ("client", "import", "more.csv", "--out", "more.csv"),
    ("client", "import", "more.csv", "--results", "more.csv"),
    ("client", "import", "more.csv", "--continue-on-error", "--rejects", "more.csv"),
    ("client", "import", "more.csv", "--rejects", "./link.csv"),
    ("client", "import", "more.csv", "--mapping", "map.toml", "--results", "map.toml"),
    ("client", "apply", "-f", "more.csv", "--out", "more.csv"),
    ("sales", "import", "more.csv", "--kind", "invoice", "--results", "more.csv"),
    ("sales", "invoice", "create", "ACME", "--file", "more.csv", "--out", "more.csv"),
    ("client", "edit", "@codes.txt", "--yes", "--terms", "x", "--results", "codes.txt"),
    (
        "client",
        "edit",
        "--only-failed-from",
        "codes.txt",
        "--yes",
        "--terms",
        "x",
        "--results",
        "codes.txt",
    ),
    ("note", "create", "ACME", "--text", "x", "--attach", "more.csv", "--out", "more.csv"),
    ("note", "attach", "1", "more.csv", "--out", "more.csv"),
    ("client", "logo", "ACME", "more.csv", "--out", "more.csv"),
    ("sync", "connect", "x", "--token-file", "more.csv", "--out", "more.csv"),
    ("sync", "ack", "x", "--rejected", "more.csv", "--out", "more.csv"),
]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Files to read; their content by name."""
    found = {"more.csv": "code,terms\nBETA,net60\n", "codes.txt": "BETA\n", "map.toml": ""}
    for name, text in found.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "link.csv").symlink_to("more.csv")
    return found


def unchanged(files: dict[str, str], tmp_path: Path) -> bool:
    return files == {name: (tmp_path / name).read_text() for name in files}


@pytest.mark.parametrize("command", INPUTS, ids=" ".join)
def test_what_is_read(
    command: tuple[str, ...], files: dict[str, str], shop_url: str, invoke: Run, tmp_path: Path
) -> None:
    before = content(shop_url)
    result = invoke(*command, "--json")
    assert (result.code, result.error["code"]) == (2, "usage.output.input")
    assert unchanged(files, tmp_path)
    assert content(shop_url) == before


def test_what_is_read_from_stdin(files: dict[str, str], shop: Path, tmp_path: Path) -> None:
    before = content(str(shop))
    with (tmp_path / "codes.txt").open() as stream:
        args = ("client", "edit", "-", "--yes", "--terms", "x", "--results", "codes.txt")
        code, out, err = finish(start(*args, stdin=stream, cwd=tmp_path))
    assert (code, out) == (2, "")
    assert "codes.txt" in err
    assert unchanged(files, tmp_path)
    assert content(str(shop)) == before


@pytest.mark.parametrize(
    "flags",
    [
        ("--out", "x", "--results", "x"),
        ("--out", "x", "--rejects", "./x"),
        ("--results", "x", "--rejects", "to-x"),
        ("--results", "there", "--rejects", "there-too"),
    ],
    ids=" ".join,
)
def test_two_outputs_are_two_files(
    flags: tuple[str, ...], files: dict[str, str], shop_url: str, invoke: Run, tmp_path: Path
) -> None:
    (tmp_path / "to-x").symlink_to("x")
    (tmp_path / "there").write_text("precious")
    (tmp_path / "there-too").hardlink_to(tmp_path / "there")
    before = content(shop_url)
    result = invoke("client", "import", "more.csv", "--continue-on-error", *flags, "--json")
    assert (result.code, result.error["code"]) == (2, "usage.output.twice")
    assert not (tmp_path / "x").exists()
    assert (tmp_path / "there").read_text() == "precious"
    assert content(shop_url) == before


def test_a_file_is_not_written_where_stdout_goes(shop: Path, tmp_path: Path) -> None:
    with (tmp_path / "told").open("ab") as stream:
        args = ("client", "edit", "BETA", "--terms", "x", "--json", "--results", "told")
        code, _out, err = finish(start(*args, stdout=stream, cwd=tmp_path))
    assert code == 2
    assert "told" in err


def test_settings_and_secrets(shop: Path, invoke: Run, tmp_path: Path) -> None:
    settings = tmp_path / "interop" / "config.toml"
    secret = settings.parent / "secrets" / "x.json"
    token = tmp_path / "token"
    secret.parent.mkdir(parents=True)
    for path in (settings, secret, token):
        path.touch()
    env = {"INTEROP_CONFIG": str(settings), "INTEROP_BOOKS_TOKEN_FILE": str(token)}
    for path in (settings, secret, token):
        result = invoke("client", "list", "--json", "--out", path, env=env)
        assert (result.code, result.error["code"]) == (2, "usage.output.settings")
        assert path.read_text() == ""


def test_a_saved_attachment_is_no_exception(shop: Path, invoke: Run, tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("attached")
    assert invoke("note", "create", "ACME", "--text", "x", "--attach", "a.db", "-q").code == 0
    (tmp_path / "folder").mkdir()
    moved = shop.rename(tmp_path / "folder" / "attachment-1.db")
    before = fingerprint(moved)
    args = ("--db", moved, "note", "save", "1", "folder", "--overwrite", "--json")
    result = invoke(*args)
    assert (result.code, result.error["code"]) == (2, "usage.output.database")
    assert fingerprint(moved) == before
    args = ("--db", moved, "note", "save", "1", tmp_path, "--json")
    result = invoke(*args, "--out", tmp_path / "attachment-1.db")
    assert (result.code, result.error["code"]) == (2, "usage.output.twice")
    assert not (tmp_path / "attachment-1.db").exists()


# What is free


def test_devices_and_pipes_take_anything(files: dict[str, str], shop: Path, tmp_path: Path) -> None:
    null = ("--out", "/dev/null", "--results", "/dev/null")
    assert finish(start("client", "import", "more.csv", *null, cwd=tmp_path))[0] == 0
    # Not a warm one: the shell opens pipes of its own for the program that it starts.
    command = shlex.join([sys.executable, "-m", "interop_cli"])
    done = subprocess.run(
        [
            "bash",
            "-c",
            f"{command} client edit BETA --terms y --out >(cat >&2) --results >(cat >&2)"
            " -o json; wait; sleep 0.2",
        ],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        timeout=60,
    )
    assert b'"operation": "client.edit"' in done.stderr
    assert b'"line":1' in done.stderr


def test_other_files_are_replaced(files: dict[str, str], shop_url: str, invoke: Run) -> None:
    args = ("client", "import", "more.csv", "--out", "o", "--results", "r", "--rejects", "j")
    for _time in range(2):
        assert invoke(*args, "--json").code == 0


# Who may read it


@pytest.mark.parametrize(
    ("command", "name", "mode"),
    [
        (("contact", "export-personal", "1", "--out", "f"), "f", 0o600),
        (("client", "deactivate", "BETA", "--results", "f"), "f", 0o600),
        (("client", "import", "bad.csv", "--continue-on-error", "--results", "f"), "f", 0o600),
        (("client", "import", "bad.csv", "--continue-on-error", "--rejects", "f"), "f", 0o600),
        (("client", "export", "--out", "f"), "f", 0o640),
        (("client", "list", "-o", "csv", "--out", "f"), "f", 0o640),
        (("client", "show", "ACME", "--json", "--out", "f"), "f", 0o640),
        (("sales", "report", "--html", "f"), "f", 0o640),
        (("completion", "bash", "--out", "f"), "f", 0o644),
        (("schema", "client", "--out", "f"), "f", 0o644),
        (("db", "backup", "f"), "f", 0o600),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_who_may_read_it(
    command: tuple[str, ...], name: str, mode: int, shop: Path, invoke: Run, tmp_path: Path
) -> None:
    (tmp_path / "bad.csv").write_text("code,email\nBETA,nonsense\n")
    assert invoke("contact", "create", "ACME", "--name", "Jo", "-q").code == 0
    before = os.umask(0o022)
    try:
        assert invoke(*command).code in (0, 68)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode
        (tmp_path / name).chmod(0o664)
        again = ("--overwrite",) if command[1] == "backup" else ()
        assert invoke(*command, *again).code in (0, 68)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o664
    finally:
        os.umask(before)


# Every command


def commands(group: click.Group, ctx: click.Context) -> Iterator[click.Command]:
    for name in group.list_commands(ctx):
        found = group.get_command(ctx, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from commands(found, ctx)
        else:
            yield found


def test_every_file_that_a_command_names_is_known_as_one() -> None:
    from interop_cli.cli import cli
    from interop_cli.shell.command import Command
    from interop_cli.shell.paths import Codes, NamedFile

    seen = 0
    for command in commands(cli, click.Context(cli)):
        assert isinstance(command, Command)
        for param in command.params:
            words = (param.make_metavar(click.Context(command)), *param.opts)
            if any("FILE" in word or "FOLDER" in word for word in words):
                assert isinstance(param.type, (NamedFile, Codes)), (command.name, param.name)
                seen += 1
            assert type(param.type) is not click.Path
            assert not isinstance(param.type, click.File)
    assert seen > 20
