"""The tool that keeps the French catalogue whole, and the catalogue itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import click
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from clicksays import CLICK
from commandtree import commands

from interop_cli.i18n import set_language
from tests.support.cli import Run

ROOT = Path(__file__).resolve().parent.parent

# click's sentences for programmers, for prompts we never use and for platforms' own failures.
NOT_SHOWN = {
    "%(prog)s, version %(version)s",
    "Argument",
    "Arguments take exactly one parameter declaration, got {length}: {decls}.",
    "Boolean option {decl!r} cannot use the same flag for true/false.",
    "Choice({choices})",
    "Confirm the action without prompting.",
    "Could not determine name for option with declarations {decls!r}",
    "Couldn't detect Bash version, shell completion is not supported.",
    "DeprecationWarning: The command {name!r} is deprecated.{extra_message}",
    "DeprecationWarning: The {param_type} {name!r} is deprecated.{extra_message}",
    "Error: The two entered values do not match.",
    "Invalid start character for option ({option})",
    "Name '{name}' defined twice",
    "Press any key to continue...",
    "Repeat for confirmation",
    "Shell completion is not supported for Bash versions older than 4.4.",
    "Show the version and exit.",
    "Unknown color {colour!r}",
    "Unknown standard stream '{name}'",
    "Windows error: {error}",
    "d",
    "{editor}: Editing failed",
    "{editor}: Editing failed: {e}",
    "{value!r} is not a valid UUID.",
    "{len_type} values are required, but {len_value} was given.",
}


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """``scripts/messages`` as a module."""
    loader = SourceFileLoader("messages_tool", str(ROOT / "scripts" / "messages"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def marked(tool: ModuleType, code: str) -> tuple[list[object], list[str]]:
    call = ast.parse(code, mode="eval").body
    problems: list[str] = []
    return list(tool.in_call(call, "here", problems)), problems


def test_literals_are_collected(tool: ModuleType) -> None:
    assert marked(tool, "_('One')") == (["One"], [])
    assert marked(tool, "msg('One ' 'two {n}', n=1)") == (["One two {n}"], [])
    assert marked(tool, "i18n.ngettext('{n} row', '{n} rows', 2)") == (
        [("{n} row", "{n} rows")],
        [],
    )
    assert marked(tool, "_(text or '')") == ([], [])


@pytest.mark.parametrize("code", ["_(f'{x} rows')", "_('Row ' + x)", "msg('%s rows' % x)"])
def test_a_sentence_put_together_is_refused(tool: ModuleType, code: str) -> None:
    assert marked(tool, code) == (
        [],
        ["here: this sentence is put together before it is translated"],
    )


def test_only_what_has_words_is_a_sentence(tool: ModuleType) -> None:
    assert tool.speaks("No {thing}")
    assert tool.speaks("{title}:")  # French has a space before a colon
    assert not tool.speaks("{text}")
    assert not tool.speaks("")


@pytest.mark.parametrize(
    ("english", "french", "flaw"),
    [
        ("No {code}.", "Aucun {code}.", None),
        ("No {code!r}.", "Aucun {code}.", None),
        ("No {code}.", "Aucun.", "places"),
        ("No {code}.", "Aucun {client}.", "places"),
        ("One two\n", "Un deux", "white space"),
        ("This is the same here", "This is the same here", "English"),
        ("Options", "Options", None),
        ("interop client activate {code}", "interop client activate {code}", None),
    ],
)
def test_french_that_would_not_do_is_found(
    tool: ModuleType, english: str, french: str, flaw: str | None
) -> None:
    flaws = list(tool.compare(english, french))
    assert bool(flaws) == bool(flaw)
    assert not flaw or flaw in flaws[0]


def test_missing_and_doubtful_french_is_found(tool: ModuleType) -> None:
    sentences = Catalog(locale="fr")
    sentences.add("One", "Un")
    sentences.add("Two", "")
    sentences.add("Three", "Trois", flags=["fuzzy"])
    sentences.add(("{n} row", "{n} rows"), ("{n} ligne", ""))
    problems = tool.flaws(sentences)
    assert [problem.split(" for ")[1] for problem in problems] == ["'Two'", "'Three'", "'{n} row'"]


def test_the_catalogue_is_whole_and_compiled() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/messages", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_catalogue_names_no_place_of_this_machine(tool: ModuleType) -> None:
    text = tool.PO.read_text("utf-8")
    assert "#: " not in text
    assert str(ROOT) not in text


def test_help_and_errors_of_click_come_in_french(run: Run) -> None:
    french = {"INTEROP_LANG": "fr"}
    shown = run("--help", env=french).stdout
    assert "Utilisation :" in shown
    assert "\nOptions :\n" in shown
    assert "\nCommandes :\n" in shown
    assert "Afficher la version et terminer." in shown
    assert "\nOptions :\n" in run("help", "client", "list", env=french).stdout
    code, _, stderr = run("client", "--nope", env=french)
    assert code == 2
    assert "--nope" in stderr
    assert "No such" not in stderr
    code, _, stderr = run("client", "list", "--limit", "x", env=french)
    assert code == 2
    assert "'x' n'est pas un nombre valide." in stderr


def test_every_help_is_shown_in_french() -> None:
    set_language("fr")
    try:
        english = [
            ctx.command_path
            for ctx in commands()
            if " ".join((ctx.command.help or "").split("\n")[0].split())[:30]
            in " ".join(ctx.command.get_help(ctx).split())
        ]
    finally:
        set_language("en")
    assert not english


@pytest.mark.long
def test_click_has_no_sentence_we_do_not_know() -> None:
    """A newer click may say something new: add it to ``clicksays.py`` or to ``NOT_SHOWN``."""
    folder = str(Path(click.__file__).parent)
    found = {entry[2] for entry in extract_from_dir(folder, [("**.py", "python")])}
    first = {text if isinstance(text, str) else text[0] for text in found}
    known = {text if isinstance(text, str) else text[0] for text in CLICK}
    unknown = first - known - NOT_SHOWN
    assert not {text for text in unknown if not text.startswith("No options defined but a name")}
