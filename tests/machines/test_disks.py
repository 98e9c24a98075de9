"""Disks that are not ours: odd names, no locks, no room for temporary files."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from interop_cli import disk
from interop_cli.connectors.secrets import TargetSecrets
from interop_cli.domain.errors import IoFailure
from interop_cli.inputs import source
from interop_cli.output import sink
from interop_cli.store.engines import health, sqlite
from interop_cli.store.engines import open as opening
from interop_cli.store.engines.open import filesystem
from interop_cli.store.engines.sqlite_errors import driver, temporary_folder, translated
from tests.outside.test_faults import can_trace
from tests.support.cli import Run

NOT_TEXT = os.fsdecode(b"caf\xe9")


@pytest.fixture
def shop(sqlite_ready_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INTEROP_DB", sqlite_ready_url)
    return Path(sqlite_ready_url)


# What is mounted


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that says what is mounted: folders as the system writes them, and types."""

    def mount(*several: tuple[bytes, bytes]) -> None:
        table = tmp_path / "mounts"
        lines = [b"any " + folder + b" " + kind + b" rw 0 0\n" for folder, kind in several]
        table.write_bytes(b"".join(lines))
        monkeypatch.setattr(opening, "MOUNTS", table)

    return mount


def test_odd_names_of_mounts_break_nothing(mounted: Any, shop: Path, invoke: Run) -> None:
    mounted(
        (b"/", b"ext4"),
        (b"/media/caf\xe9", b"vfat"),  # not UTF-8
        ("/media/a\x85b\u2028c".encode(), b"vfat"),  # ends of lines, to some
        (b"/media/a\\012b", b"vfat"),
        (b"/media/\\999\\1", b"vfat"),
        (b"", b""),
    )
    assert invoke("client", "list").code == 0
    assert filesystem(Path("/media", NOT_TEXT, "shop.db")) == "vfat"
    assert filesystem(Path("/media/a\nb/shop.db")) == "vfat"
    assert filesystem(Path("/media/a\nbc/shop.db")) == "ext4"


def test_a_network_disk_with_a_space_in_its_name(
    mounted: Any, shop: Path, invoke: Run, tmp_path: Path
) -> None:
    place = tmp_path / "Disque réseau\tde l'équipe\\1"
    place.mkdir()
    database = shutil.copy(shop, place / "shop.db")
    name = os.fsencode(place)
    for char in b"\\ \t":
        name = name.replace(bytes([char]), b"\\%03o" % char)
    mounted((b"/", b"ext4"), (name, b"cifs"))
    for args in (("client", "list"), ("db", "backup", "x.db")):
        result = invoke("--db", database, *args, "--json")
        assert (result.code, result.error["code"]) == (78, "db.network")
    # The last that is mounted over a place is what is there.
    mounted((b"/", b"ext4"), (name, b"cifs"), (name, b"xfs"))
    assert invoke("--db", database, "client", "list").code == 0


def test_a_system_without_a_table_of_mounts(
    shop: Path, invoke: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As macOS: then it is not known, and the doctor says that."""
    assert "file.system" not in _codes(invoke)
    monkeypatch.setattr(opening, "MOUNTS", tmp_path / "nothing")
    assert invoke("client", "list").code == 0
    assert "file.system" in _codes(invoke)


def _codes(invoke: Run) -> set[str]:
    return {row["code"] for row in invoke("db", "doctor", "--json").json}


# Locks


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_database_without_locks_is_refused_at_once(
    number: int, shop: Path, invoke: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lockf(*_args: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "lockf", lockf)
    for args in (("client", "list"), ("db", "check"), ("--db", "new.db", "db", "init")):
        result = invoke(*args, "--json", "--lock-timeout", "100000")
        assert (result.code, result.error["code"]) == (78, "db.no_locks")
    assert not (tmp_path / "new.db").exists()


def test_a_lock_of_another_is_a_lock(shop: Path, invoke: Run) -> None:
    with shop.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert disk.locks_missing(file.fileno(), 1 << 31) is None
        assert invoke("client", "list").code == 0


def test_a_lock_file_without_locks(
    shop: Path, invoke: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*_args: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    result = invoke("sales", "refresh", "--all", "-y", "--json", "--lock-timeout", "100000")
    assert (result.code, result.error["code"]) == (74, "io.lock")
    secrets = TargetSecrets("crm", "1", ("token",), {}, tmp_path)
    with pytest.raises(IoFailure, match=r"sync\.secret\.file"), secrets.locked():
        pytest.fail("it is not locked")


# Temporary files


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder takes a temporary file."""

    def refused() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", refused)
    monkeypatch.setattr(source, "SPOOL_IN_MEMORY", 10)
    monkeypatch.setattr(sink, "SPOOL_IN_MEMORY", 10)


def test_no_folder_for_temporary_files(shop: Path, nowhere: None, invoke: Run) -> None:
    for args, stdin in (
        (("client", "import", "-"), "name,line1,city\nA name,1 street,Québec\n" * 10),
        (("client", "list"), ""),
        *SHEETS.values(),
    ):
        result = invoke(*args, "--error-format", "json", stdin=stdin)
        assert (result.code, result.error["code"]) == (74, "io.temporary")
        assert "TMPDIR" in result.error["hint"]
    result = invoke("client", "show", "NOPE", "--debug", "--json")
    assert (result.code, result.error["code"]) == (3, "client.not_found")
    assert result.error["hint"].startswith("There is no traceback: ")


def test_a_full_folder_for_temporary_files_is_named(
    shop: Path, invoke: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Full:
        """A file in memory that becomes one on a full disk."""

        def __init__(self, _size: int) -> None: ...
        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_error: object) -> None: ...
        def write(self, _data: bytes) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", Full)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for args in (("client", "import", "-"), ("client", "list")):
        result = invoke(*args, "--error-format", "json", stdin="name\nx\n")
        assert (result.code, result.error["code"]) == (74, "io.temporary")
        assert str(tmp_path) in result.error["message"]


SHEETS = {
    "a list": (("client", "list", "-o", "xlsx", "--out", "all.xlsx"), ""),
    "rows not taken": (
        ("client", "import", "-", "--continue-on-error", "--rejects", "bad.xlsx"),
        "name,email\nA name,no address\n",
    ),
}


def full(*_args: object, **_options: object) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize("call", ["TemporaryDirectory", "TemporaryFile", "mkstemp"])
def test_a_workbook_that_fills_the_folder_says_which(
    sheet: str, call: str, shop: Path, invoke: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its rows wait in a folder, and what is made of them in a file: none of it is the output."""
    args, stdin = SHEETS[sheet]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    if call == "TemporaryFile":  # written to as late as when the workbook is closed
        taking_nothing = partial(open, "/dev/full", "w+b", buffering=2**20)
        monkeypatch.setattr(tempfile, call, taking_nothing)
    else:
        monkeypatch.setattr(tempfile, call, full)
    result = invoke(*args, "--error-format", "json", stdin=stdin)
    assert (result.code, result.error["code"]) == (74, "io.temporary"), result.stderr
    assert str(tmp_path) in result.error["message"]
    assert not list(tmp_path.glob("*.xlsx"))


def sorts_in_memory(shop: Path) -> bool:
    with closing(sqlite.connect(shop)) as conn:
        return health.temporary_in_memory(conn)


FULL = (
    "strace -f -qq -o /dev/null --seccomp-bpf -e trace=pwrite64 -e inject=pwrite64:error=ENOSPC"
).split()
SORT = """
import sys
from pathlib import Path
from interop_cli.domain.errors import IoFailure
from interop_cli.store.engines import sqlite
conn = sqlite.connect(Path(sys.argv[1]))
try:
    conn.query("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)"
        " SELECT i, hex(zeroblob(200)) AS z FROM n ORDER BY random()")
except IoFailure as error:
    print(error.code, error.message.params["folder"], error.hint.params["variable"])
"""


def test_a_sort_that_fills_the_folder_says_which(shop: Path, tmp_path: Path, root: Path) -> None:
    if reason := can_trace():
        pytest.skip(reason)
    if sorts_in_memory(shop):
        pytest.skip("this SQLite library sorts in memory")
    folder = tmp_path / "temporary"
    folder.mkdir()
    done = subprocess.run(
        [*FULL, sys.executable, "-c", SORT, str(shop)],
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "SQLITE_TMPDIR": str(folder)},
        check=True,
    )
    assert done.stdout == f"io.temporary {folder} SQLITE_TMPDIR\n"


def test_where_sqlite_puts_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert temporary_folder() == str(tmp_path)
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path / "missing"))
    assert temporary_folder() == str(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_args: False)
    assert temporary_folder() is None
    error = driver.OperationalError("unable to open database file")
    error.sqlite_errorname = "SQLITE_IOERR_GETTEMPPATH"
    assert translated(error).code == "io.temporary"


def test_a_library_that_sorts_in_memory_is_told(
    shop: Path, invoke: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one of the extra ``sqlite`` is built so."""
    here = sorts_in_memory(shop)
    assert ("sqlite.memory" in _codes(invoke)) is here
    monkeypatch.setattr(health, "temporary_in_memory", lambda _conn: not here)
    assert ("sqlite.memory" in _codes(invoke)) is not here


# Names that are not UTF-8


def test_every_path_may_be_bytes_that_are_no_text(shop: Path, invoke: Run, tmp_path: Path) -> None:
    def path(name: str) -> str:
        return f"{NOT_TEXT}{name}"

    def works(*args: str, code: int = 0) -> None:
        result = invoke("--db", path(".db"), *args)
        assert result.code == code, result.stderr

    works("db", "init")
    works("db", "seed", "--clients", "3")
    works("db", "backup", path(".copy"))
    works("db", "backup", path(".copy"), "--overwrite")
    works("db", "restore", path(".copy"), "--confirm", path(".db"))
    (tmp_path / path("2.db")).write_bytes(b"damaged")
    assert invoke("--db", path("2.db"), "db", "restore", path(".copy"), "--confirm", path("2.db"))
    works("db", "check")
    works("db", "doctor", code=0)
    works("db", "info")
    works("client", "export", "-o", "csv", "--out", path(".csv"))
    works("client", "import", path(".csv"), "--rejects", path(".r"), "--results", path(".x"))
    works("client", "list", "-o", "codes", "--out", path(".codes"))
    works("client", "deactivate", f"@{path('.codes')}", "-y")
    works("client", "export", "-o", "ndjson", "--out", path(".ndjson"))
    works("client", "apply", "-f", path(".ndjson"))
    code = (tmp_path / path(".codes")).read_text().split()[0]
    works("note", "create", code, "--text", "hello", "--attach", path(".csv"))
    works("note", "save", "1", path(".saved"))
    works("sales", "report", "--html", path(".html"))
    works("sales", "chart", "--top", "3", "--format", "svg", "--out", path(".svg"))
    (tmp_path / path(".folder")).mkdir()
    works("sync", "add", "books", "file", "--set", "profile=csv")
    works("sync", "export", "books", "--out", path(".folder"))
    env = {"INTEROP_CONFIG": path(".toml")}
    assert invoke("config", "set", "lang", "fr", env=env).code == 0
    assert invoke("config", "path", "--json", env=env).json == {"path": path(".toml")}
    made = {found.name.removeprefix(NOT_TEXT) for found in tmp_path.glob(f"{NOT_TEXT}*")}
    assert made >= set(".copy .csv .codes .ndjson .saved .html .svg .toml".split())
    assert (tmp_path / path(".saved")).read_bytes() == (tmp_path / path(".csv")).read_bytes()
