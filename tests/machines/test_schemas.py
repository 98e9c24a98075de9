"""Databases of an older program, and migrations that fail, on each engine."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import pytest

from interop_cli.domain.errors import IoFailure
from interop_cli.domain.messages import msg
from interop_cli.store import migrations
from tests.support.cli import Run
from tests.support.outside import content

NAME = migrations.MIGRATIONS[-1].name
NEWEST = import_module(f"{migrations.__name__}.{migrations.MIGRATIONS[-1].where}")


@pytest.fixture
def older(engine_url: str, invoke: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database as the program before the last step left it."""
    monkeypatch.setenv("INTEROP_DB", engine_url)
    with monkeypatch.context() as before:
        before.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:-1])
        assert invoke("db", "init", "-q").code == 0
    return engine_url


def test_a_check_of_an_older_schema_tells_that_it_is_older(older: str, invoke: Run) -> None:
    result = invoke("db", "check", "--json")
    assert result.code == 10
    (finding,) = result.json
    assert (finding["code"], finding["severity"]) == ("schema.older", "warning")
    assert finding["fix"] == "interop db migrate"
    assert invoke("db", "migrate", "-q").code == 0
    assert invoke("db", "check", "--json") == (0, "[]\n", "Nothing to report.\n")


def bug(*_args: object) -> None:
    raise KeyError("a secret")


def full_disk(*_args: object) -> None:
    raise IoFailure("io.disk_full", msg("The disk is full."))


@pytest.mark.parametrize(
    ("fault", "code", "exit_code"), [(bug, "db.migration", 1), (full_disk, "io.disk_full", 74)]
)
def test_a_migration_that_fails_names_its_step(
    fault: Callable[..., None],
    code: str,
    exit_code: int,
    older: str,
    invoke: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = content(older)
    with monkeypatch.context() as broken:
        broken.setattr(NEWEST, f"m{NAME}", fault)
        result = invoke("db", "migrate", "--json")
        assert (result.code, result.error["code"]) == (exit_code, code)
        assert NAME in {detail["path"] for detail in result.error["details"]}
        assert result.error["applied"] is False
        shown = invoke("db", "migrate")
        assert NAME in shown.stderr
        assert "a secret" not in result.stderr + shown.stderr
    assert content(older) == before
    assert invoke("db", "migrate", "-q").code == 0
