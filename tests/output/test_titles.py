"""Every column that a table can show has a title, so that it has one in every language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from interop_cli.i18n import set_language
from interop_cli.output.words import TITLES, title

# Where columns are declared.
PLACES = ("store/reading", "commands", "sync/report.py")
LISTS = {"NAMES", "COLUMNS", "names"}
MAKERS = {"Column", "ListField"}
# The keys of what writes and `db info` tell, which are declared nowhere.
TOLD = (
    "action",
    "active_clients",
    "backup",
    "counts",
    "database",
    "error",
    "engine",
    "file",
    "former_code",
    "former_codes",
    "kept",
    "latest",
    "location",
    "merged_into",
    "note",
    "operations",
    "restored_from",
    "schema_step",
    "size",
    "status",
)
FILTERS = {"sales.YEAR", "tag"}  # for filters alone
SCHEMAS = {"commands"}


def declared(root: Path) -> Iterator[str]:
    """The names of columns in the source."""
    for place in PLACES:
        found = root / "interop_cli" / place
        for path in [found] if found.is_file() else sorted(found.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Assign(targets=[ast.Name(id=name)], value=ast.Tuple(elts=found_in)):
                        yield from texts(found_in) if name in LISTS else ()
                    case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in MAKERS:
                        yield from texts([first])


def texts(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_column_has_a_title(root: Path) -> None:
    names = {*declared(root), *TOLD} - FILTERS - SCHEMAS
    assert len(names) > 70
    assert names - set(TITLES) == set()


@pytest.fixture
def french() -> Iterator[None]:
    set_language("fr")
    yield
    set_language("en")


@pytest.mark.usefixtures("french")
def test_the_journal_is_titled_in_french() -> None:
    names = ("at", "actor", "command", "changes", "undoes", "undone_by", "before", "after")
    assert [title(name) for name in names] == [
        "Quand",
        "Par",
        "Commande",
        "Changements",
        "Annule",
        "Annulée par",
        "Avant",
        "Après",
    ]
