"""What Windows refuses, and what its old consoles show."""

from __future__ import annotations

import ctypes
import io
import os
import types
from pathlib import Path
from typing import Any

import pytest

from interop_cli import disk
from interop_cli.connectors.secrets import TargetSecrets
from interop_cli.output.style import is_screen
from interop_cli.store import migrations
from interop_cli.store.engines import open as opening
from interop_cli.store.engines.address import is_url
from interop_cli.store.engines.beside import LockFile
from interop_cli.store.engines.open import filesystem
from tests.machines.conftest import LockedBytes
from tests.support.cli import Run
from tests.support.outside import content

CREATE = ("client", "create", "Acmé", "--code", "ACME", "--line1", "1", "--city", "Québec")


@pytest.fixture
def shop(sqlite_ready_url: str, invoke: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INTEROP_DB", sqlite_ready_url)
    assert invoke(*CREATE, "--postal-code", "G1K7X2", "-q").code == 0
    return Path(sqlite_ready_url)


def test_a_backup_is_written_and_restored(
    shop: Path, windows: LockedBytes, invoke: Run, tmp_path: Path
) -> None:
    saved = content(str(shop))
    for more in ((), ("--overwrite",)):
        result = invoke("db", "backup", "monday.db", *more, "--json")
        assert (result.code, result.stderr) == (0, "")
    assert invoke("client", "edit", "ACME", "--terms", "net10", "-q").code == 0
    result = invoke("db", "restore", "monday.db", "--confirm", shop.name, "--json")
    assert (result.code, result.stderr) == (0, "")
    assert content(str(shop)) == saved
    shop.write_bytes(b"no database" * 1000)
    result = invoke("db", "restore", "monday.db", "--confirm", shop.name, "--json")
    assert (result.code, result.stderr) == (0, "")
    assert content(str(shop)) == saved


def test_a_migration_copies_the_file_first(
    windows: LockedBytes, invoke: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:-1])
        assert invoke("--db", "old.db", "db", "init", "-q").code == 0
    result = invoke("--db", "old.db", "db", "migrate", "--json")
    assert (result.code, result.stderr) == (0, "")
    assert (tmp_path / result.json["backup"]).is_file()


def test_an_init_that_fails_says_why(
    windows: LockedBytes, invoke: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The empty file stays, since it is open; the next init takes it."""
    with monkeypatch.context() as broken:
        broken.setattr(migrations, "run_ddl", lambda conn, _script: conn.execute("NOT SQL"))
        result = invoke("--db", "new.db", "db", "init", "--json")
        assert (result.code, result.error["code"]) == (1, "db.error")
    assert invoke("--db", "new.db", "db", "init").code == 0


def test_files_are_written(shop: Path, windows: LockedBytes, invoke: Run, tmp_path: Path) -> None:
    assert invoke("client", "list", "--out", "list.csv", "-o", "csv").code == 0
    assert invoke("client", "export", "--out", "all.csv", "-o", "csv").code == 0
    (tmp_path / "bad.csv").write_text("code,name,email\nX,Une,no e-mail\n")
    imported = invoke("client", "import", "bad.csv", "--rejects", "r.csv", "--continue-on-error")
    assert imported.code == 68
    assert (tmp_path / "r.csv").read_text().startswith("reject_reason,code,name,email\n")
    assert invoke("config", "set", "lang", "fr").code == 0
    assert invoke("config", "set", "lang", "en").code == 0
    assert invoke("config", "set", "places.key", "-", stdin="secret", env=NO_RING).code == 0
    assert invoke("config", "unset", "places.key", env=NO_RING).code == 0
    assert invoke("sync", "add", "books", "file", "--set", "profile=csv", "-q").code == 0
    assert invoke("sync", "export", "books", "--out", ".").code == 0


NO_RING = {"INTEROP_NO_KEYRING": "1"}


def test_doctor_knows_no_modes(shop: Path, windows: LockedBytes, invoke: Run) -> None:
    """The bits are made up there: every file looks as if others could read it."""
    shop.chmod(0o666)
    shop.parent.chmod(0o777)
    codes = {row["code"] for row in invoke("db", "doctor", "--json").json}
    assert "file.mode" not in codes
    assert "file.folder" not in codes
    assert "file.system" in codes  # it is not known, and that is said


def test_the_holder_of_a_lock_is_read(windows: LockedBytes, tmp_path: Path) -> None:
    """Whatever the attempt did to the place in the file; and what is held can be given back."""
    path = tmp_path / "shop.db.refresh.lock"
    first = LockFile(path)
    assert first.take("marie") is None
    assert LockFile(path).take("paul") == "marie"
    first.release()
    assert windows.held == {}
    assert LockFile(path).take("paul") is None
    assert path.read_text() == "paul"


def test_secrets_wait_for_their_lock(
    windows: LockedBytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than Windows itself would, which gives up after ten attempts."""
    secrets = TargetSecrets("crm", "1", ("token",), {}, tmp_path)
    waited = []

    def pause(_seconds: float) -> None:
        waited.append(1)
        if len(waited) == 40:
            windows.held.clear()

    monkeypatch.setattr(disk.time, "sleep", pause)
    other = os.open(tmp_path / "1.lock", os.O_RDWR | os.O_CREAT)
    assert disk.try_lock(other)
    with secrets.locked():
        assert len(waited) == 40
    os.close(other)


def test_a_share_is_a_network_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "WINDOWS", True)
    for real, kind in (
        ("\\\\server\\share\\shop.db", "smb"),
        ("\\\\?\\UNC\\server\\share\\shop.db", "smb"),
        ("C:\\shop.db", None),
        ("\\\\?\\C:\\shop.db", None),
    ):
        monkeypatch.setattr(opening.os.path, "realpath", lambda _path, real=real: real)
        assert filesystem(Path("shop.db")) == kind
    assert "smb" in opening.NETWORK_FILESYSTEMS


def test_a_disk_is_no_protocol() -> None:
    assert not is_url("C://shop/interop.db")
    assert not is_url("c:\\shop\\interop.db")
    assert is_url("postgresql://localhost/shop")


class Console(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("mode", "settable", "obeys"),
    [(7, False, True), (3, True, True), (3, False, False), (0, True, False)],
)
def test_an_old_console_gets_no_codes(
    mode: int, settable: bool, obeys: bool, windows: LockedBytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def get(_handle: int, found: Any) -> int:
        found._obj.value = mode
        return mode

    def put(_handle: int, wanted: int) -> int:
        asked.append(wanted)
        return int(settable)

    kernel = types.SimpleNamespace(GetConsoleMode=get, SetConsoleMode=put)
    monkeypatch.setattr(ctypes, "windll", types.SimpleNamespace(kernel32=kernel), raising=False)
    import msvcrt

    monkeypatch.setattr(msvcrt, "get_osfhandle", lambda number: number, raising=False)
    assert is_screen(Console()) is obeys
    assert asked == ([] if mode in (7, 0) else [7])
    assert not is_screen(io.StringIO())
    assert not is_screen(None)
