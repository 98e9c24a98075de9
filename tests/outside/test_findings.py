"""What is found and said without being an error of the user: exit 10, 70 of a check, and a bug."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli import Run
from tests.support.outside import content, without_traceback


def tampered(shop: Path, *statements: str) -> None:
    """Do what the triggers forbid, as somebody with an editor for databases can."""
    with closing(sqlite3.connect(shop)) as conn:
        triggers = conn.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _sql in triggers:
            conn.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert conn.execute(statement).rowcount >= 1
        for _name, sql in triggers:
            conn.execute(sql)
        conn.commit()


@pytest.mark.parametrize(
    ("statement", "operation"),
    [
        (
            'UPDATE change SET before = \'{"terms": "x"}\' WHERE operation_id = 2'
            " AND action = 'update'",
            2,
        ),
        ("DELETE FROM change WHERE operation_id = 1 AND id = (SELECT MIN(id) FROM change)", 1),
        ("UPDATE operation SET actor = 'somebody else' WHERE id = 2", 2),
        ("UPDATE operation SET at = '2020-01-01T00:00:00Z' WHERE id = 1", 1),
        ("UPDATE operation SET command = 'interop client edit' WHERE id = 3", 3),
        (
            "INSERT INTO change (operation_id, entity, entity_id, action, version)"
            " VALUES (3, 'client', 1, 'insert', 1)",
            3,
        ),
    ],
)
def test_a_journal_that_was_tampered_with(
    statement: str, operation: int, shop: Path, invoke: Run
) -> None:
    assert invoke("journal", "verify", "--json")[:2] == (0, "[]\n")
    tampered(shop, statement)
    before = content(str(shop))
    result = invoke("journal", "verify", "--json")
    assert result.code == 10
    assert operation in [row["operation_id"] for row in result.json]
    check = invoke("db", "check", "--json")
    assert check.code == 70
    assert "journal" in {row["code"] for row in check.json}
    assert content(str(shop)) == before


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE address SET main = 0 WHERE client_id = 1", "rule.main_address"),
        ("DELETE FROM client_search WHERE client_id = 1", "rule.search_index"),
        ("UPDATE client SET bill_to_id = 4 WHERE id = 1", "rule.bill_to"),
        ("UPDATE address SET client_id = 99 WHERE id = 1", "foreign_key"),
    ],
)
def test_rules_that_were_broken_from_outside(
    statement: str, rule: str, shop: Path, invoke: Run
) -> None:
    tampered(shop, statement)
    result = invoke("db", "check", "--json")
    assert result.code == 70
    assert rule in {row["code"] for row in result.json}


def test_what_others_may_read_is_a_warning(shop: Path, invoke: Run, tmp_path: Path) -> None:
    assert invoke("db", "backup", tmp_path / "interop-copy.db", "-q").code == 0
    before = invoke("db", "doctor", "--json").json
    assert "file.mode" not in {row["code"] for row in before}
    shop.chmod(0o644)
    result = invoke("db", "doctor", "--json")
    assert result.code == 10
    assert "file.mode" in {row["code"] for row in result.json if row["severity"] == "warning"}
    shop.chmod(0o600)


def test_wal_is_not_written_with_a_library_that_loses_commits(shop: Path, invoke: Run) -> None:
    from interop_cli.store.engines.sqlite import wal_is_safe

    with closing(sqlite3.connect(shop)) as conn:
        conn.execute("PRAGMA journal_mode = wal")
    result = invoke("client", "edit", "ACME", "--terms", "x", "--json")
    if wal_is_safe():
        assert result.code == 0
    else:
        assert (result.code, result.error["code"]) == (70, "db.wal_unsafe")


def test_nothing_changed_can_be_made_an_exit_code(shop: Path, invoke: Run) -> None:
    args = ("client", "edit", "ACME", "--terms", "x", "--fail-if-unchanged", "-q")
    assert invoke(*args, "--dry-run").code == 0
    assert invoke(*args) == (0, "", "")
    assert invoke(*args) == (10, "", "")


@pytest.fixture
def bug(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """Makes the list of clients fail as no command should."""

    def plant(error: Exception) -> None:
        def fail(*_args: object, **_kwargs: object) -> None:
            raise error

        monkeypatch.setattr("interop_cli.store.reading.clients._chosen", fail)

    return plant


def test_a_bug_is_said_without_its_traceback(
    shop: Path,
    invoke: Run,
    bug: Callable[[Exception], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = "Zacharie 418 555-0134"
    bug(RuntimeError(secret))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for lang in ("en", "fr"):
        result = invoke("client", "list", "--json", "--lang", lang)
        assert (result.code, result.stdout, result.error["code"]) == (1, "", "internal")
        without_traceback(result.stderr)
        assert secret not in result.stderr
    assert not list(tmp_path.glob("interop-*.txt"))
    result = invoke("client", "list", "--json", "--debug")
    (path,) = tmp_path.glob("interop-*.txt")
    assert result.code == 1
    assert str(path) in result.error["hint"]
    without_traceback(result.stderr)
    assert "Traceback" in path.read_text("utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_debug_on_a_good_day_writes_nothing(
    shop: Path, invoke: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert invoke("client", "list", "--debug") == invoke("client", "list")
    assert not list(tmp_path.glob("interop-*.txt"))


def test_a_write_that_fails_in_the_middle_leaves_nothing(
    shop_url: str, invoke: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bug strikes when all is written but the operation itself."""
    before = content(shop_url)

    def fail(*_args: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("interop_cli.store.writing.journal.record", fail)
    for args in (("edit", "--all", "--terms", "x", "-y"), ("deactivate", "ACME")):
        assert invoke("client", *args, "--json").code == 1
    assert content(shop_url) == before
