"""``interop schema commands`` says what the commands are: held against click, code and use."""

from __future__ import annotations

import dis
import importlib
import inspect
import json
import re
import shlex
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import click
import pytest

from interop_cli.commands.schema import SCHEMAS
from interop_cli.shell import effects
from interop_cli.shell.command import GlobalOption
from scripts.commandtree import commands
from tests.support.cli import Run

OURS = ("interop_cli.commands", "interop_cli.shell.importing")
LEAVES = [ctx for ctx in commands() if not isinstance(ctx.command, click.Group)]
# They write by other means than a unit of work of their own.
OTHERWISE = {
    *("client send", "db init", "db migrate", "db restore", "db copy", "db distribute"),
    *("sync export", "sync pull", "sync push", "sync retry"),
    *("sales invoice send", "config secret"),
}


def name_of(ctx: click.Context) -> str:
    return ctx.command_path.partition(" ")[2]


@pytest.fixture(scope="module")
def tree() -> dict[str, Any]:
    root = Path(__file__).parent.parent
    found: dict[str, Any] = json.loads((root / "schemas" / "commands.json").read_text("utf-8"))
    return found["interop"]


def node(tree: dict[str, Any], path: str) -> dict[str, Any]:
    for word in path.split():
        tree = tree["commands"][word]
    return tree


def test_every_parameter_is_there_as_click_has_it(tree: dict[str, Any]) -> None:
    for ctx in commands():
        found = {param["name"]: param for param in node(tree, name_of(ctx))["params"]}
        own = [
            one for one in ctx.command.params if not ctx.parent or not isinstance(one, GlobalOption)
        ]
        assert list(found) == [param.name for param in own]
        for param in own:
            said = found[str(param.name)]
            where = (ctx.command_path, param.name)
            assert said["flags"] == [*param.opts, *param.secondary_opts], where
            if isinstance(param.type, click.Choice):
                assert said["choices"] == [*param.type.choices], where
            if isinstance(param, click.Option):
                assert said["help"], where
                assert (said["type"] == "boolean") == param.is_flag, where
            if param.required:
                assert said["required"], where
            if isinstance(param.default, str):
                assert said["default"] == param.default, where
            for bound in ("min", "max"):
                assert said.get(bound) == getattr(param.type, bound, None), where


def test_every_command_says_what_it_does(tree: dict[str, Any]) -> None:
    names = {name_of(ctx) for ctx in LEAVES}
    assert {*effects.READS} | effects.RESULT | {*effects.WRITES} == names
    assert not {*effects.READS} & (effects.RESULT | {*effects.WRITES})
    assert names >= effects.YES | effects.CONFIRM | effects.ATTENTION
    assert {name.split()[0] for name in names} >= effects.ABOUT_NONE
    for name in names:
        found = node(tree, name)
        assert found["help"]
        assert (found["entity"] is None) is (name.split()[0] in effects.ABOUT_NONE)
        result = found["result"]
        schema = result.get("items", result).get("$ref")
        assert schema is None or schema in SCHEMAS, name


def test_what_writes_and_what_confirms_is_what_the_code_reaches() -> None:
    for ctx in LEAVES:
        assert ctx.command.callback is not None
        name, reached = name_of(ctx), set(calls(ctx.command.callback))
        if ("confirm", "agreed") in reached:  # which asks, and writes
            reached |= {("confirm", "needed"), ("app", "write")}
        writes = bool(reached & {("app", "write"), ("app", "run"), ("store", "run")})
        assert (name not in effects.READS) == (writes or name in OTHERWISE), name
        assert (name in effects.CONFIRM) == (("confirm", "severe") in reached), name
        assert (name in effects.YES) == (("confirm", "needed") in reached), name


def test_no_command_ended_in_the_transcripts_as_it_does_not_say(tree: dict[str, Any]) -> None:
    seen = 0
    for path in sorted((Path(__file__).parent / "cli").rglob("*.txt")):
        command = None
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("$ "):
                command = alone(tree, line[2:])
            elif command and (code := re.fullmatch(r"\? (\d+)", line)):
                seen += 1
                codes = node(tree, command)["exit_codes"]
                assert int(code[1]) in codes, (path.name, command, line)
    assert seen > 100


def alone(tree: dict[str, Any], line: str) -> str | None:
    """The command of a line that runs nothing else."""
    if re.search(r"[|;&$<>]", line):
        return None
    try:
        words = [word for word in shlex.split(line) if "=" not in word or word.startswith("-")]
    except ValueError:
        return None
    path: list[str] = []
    for word in words[1:]:
        if word in tree.get("commands", {}):
            path.append(word)
            tree = tree["commands"][word]
    return " ".join(path) if words[:1] == ["interop"] and "commands" not in tree else None


def calls(start: Callable[..., Any]) -> Iterator[tuple[str, str]]:
    """``("app", "write")`` for ``app.write(…)``, in a function of ours and in those it calls."""
    seen: set[Any] = set()
    ahead: list[Any] = [start]
    while ahead:
        function = inspect.unwrap(ahead.pop())
        if function in seen or not function.__module__.startswith(OURS):
            continue
        seen.add(function)
        codes: list[CodeType] = [function.__code__]
        while codes:
            code = codes.pop()
            codes += [one for one in code.co_consts if isinstance(one, CodeType)]
            steps = [*dis.get_instructions(code)]
            yield from (
                (str(first.argval), str(second.argval)) for first, second in pairwise(steps)
            )
            known = [function.__globals__.get(name) for name in code.co_names]
            modules = [one for one in known if isinstance(one, ModuleType)]
            modules += [
                importlib.import_module(name) for name in code.co_names if name.startswith(OURS)
            ]
            found = [getattr(one, name, None) for one in modules for name in code.co_names]
            ahead += [one for one in (*known, *found) if isinstance(one, FunctionType)]


def test_the_tree_is_the_same_in_every_language(run: Run) -> None:
    english = run("schema", "commands", "--lang", "en")
    assert english.code == 0
    assert run("schema", "commands", "--lang", "fr").stdout == english.stdout
