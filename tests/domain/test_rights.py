"""Which right an operation needs, and which role has it."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from interop_cli.domain.rights import RIGHTS, ROLES, has, right_of, rights_of

OPERATION = re.compile(
    r"""(?:app\.(?:write|run)|\.run)\(\s*["']([a-z_]+\.[a-z_]+)|operation=["']([a-z_]+\.[a-z_]+)"""
)


@pytest.mark.parametrize(
    ("operation", "right"),
    [
        ("client.create", "write"),
        ("client.edit", "write"),
        ("client.import", "write"),
        ("note.detach", "write"),
        ("anything.new", "write"),
        ("client.delete", "delete"),
        ("contact.delete", "delete"),
        ("address.delete", "delete"),
        ("note.delete", "delete"),
        ("thing.delete", "delete"),
        ("client.recode", "recode"),
        ("client.merge", "merge"),
        ("journal.undo", "undo"),
        ("config.set", "settings"),
        ("config.unset", "settings"),
        ("user.set", "settings"),
        ("sync.push", "sync"),
        ("client.send", "sync"),
        ("contact.erase", "erase"),
    ],
)
def test_the_right_of_an_operation(operation: str, right: str) -> None:
    assert right_of(operation) == right


def test_every_operation_of_the_program_is_asked_for(root: Path) -> None:
    """A verb that takes away must not slip through as a mere write."""
    found = {
        match[1] or match[2]
        for path in (root / "interop_cli").rglob("*.py")
        for match in OPERATION.finditer(path.read_text("utf-8"))
    }
    assert len(found) > 15
    assert {name for name in found if right_of(name) == "delete"} == {
        name for name in found if name.endswith(".delete")
    }
    grave = re.compile(r"recode|merge|erase|undo|config|user|send|sync")
    assert all(right_of(name) != "write" for name in found if grave.search(name))


def test_each_role_has_what_those_below_it_have() -> None:
    assert rights_of("viewer") == ()
    assert rights_of("editor") == ("write",)
    assert rights_of("manager") == ("write", "delete", "recode", "merge", "undo", "sync")
    assert rights_of("admin") == tuple(RIGHTS)
    for lower, higher in itertools.pairwise(ROLES):
        assert set(rights_of(lower)) < set(rights_of(higher))
    assert not has("editor", "delete")
