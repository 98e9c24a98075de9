"""First guesses: what is not understood leads to what was meant, and never to something else."""

from __future__ import annotations

import re

import click
import pytest

from interop_cli.shell import guesses
from scripts.commandtree import commands
from tests.support.cli import Run

PLACE = ("--line1", "1 rue X", "--city", "Québec", "--postal-code", "G1K 7X2")
MEANT = "Did you mean: "


def guessed(invoke: Run, line: str) -> str:
    done = invoke(*line.split(), "--error-format", "json")
    assert (done.code, done.error["code"]) == (2, "usage")
    return str(done.error["hint"]).removeprefix(MEANT)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("client add X", "interop client create NAME"),
        ("client new X", "interop client create NAME"),
        ("client update ACME", "interop client edit"),
        ("client rename ACME", "interop client edit, interop client recode CODE NEW_CODE"),
        ("client remove ACME", "interop client delete"),
        ("client rm ACME", "interop client delete"),
        ("client ls", "interop client list"),
        ("client get ACME", "interop client show CODE"),
        ("client find bor", "interop client list --search TEXT"),
        ("client search bor", "interop client list --search TEXT"),
        ("client count", "interop client list -o codes | wc -l"),
        ("client Ajouter X", "interop client create NAME"),
        ("client lst", "interop client list"),
        ("list clients", "interop client list"),
        ("customers list", "interop client list"),
        ("invoice create ACME", "interop sales invoice create CODE"),
        ("sales invoice list", "interop sales document list"),
        ("sync list", "interop sync targets"),
        ("sync show", "interop sync status"),
        ("client contacts ACME", "interop contact list"),
        ("client invoices ACME", "interop sales invoice"),
        ("customers", "interop client list"),
        ("sync run", "interop sync push"),
        ("sync disconnect x", "interop sync remove NAME"),
        ("db upgrade", "interop db migrate"),
        ("db delete", "See: interop db --help"),
        ("config show", "interop config get NAME"),
        (
            "sales document create ACME",
            "interop sales document add CODE, interop sales invoice create CODE",
        ),
        (
            "sales document pdf F-1",
            "interop sales document print, interop sales document show NUMBER|#ID",
        ),
        ("version", "interop --version"),
        ("sync find", "See: interop sync --help"),
        ("undo", "interop journal undo OPERATION|last"),
        ("xyzzy", "See: interop --help"),
    ],
)
def test_a_verb_of_others_names_ours(line: str, meant: str, invoke: Run) -> None:
    assert guessed(invoke, line) == meant


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("client list --province Québec", '--filter "province = QC"'),
        ("client list --inactive", "--status inactive"),
        ("client list --csv", "-o csv"),
        ("client list --year 2025", '--filter "sales.2025 > 0"'),
        ("sales document list --year 2025", '--filter "date >= 2025-01-01 and date <= 2025-12-31"'),
        ("client list --zip G1K", '--filter "postal_code = TEXT"'),
        ("client list --email eve@boreal.example", '--filter "email = TEXT"'),
        ("contact list --billing", '--filter "billing = true"'),
        ("contact list --client ACME", "interop contact list CODE"),
        ("client list --max 3", "--limit N"),
        ("client list --serch bor", "--search TEXT"),
        ("client create X --courriel a@b.example", "--email TEXT"),
        ("client show ACME --filter x", "interop client list --filter EXPR, interop client export"),
        ("client show ACME --all", "interop client list --all, interop client export --all"),
        ("client list --count", "-o codes | wc -l"),
        ("client list --since 2025-01-01", "See: interop client list --help"),
        ("contact show --client A", "See: interop contact show --help"),
        ("client delete ACME -f", "See: interop client delete --help"),
        ("sales totals --client ACME", "interop sales totals CODE…"),
        ("sales report --by-year", "--by year"),
        ("sales document list --from 2025-01-01", "--since YYYY-MM-DD"),
        ("sales label 5012 --boxes 3", "--copies N"),
        ("journal undo --last", "interop journal undo OPERATION|last"),
        ("note create ACME --message x", "--text TEXT|-"),
        ("address create ACME --default", "--main"),
        ("--status all client list", "interop client list --status active|inactive|all"),
        ("client list ACME", "interop client show CODE, interop client list --search TEXT"),
        ("client create Jean Tremblay", "Words that belong together go in quotes."),
        ("client list --nope", "See: interop client list --help"),
        ("client list --prospct=1", "See: interop client list --help"),
        ("client list --status", "See: interop client list --help"),
    ],
)
def test_an_option_of_others_names_ours(line: str, meant: str, invoke: Run) -> None:
    assert guessed(invoke, line).startswith(meant)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("client edit ACME --uid x", "The field uid cannot be filled in here."),
        ("client create X --created-at 2025-01-01", "The field created_at cannot be filled in"),
        ("contact edit 1 --client ACME", "The field client cannot be filled in here."),
        ("sales invoice create ACME --total 5", "The field total cannot be filled in here."),
        ("client edit ACME --active", "interop client activate, interop client deactivate"),
        ("client edit ACME --inactive", "interop client activate, interop client deactivate"),
        ("client edit ACME --logo x.png", "interop client logo"),
        ("client edit ACME --tags vip", "--tag TEXT"),
        ("client edit ACME --version 3", "--if-version N"),
        ("note create ACME --attachments x.pdf", "--attach FILE"),
        ("note edit 1 --attachments x.pdf", "interop note attach ID FILE…, interop note detach ID"),
        ("sync add books --currency CAD", "See: interop sync add --help"),
    ],
)
def test_a_field_that_has_no_option_leads_to_what_fills_it_in(
    line: str, meant: str, invoke: Run
) -> None:
    """Never to a filter: one who makes or edits a record does not look for one."""
    assert guessed(invoke, line).startswith(meant)


def test_what_was_typed_is_not_repeated_where_it_may_name_a_person(invoke: Run) -> None:
    for line in ("client list --email eve@x.example", "client create Jean Tremblay"):
        done = invoke(*line.split())
        assert not {"eve", "Tremblay"} & {*re.split(r"\W+", done.stderr)}


def test_what_is_guessed_exists() -> None:
    contexts = [*commands()]
    names = {context.info_name for context in contexts}
    flags = {flag for one in contexts for param in one.command.params for flag in param.opts}
    assert guesses.COMMANDS.keys() <= names
    assert {f"--{name}" for name in guesses.OPTIONS} <= flags


def test_no_word_of_another_command_is_suggested_for_an_option() -> None:
    """Each flag that is named is one of the command's, for whatever was typed."""
    for context in commands():
        known = {flag for param in context.command.params for flag in param.opts}
        for word in ("csv", "vcard", "yse", "name", "province", "inactive", "date", "all", "type"):
            if f"--{word}" in known:
                continue
            error = click.NoSuchOption(f"--{word}", ctx=context)
            found = guesses.hint(error, ["interop", f"--{word}", "x"])
            for guess in str(found.params["guesses"]).split(", ") if found else []:
                flag = next((one for one in guess.split() if one.startswith("-")), "")
                assert guess.startswith("interop ") or flag in known, (context.command_path, guess)


def test_help_marks_what_a_new_record_cannot_be_without(
    ready_url: str, invoke: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What help marks as required is refused when it is lacking; with it alone, it is made."""
    monkeypatch.setenv("INTEROP_DB", ready_url)
    assert invoke("client", "create", "Acme", "--code", "ACME", *PLACE).code == 0
    values = {"--line1": "1 rue Y", "--city": "Alma", "--name": "Jo", "--text": "Bonjour"}
    also = ("--postal-code", "G8B 1A1")  # which Canada has
    for group, name in (("client", "Bêta"), ("address", "ACME"), ("contact", "ACME")):
        shown = invoke(group, "create", "--help").stdout
        marked = [flag for flag in values if re.search(rf"{flag} [^-]*\[required", shown)]
        assert marked, group
        given = {flag: values[flag] for flag in marked}
        more = also if "--line1" in marked else ()
        for left in marked:
            args = [word for pair in given.items() if pair[0] != left for word in pair]
            done = invoke(group, "create", name, *args, *more)
            assert done.code in (2, 65), (group, left)
        args = [word for pair in given.items() for word in pair]
        assert invoke(group, "create", name, *args, *more).code == 0, group
