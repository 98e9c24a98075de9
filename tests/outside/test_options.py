"""What holds for every command: where options stand, what a dry run and a quiet run leave."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from tests.outside.cases import CREATE
from tests.support.cli import Result, Run
from tests.support.outside import content

# Each of them changes something in the shop.
WRITES: tuple[tuple[str, ...], ...] = (
    CREATE,
    (*CREATE, "--code", "NEUVE", "--tag", "a", "--phone", "418 555-0134"),
    ("client", "edit", "ACME", "--terms", "net45", "--city", "Lévis"),
    ("client", "edit", "--all", "--terms", "net45", "-y"),
    ("client", "activate", "SLEEPY"),
    ("client", "deactivate", "ACME", "BETA", "SLEEPY", "-y"),
    ("client", "deactivate", "PAYER", "--reassign", "ACME"),
    ("client", "deactivate", "ACME", "NOPE", "-y", "--continue-on-error"),
    ("client", "promote", "MAYBE"),
    ("client", "recode", "NEW", "NEWER", "--confirm", "NEW"),
    ("client", "delete", "NEW", "--confirm", "NEW"),
    ("client", "import", "input.csv"),
    ("client", "import", "input.csv", "--key", "external_id"),
    ("client", "apply", "-f", "input.ndjson"),
    (
        "address",
        "create",
        "ACME",
        "--line1",
        "9, rue B",
        "--city",
        "Alma",
        "--province",
        "QC",
        "--postal-code",
        "G8B 1A1",
        "--main",
    ),
    ("address", "edit", "8", "--instructions", "Quai 3"),
    ("address", "main", "8"),
    ("address", "delete", "8", "-y"),
    ("config", "set", "defaults.terms", "net10"),
    ("journal", "undo", "2"),
)
READS: tuple[tuple[str, ...], ...] = (
    ("client", "list"),
    ("client", "list", "--status", "all", "--search", "qui paie"),
    ("client", "list", "--filter", "tag = vip"),
    ("client", "show", "ACME"),
    ("client", "show", "OLD"),
    ("client", "history", "NEW"),
    ("client", "why-not", "PAYER"),
    ("client", "export"),
    ("address", "list", "ACME"),
    ("address", "show", "8"),
    ("address", "route", "8"),
    ("address", "why-not", "1"),
    ("journal", "list"),
    ("journal", "show", "1"),
    ("journal", "verify"),
    ("config", "get", "defaults.country"),
    ("db", "info"),
    ("schema",),
    ("schema", "client"),
    ("schema", "error"),
    ("schema", "commands"),
)
INPUT_CSV = "code,name,line1,city,postal_code,external_id\n" + "".join(
    f"{code},{code} inc.,1 rue A,Québec,G1K 4A1,{external_id}\n"
    for code, external_id in (("ACME", "X-1"), ("BETA", "X-2"), ("N-1", "X-3"))
)
INPUT_NDJSON = '{"code":"ACME","terms":"net10"}\n{"code":"BETA","name":"Bêta ltée"}\n'


def _name(args: tuple[str, ...]) -> str:
    return " ".join(args)[:50]


@pytest.fixture
def inputs(tmp_path: Path) -> None:
    """The files that some of the writes read."""
    (tmp_path / "input.csv").write_text(INPUT_CSV, "utf-8")
    (tmp_path / "input.ndjson").write_text(INPUT_NDJSON, "utf-8")


def _comparable(result: Result, created: bool) -> tuple[int, Any, str]:
    answer = result.json
    assert answer.pop("dry_run") in (True, False)
    answer.pop("operation_id")
    for item in answer["items"]:
        # A server does not take back the ids that it gave in a transaction rolled back.
        if created and item.get("action") == "created":
            item.pop("id")
    return result.code, answer, result.stderr


@pytest.mark.parametrize("args", WRITES, ids=_name)
def test_a_dry_run_says_what_would_happen_and_writes_nothing(
    args: tuple[str, ...], shop_url: str, inputs: None, invoke: Run
) -> None:
    before = content(shop_url)
    dry = invoke(*args, "--json", "--dry-run")
    assert content(shop_url) == before
    real = invoke(*args, "--json")
    assert dry.json["dry_run"] is True
    assert (real.json["dry_run"], dry.json["operation_id"]) == (False, None)
    assert real.json["operation_id"] is not None
    server = shop_url.startswith("postgresql")
    assert _comparable(dry, server) == _comparable(real, server)
    assert content(shop_url) != before


@pytest.mark.parametrize("args", WRITES, ids=_name)
def test_a_quiet_success_prints_nothing(
    args: tuple[str, ...], shop: Path, inputs: None, invoke: Run
) -> None:
    result = invoke(*args, "--quiet")
    assert result.stdout == ""
    assert result.code in (0, 68)
    assert bool(result.stderr) == (result.code == 68)  # a failure is told
    again = invoke("-q", *args, "--dry-run", "--json")
    assert again.stdout == ""


@pytest.mark.parametrize(
    "args",
    [
        ("db", "init", "--db", "other.db"),
        ("db", "seed", "--clients", "3"),
        ("db", "backup", "copy.db"),
        ("db", "migrate"),
        ("config", "set", "lang", "fr"),
        ("config", "unset", "lang"),
        ("client", "import", "input.csv", "--results", "results.ndjson", "--rejects", "r.csv"),
    ],
    ids=_name,
)
def test_keeping_house_quietly_prints_nothing_and_dry_writes_nothing(
    args: tuple[str, ...], shop: Path, inputs: None, invoke: Run, tmp_path: Path
) -> None:
    def all_files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    before, files = content(str(shop)), all_files()
    assert invoke(*args, "--dry-run", "-q") == (0, "", "")
    assert content(str(shop)) == before
    kept = {"results.ndjson"}  # what would become of each row is what a dry run is for
    after = {path: data for path, data in all_files().items() if path.name not in kept}
    assert {p for p in after if p != shop} == {p for p in files if p != shop}
    assert invoke(*args, "-q") == (0, "", "")


@pytest.mark.parametrize(
    "options",
    [
        ("--json",),
        ("-o", "csv"),
        ("--output=ndjson",),
        ("--fields", "code,city"),
        ("--lang", "fr", "-o", "table"),
        ("--color", "always"),
        ("-q",),
        ("--lock-timeout", "1"),
        ("--dialect", "excel-fr", "-o", "csv"),
    ],
    ids=_name,
)
def test_global_options_stand_before_and_after(
    options: tuple[str, ...], shop: Path, invoke: Run
) -> None:
    listed = ("list", "--status", "all")
    plain = invoke("client", *listed)
    answers = [
        invoke(*options, "client", *listed),
        invoke("client", *options, *listed),
        invoke("client", *listed, *options),
    ]
    assert answers == [answers[0]] * 3
    assert answers[0].code == 0
    if options[0] not in ("-q", "--lock-timeout"):
        assert answers[0].stdout != plain.stdout


def test_what_was_typed_last_stands(shop: Path, invoke: Run) -> None:
    csv = invoke("client", "list", "-o", "csv").stdout
    assert invoke("-o", "ndjson", "client", "list", "-o", "csv").stdout == csv
    assert invoke("-o", "ndjson", "client", "-o", "json", "list", "-o", "csv").stdout == csv


@pytest.mark.parametrize("place", [0, 1, 2])
def test_dry_run_holds_wherever_it_stands(place: int, shop_url: str, invoke: Run) -> None:
    words = ["client", "deactivate", "ACME"]
    words.insert(place, "-n")
    before = content(shop_url)
    assert invoke(*words, "--json").json["dry_run"] is True
    assert content(shop_url) == before


def test_options_win_over_the_environment(shop: Path, invoke: Run) -> None:
    env = {"INTEROP_OUTPUT": "csv", "INTEROP_LANG": "fr", "INTEROP_DB": "nowhere.db"}
    assert invoke("client", "list", env=env).code == 3
    listed = invoke("client", "list", "-o", "codes", "--db", shop, env=env)
    assert listed.stdout.splitlines() == ["ACME", "BETA", "MAYBE", "NEW", "PAID", "PAYER"]
    assert "Erreur" in invoke("client", "list", env=env | {"INTEROP_OUTPUT": "table"}).stderr
    assert "Error" in invoke("client", "list", "--lang", "en", env=env).stderr


LOCALES: tuple[dict[str, str], ...] = (
    {},
    {"LC_ALL": "", "LANG": "C"},
    {"LC_ALL": "", "LANG": "fr_CA.UTF-8"},
    {"LC_ALL": "en_CA.UTF-8"},
    {"INTEROP_LANG": "fr"},
    {"INTEROP_LANG": "en"},
)


@pytest.mark.parametrize("args", READS, ids=_name)
def test_data_is_the_same_in_every_language(
    args: tuple[str, ...], shop_url: str, invoke: Run
) -> None:
    formats = ("json", "ndjson", "csv", "tsv", "codes")
    for form in formats if args[0] != "schema" else ("json",):
        answers = {invoke(*args, "-o", form, env=env)[:2] for env in LOCALES}
        assert len(answers) == 1, form
        code, text = answers.pop()
        assert code == 0
        assert "\x1b" not in text
        if form == "json" and args != ("schema",):
            json.loads(text)


def test_data_is_utf8_in_every_locale(shop: Path, run: Run) -> None:
    args = ("client", "list", "--status", "all")
    for form in ("json", "csv", "table"):
        answers = {
            run(*args, "-o", form, "--lang", "fr", env=env)
            for env in ({"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}, {"PYTHONIOENCODING": "latin-1"})
        }
        assert len(answers) == 1
        assert "Acmé inc." in answers.pop().stdout


def test_the_format_never_depends_on_the_reader(shop: Path, run: Run, tmp_path: Path) -> None:
    run("client", "list", "--out", tmp_path / "list.txt")
    assert (tmp_path / "list.txt").read_text("utf-8") == run("client", "list").stdout


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        (("client", "lst"), "interop client list"),
        (("cleint", "list"), "interop client list"),
        (("client", "list", "--sttus", "all"), "--status active|inactive|all"),
        (("client", "list", "--fields", "cod"), "code"),
        (("client", "list", "--filter", "contry=CA"), "country"),
        (("client", "list", "--sort", "nam"), "name"),
        (("client", "deactivate", "--filter", "cty=x", "-y"), "city"),
        (("config", "get", "defaults.contry"), "defaults.country"),
        (("client", "show", "ACME", "--fields", "addreses"), "addresses"),
    ],
    ids=lambda value: _name(value) if isinstance(value, tuple) else value,
)
def test_a_slip_of_the_finger_gets_the_nearest_name(
    typed: tuple[str, ...], nearest: str, shop: Path, invoke: Run
) -> None:
    for lang, options in itertools.product(("fr", "en"), ((), ("--error-format", "json"))):
        result = invoke(*typed, "--lang", lang, *options)
        assert result.code in (2, 78)
        assert nearest in result.stderr
