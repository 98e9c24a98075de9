"""Every failure: its code, its words in both languages, its schema, and an unchanged database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.outside.cases import FAILURES, Case
from tests.support.cli import Result, Run
from tests.support.outside import Content, content, error_of, without_traceback
from tests.support.postgres import FOLDER, NewDatabase, lent


@pytest.fixture(scope="module")
def schema(root: Path) -> Any:
    """The JSON Schema of an error, as it is published; itself looked at once only."""
    published = json.loads((root / "schemas" / "error.json").read_text("utf-8"))
    kind = jsonschema.validators.validator_for(published)
    kind.check_schema(published)
    return kind(published)


@pytest.fixture(scope="module")
def _unchanged(
    _postgres_shop: str, postgres_server: NewDatabase, pytestconfig: pytest.Config
) -> Iterator[str]:
    with lent(postgres_server, _postgres_shop, pytestconfig.stash[FOLDER]) as url:
        yield url


@pytest.fixture
def postgres_shop(_unchanged: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """One shop for all that fails here: none of it changes anything."""
    monkeypatch.setenv("INTEROP_DB", _unchanged)
    return _unchanged


@pytest.fixture(scope="module")
def looked_at() -> dict[str, Content]:
    """What the shop on a server held before the first failure, and so before each."""
    return {}


@pytest.mark.parametrize("case", FAILURES, ids=lambda case: case.name)
def test_a_failure_says_what_and_why_and_changes_nothing(
    case: Case,
    shop_url: str,
    invoke: Run,
    tmp_path: Path,
    schema: Any,
    looked_at: dict[str, Content],
) -> None:
    if case.file is not None:
        (tmp_path / "input.csv").write_text(case.file, "utf-8")
    if shop_url not in looked_at:
        looked_at[shop_url] = content(shop_url)
    before, files = looked_at[shop_url], sorted(tmp_path.rglob("*"))

    def ended(*options: str) -> Result:
        stdin = case.stdin.encode("latin-1")
        result = invoke(*case.args, *options, env=case.env, stdin=stdin)
        assert (result.code, result.stdout) == (case.exit_code, ""), result.stderr
        without_traceback(result.stderr)
        return result

    objects = {}
    for lang in ("en", "fr"):
        objects[lang] = error_of(ended("--error-format", "json", "--lang", lang).stderr)
        schema.validate(objects[lang])
        error = objects[lang]["error"]
        assert (error["code"], error["exit_code"]) == (case.code, case.exit_code)
        assert (error["applied"], error["retryable"]) == (False, case.exit_code in (69, 75))
        words = ended("--error-format", "text", "--lang", lang).stderr
        assert error["message"] in words
        assert (error["hint"] or "") in words
    assert objects["en"]["error"]["message"] != objects["fr"]["error"]["message"]
    assert [_bare(one) for one in objects.values()] == [_bare(objects["en"])] * 2
    assert content(shop_url) == before
    assert sorted(tmp_path.rglob("*")) == files


def _bare(error: dict[str, Any]) -> object:
    """The error without what is for people."""
    inner = {k: v for k, v in error["error"].items() if k not in ("message", "hint")}
    for name in ("details", "reasons", "warnings"):
        if name in inner:
            inner[name] = [{**one, "message": None} for one in inner[name]]
    return inner
