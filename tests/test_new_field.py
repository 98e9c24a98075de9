"""How a field is added: the recipe of CONTRIBUTING.md, done in a copy of the package.

A made-up field of a client, one of a contact, of an address and of a note: a row, an attribute, a
migration. Nothing else is touched, and all four go everywhere a field goes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from interop_cli.store.migrations import MIGRATIONS
from tests.support.cli import Result
from tests.support.postgres import CLUSTER, FOLDER, lent, url_of
from tests.support.warm import warm_command

# The recipe: CONTRIBUTING.md shows these lines, and a test here compares.
CLIENT_ROW = """\
    Field(
        "linkedin",
        N_("LinkedIn"),
        help=N_("Its page on LinkedIn."),
        metavar="URL",
        table=5,
        searched=True,
        card=(COORDINATES, 4),
    ),
"""
CLIENT_ATTRIBUTE = "    linkedin: Value = None\n"
CONTACT_ROW = """\
    Field(
        "nickname",
        N_("Nickname"),
        help=N_("What one calls the person."),
        personal=Personal.OTHER,
        searched=True,
    ),
"""
CONTACT_ATTRIBUTE = "    nickname: Line = None\n"
ADDRESS_ROW = """\
    Field("dock", N_("Dock"), help=N_("Where it is unloaded."), table=5, searched=True),
"""
ADDRESS_ATTRIBUTE = "    dock: Line = None\n"
NOTE_ROW = """\
    Field("source", N_("Source"), help=N_("Where it comes from."), table=5, searched=True),
"""
NOTE_ATTRIBUTE = "    source: Line = None\n"
MIGRATION = '''
# The page of a client on LinkedIn, the nickname of a contact, a dock, the source of a note.
m9999_made_up = """
ALTER TABLE client ADD COLUMN linkedin {text};
ALTER TABLE contact ADD COLUMN nickname {text};
ALTER TABLE address ADD COLUMN dock {text};
ALTER TABLE note ADD COLUMN source {text};
"""
'''
PROFILE = """\
title = "Made up"
file = "{batch}.csv"
key = "code"
header = true
[[columns]]
field = "code"
required = true
[[columns]]
field = "linkedin"
"""


def after(path: Path, anchor: str, text: str) -> None:
    """Put ``text`` before the line ``anchor``, which stands there once."""
    source = path.read_text("utf-8")
    assert source.count(anchor) == 1, (path, anchor)
    path.write_text(source.replace(anchor, text + anchor), "utf-8")


@pytest.fixture(scope="session")
def package(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to import the changed copy from."""
    folder = tmp_path_factory.mktemp("recipe")
    copy = folder / "interop_cli"
    shutil.copytree(root / "interop_cli", copy)  # with what is compiled, by the time of its source
    fields = copy / "domain/fields/__init__.py"
    after(fields, "    *_PLACE,\n", CLIENT_ROW)
    after(copy / "domain/client.py", "    accounting: Annotated", CLIENT_ATTRIBUTE)
    after(fields, '    Field("billing", N_("Billing contact")', CONTACT_ROW)
    after(copy / "domain/contact.py", "    active: On", CONTACT_ATTRIBUTE)
    after(fields, '    Field("instructions"', ADDRESS_ROW)
    after(copy / "domain/address.py", "    instructions: Lines", ADDRESS_ATTRIBUTE)
    after(fields, '    Field("created_at", N_("Created"), Kind.TIME, column=', NOTE_ROW)
    after(copy / "domain/note.py", "    created_at: Annotated", NOTE_ATTRIBUTE)
    steps = copy / "store/migrations"
    last = MIGRATIONS[-1]
    with (steps / f"{last.where}.py").open("a", encoding="utf-8") as newest:
        newest.write(MIGRATION)
    init = steps / "__init__.py"
    source = init.read_text("utf-8")
    added = source.replace(f'"{last.name}",', f'"{last.name}",\n        "9999_made_up",')
    init.write_text(added, "utf-8")
    return folder


class Changed:
    """The changed program on a database of its own."""

    def __init__(self, package: Path, url: str, folder: Path) -> None:
        self.package, self.url, self.folder = package, url, folder

    def __call__(self, *args: str, stdin: str = "", url: str | None = None) -> Result:
        done = subprocess.run(
            [*warm_command(self.package), "--db", url or self.url, *args],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={**os.environ, "INTEROP_TODAY": "2026-11-24"},
            timeout=60,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def ok(self, *args: str, stdin: str = "", url: str | None = None) -> Result:
        """The same, which must succeed."""
        result = self(*args, stdin=stdin, url=url)
        assert result.code == 0, (args, result.stderr)
        return result

    def client(self, code: str) -> dict[str, object]:
        found = self.ok("client", "show", code, "--json").json
        assert isinstance(found, dict)
        return found


@pytest.fixture(scope="session")
def _begun() -> dict[str, str]:
    """Of each engine a database that the changed program has begun, to copy."""
    return {}


@pytest.fixture
def changed(
    package: Path,
    engine: str,
    _begun: dict[str, str],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> Iterator[Changed]:
    get = request.getfixturevalue
    if engine == "sqlite":
        path = tmp_path / "interop.db"
        if engine in _begun:
            shutil.copy(_begun[engine], path)
        else:
            _begin(Changed(package, str(path), tmp_path))
            _begun[engine] = str(shutil.copy(path, get("tmp_path_factory").mktemp("begun")))
        yield Changed(package, str(path), tmp_path)
    elif CLUSTER:
        yield _begin(Changed(package, get("postgres_url"), tmp_path))
    else:
        server, folder = get("postgres_server"), request.config.stash[FOLDER]
        if engine not in _begun:
            _begun[engine] = server()
            _begin(Changed(package, url_of(folder, _begun[engine]), tmp_path))
        with lent(server, _begun[engine], folder) as url:
            yield Changed(package, url, tmp_path)


def _begin(program: Changed) -> Changed:
    program.ok("db", "init")
    where = ("--line1", "1 rue A", "--city", "Alma", "--postal-code", "G8B 1A1")
    program.ok("client", "create", "Boréale", "--code", "BOR", "--linkedin", "in/boreale", *where)
    program.ok("contact", "create", "BOR", "--name", "Ève Côté", "--nickname", "Evie")
    program.ok("address", "edit", "1", "--dock", "Quai 9")
    program.ok("note", "create", "BOR", "--text", "Salut", "--source", "Courriel")
    return program


def test_it_is_created_shown_listed_filtered_sorted_and_found(changed: Changed) -> None:
    client = changed.client("BOR")
    assert client["linkedin"] == "in/boreale"
    assert [one["nickname"] for one in client["contacts"]] == ["Evie"]  # type: ignore[attr-defined]
    assert "LinkedIn" in changed.ok("client", "show", "BOR").stdout
    assert "in/boreale" in changed.ok("client", "list", "--sort", "linkedin").stdout
    for asked in (
        ("--filter", "linkedin ~ BOREALE"),
        ("--search", "boreale"),
        ("--search", "evie"),
        ("--search", "quai"),
        ("--search", "courriel"),
    ):
        assert changed.ok("client", "list", *asked, "-o", "codes").stdout == "BOR\n", asked
    assert changed.ok("client", "list", "--filter", "linkedin = x", "-o", "codes").stdout == ""
    schema = changed.ok("schema", "client").json["properties"]
    assert schema["linkedin"] == {"type": ["string", "null"]}
    assert "nickname" in changed.ok("schema", "contact").json["properties"]
    listed = changed.ok("contact", "list", "BOR", "--fields", "nickname", "-o", "csv").stdout
    assert listed == "nickname\nEvie\n"


def test_those_of_an_address_and_a_note_are_too(changed: Changed) -> None:
    for group, field, value in (("address", "dock", "Quai 9"), ("note", "source", "Courriel")):
        assert value in changed.ok(group, "show", "1").stdout
        assert field in changed.ok("schema", group).json["properties"]
        asked = ("--filter", f'{field} = "{value}"', "--sort", field, "--search", value)
        listed = changed.ok(group, "list", *asked, "--fields", field, "-o", "csv").stdout
        assert listed == f"{field}\n{value}\n"
        table = changed.ok(group, "list", "BOR", "-o", "csv").stdout
        moved = table.replace(value, "Autre")
        changed.ok(group, "import", "-", "--format", "csv", stdin=moved)
        assert changed.ok(group, "show", "1", "--json").json[field] == "Autre"
        changed.ok(group, "edit", "1", f"--{field}", "")
        assert changed.ok(group, "show", "1", "--json").json[field] is None
        changed.ok("journal", "undo", "last", "--yes")
        assert changed.ok(group, "show", "1", "--json").json[field] == "Autre"


def test_it_is_edited_cleared_and_taken_back(changed: Changed) -> None:
    edited = changed.ok("client", "edit", "BOR", "--linkedin", "in/b2", "--json").json
    assert edited["changed"] == 1
    changed.ok("contact", "edit", "1", "--nickname", "")
    assert changed.client("BOR")["contacts"][0]["nickname"] is None  # type: ignore[index]
    undone = str(edited["operation_id"])
    changed.ok("journal", "undo", undone)
    assert changed.client("BOR")["linkedin"] == "in/boreale"
    changed.ok("client", "edit", "BOR", "--linkedin", "")
    assert changed.client("BOR")["linkedin"] is None


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_it_goes_out_to_a_file_and_comes_back(changed: Changed, form: str) -> None:
    exported = changed.ok("client", "export", "--format", form).stdout
    assert "in/boreale" in exported
    assert "Evie" in exported
    again = changed.ok("client", "import", "-", "--format", form, "--json", stdin=exported).json
    assert (again["changed"], again["unchanged"]) == (0, 1)
    moved = exported.replace("in/boreale", "in/other").replace("Evie", "Evy")
    changed.ok("client", "import", "-", "--format", form, stdin=moved)
    client = changed.client("BOR")
    assert client["linkedin"] == "in/other"
    assert client["contacts"][0]["nickname"] == "Evy"  # type: ignore[index]
    applied = changed.ok("client", "export", "--format", "ndjson").stdout
    changed.ok("client", "edit", "BOR", "--linkedin", "")
    changed.ok("client", "apply", "-f", "-", stdin=applied)
    assert changed.client("BOR")["linkedin"] == "in/other"


def test_it_survives_a_merge_and_the_merge_is_taken_back(changed: Changed) -> None:
    where = ("--line1", "1 rue A", "--city", "Alma", "--postal-code", "G8B 1A1")
    changed.ok("client", "create", "Boréale inc.", "--code", "BO2", *where)
    changed.ok("contact", "create", "BO2", "--name", "Ève Côté")
    merged = changed.ok("client", "merge", "BOR", "BO2", "--confirm", "BOR", "--json")
    client = changed.client("BO2")
    assert client["linkedin"] == "in/boreale"
    assert "Evie" in [one["nickname"] for one in client["contacts"]]  # type: ignore[attr-defined]
    changed.ok("journal", "undo", str(merged.json["operation_id"]))
    assert changed.client("BO2")["linkedin"] is None


def test_what_is_personal_is_given_to_the_person_and_erased(changed: Changed) -> None:
    told = changed.ok("contact", "export-personal", "1", "--json").stdout
    assert "Evie" in told
    changed.ok("contact", "erase", "1", "--confirm", "1")
    assert "Evie" not in changed.ok("client", "show", "BOR", "--json").stdout
    assert "Evie" not in changed.ok("contact", "export-personal", "1", "--json").stdout
    assert changed.ok("client", "list", "--search", "evie", "-o", "codes").stdout == ""


def test_it_goes_to_targets(changed: Changed) -> None:
    (changed.folder / "made.toml").write_text(PROFILE, "utf-8")
    out = changed.folder / "out"
    out.mkdir()
    changed.ok("sync", "add", "books", "file", "--set", f"profile={changed.folder}/made.toml")
    changed.ok("sync", "export", "books", "--out", str(out))
    (file,) = out.glob("*.csv")
    assert file.read_bytes() == b"code,linkedin\r\nBOR,in/boreale\r\n"
    changed.ok("sync", "add", "crm", "hubspot")
    for target, fields in (("books", {"linkedin"}), ("crm", {"linkedin", "nickname"})):
        offered = changed.ok("sync", "fields", target, "--json").json
        assert fields <= {row["field"] for row in offered}


def test_the_recipe_is_that_of_the_guide(root: Path) -> None:
    guide = (root / "CONTRIBUTING.md").read_text("utf-8")
    shown = [
        re.sub(r"\s+", " ", block) for block in re.findall(r"```python\n(.*?)```", guide, re.S)
    ]
    for text in (CLIENT_ROW, CLIENT_ATTRIBUTE):
        assert any(re.sub(r"\s+", " ", text).strip() in block for block in shown), text


def test_without_its_migration_nothing_is_stored_in_silence(package: Path, tmp_path: Path) -> None:
    """A database made by the program as it is has no such column: it must be migrated first."""
    plain = tmp_path / "plain.db"
    subprocess.run(
        [sys.executable, "-m", "interop_cli", "--db", str(plain), "db", "init"], check=True
    )
    program = Changed(package, str(plain), tmp_path)
    refused = program("client", "list", "-o", "json")
    assert refused.code != 0
    assert json.loads(refused.stderr)["error"]["code"]
    program.ok("db", "migrate")
    assert program.ok("client", "list", "--json").json == []
