"""A pooler that lends its sessions to one transaction after the other (PgBouncer)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.cli import Run
from tests.support.outside import PATIENCE, content
from tests.support.proxy import way_to

PLACE = ("--line1", "1, rue A", "--city", "Québec", "--postal-code", "G1K 4A1")
SESSIONS = 2
BOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SETTINGS = """
[databases]
{database} = host={host} dbname={database} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {sessions}
query_wait_timeout = 20
logfile = {folder}/log
"""


@pytest.fixture
def pooled(postgres_shop: str) -> Iterator[str]:
    """The address of a shop behind a pooler in transaction mode, with ``SESSIONS`` to lend."""
    if BOUNCER is None:
        pytest.skip("needs pgbouncer")
    data = Path(way_to(postgres_shop).path).parent
    database = way_to(postgres_shop).database
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    folder = data.parent / f"pooler-{port}"
    folder.mkdir(mode=0o755)
    settings = folder / "settings.ini"
    settings.write_text(
        SETTINGS.format(database=database, host=data, port=port, sessions=SESSIONS, folder=folder)
    )
    user = data.owner()  # whom the socket lets in; and it does not run as root
    if os.geteuid() == 0:
        shutil.chown(folder, user)
        shutil.chown(settings, user)
    process = subprocess.Popen(
        [BOUNCER, "-q", str(settings)],
        user=user if os.geteuid() == 0 else None,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"postgresql://postgres@127.0.0.1:{port}/{database}"
    finally:
        process.terminate()
        process.wait(PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)


def test_everything_works_through_a_pooler_and_nothing_stays_in_its_sessions(
    pooled: str, postgres_shop: str, invoke: Run
) -> None:
    import psycopg

    def there(*words: str) -> None:
        result = invoke("--db", pooled, *words)
        assert result.code == 0, (words, result.stderr)

    def settings() -> list[object]:
        """What the sessions are set to; all of them, as they are held at once."""
        with ExitStack() as ending:
            conns = [
                ending.enter_context(psycopg.connect(pooled, prepare_threshold=None))
                for _ in range(SESSIONS)
            ]
            sql = (
                "SELECT current_setting('lock_timeout'), current_setting('statement_timeout'),"
                " current_setting('idle_in_transaction_session_timeout'),"
                " (SELECT count(*) FROM pg_prepared_statements)"
            )
            return [conn.execute(sql).fetchone() for conn in conns]

    before = settings()
    for number in range(3):
        there("client", "create", f"Un {number}", "--code", f"UN{number}", *PLACE, "-q")
    there("client", "edit", "UN0", "UN1", "--terms", "x", "--yes", "-q")
    there("sales", "refresh", "-q")
    there("client", "merge", "UN0", "UN1", "--yes", "--confirm", "UN0", "-q")
    there("journal", "undo", "last", "--yes", "-q")
    there("client", "list", "--search", "un")
    there("client", "export")
    there("journal", "verify")
    there("db", "check")
    there("db", "info")
    assert settings() == before
    with psycopg.connect(postgres_shop, autocommit=True) as conn:
        sql = (
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE a.datname = current_database() AND l.pid <> pg_backend_pid()"
        )
        assert conn.execute(sql).fetchone() == (0,)


def test_a_lock_is_waited_for_no_longer_than_asked(
    pooled: str, postgres_shop: str, invoke: Run
) -> None:
    import psycopg

    before = content(postgres_shop)
    with psycopg.connect(postgres_shop) as holder:
        holder.execute("LOCK TABLE write_turn, client IN EXCLUSIVE MODE")
        words = ("client", "edit", "ACME", "--terms", "x", "--json", "--lock-timeout", "1")
        result = invoke("--db", pooled, *words)
    assert (result.code, result.error["code"]) == (75, "db.busy")
    assert content(postgres_shop) == before
    assert invoke("--db", pooled, "client", "edit", "ACME", "--terms", "x", "-q").code == 0


def test_an_option_that_the_pooler_refuses_is_named(pooled: str, invoke: Run) -> None:
    url = f"{pooled}?options={quote('-csearch_path=co_a')}"
    result = invoke("--db", url, "client", "list", "--json")
    assert (result.code, result.error["code"]) == (78, "db.options")
    assert "pooler" in result.error["message"]


def test_a_database_is_made_through_a_pooler(pooled: str, postgres_shop: str, invoke: Run) -> None:
    import psycopg

    with psycopg.connect(postgres_shop) as conn:
        conn.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    assert invoke("--db", pooled, "db", "init", "-q").code == 0
    assert invoke("--db", pooled, "client", "create", "Un", "--code", "UN", *PLACE, "-q").code == 0
