"""Agreement: asked on a terminal, passed as an option elsewhere, never taken from a pipe."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.outside.conftest import furnish
from tests.support.cli import Run
from tests.support.engines import MadeOnce
from tests.support.outside import content, finish, start
from tests.support.terminal import on_terminal
from tests.support.warm import warm_command

MODERATE = (
    ("client", "deactivate", "ACME", "BETA"),
    ("client", "activate", "--all"),
    ("client", "promote", "@codes.txt"),
    ("client", "edit", "--filter", "city=Québec", "--terms", "x"),
    ("address", "delete", "8"),
    ("journal", "undo", "last"),
)
SEVERE = (
    ("client", "delete", "NEW"),
    ("client", "delete", "NEW", "BETA"),
    ("client", "delete", "--all"),
    ("client", "recode", "NEW", "NEWER"),
    ("db", "restore", "copy.db"),
)


@pytest.mark.parametrize("args", MODERATE + SEVERE, ids=" ".join)
@pytest.mark.parametrize("answer", [b"y\n" * 10, b"yes\noui\n", b"NEW\n2\ninterop.db\n"])
def test_a_pipe_cannot_agree(
    args: tuple[str, ...], answer: bytes, shop: Path, invoke: Run, tmp_path: Path
) -> None:
    (tmp_path / "codes.txt").write_text("MAYBE\n")
    before = content(str(shop))
    result = invoke(*args, stdin=answer)
    assert (result.code, result.stdout) == (2, "")
    flag = "--yes" if args in MODERATE else "--confirm"
    assert flag in result.stderr
    assert content(str(shop)) == before


@pytest.mark.parametrize("args", SEVERE, ids=" ".join)
def test_yes_is_not_enough_for_what_is_severe(
    args: tuple[str, ...], shop: Path, invoke: Run
) -> None:
    before = content(str(shop))
    assert invoke(*args, "--yes", stdin="y\n").code == 2
    assert content(str(shop)) == before


@pytest.mark.parametrize(
    "args",
    [
        ("client", "deactivate", "-"),
        ("client", "edit", "-", "--terms", "x"),
        ("client", "delete", "-"),
        ("client", "promote", "--only-failed-from", "-"),
    ],
    ids=" ".join,
)
def test_agreement_is_asked_for_before_the_input_is_read(args: tuple[str, ...], shop: Path) -> None:
    """The codes are still in the pipe when the command has ended."""
    reader, writer = os.pipe()
    os.write(writer, b"ACME\nBETA\n")
    process = start(*args, stdin=reader)  # the pipe stays open: who reads it to the end, waits
    code, out, err = finish(process)
    os.close(writer)
    assert (code, out) == (2, "")
    assert "Hint" in err
    with os.fdopen(reader, "rb") as rest:
        assert rest.read() == b"ACME\nBETA\n"


def test_yes_piped_into_it_changes_nothing(shop: Path) -> None:
    before = content(str(shop))
    command = shlex.join(warm_command())
    done = subprocess.run(
        [
            "sh",
            "-c",
            f"yes | {command} client delete NEW; yes o | {command} client edit --all"
            " --terms x; echo y | " + command + " address delete 8",
        ],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert content(str(shop)) == before


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("y\n", 0),
        ("Yes\n", 0),
        ("o\n", 0),
        ("OUI\n", 0),
        ("n\n", 6),
        ("\n", 6),
        ("yy\n", 6),
        ("\x04", 6),
        ("\x03", 130),
    ],
)
def test_a_person_is_asked_once(answer: str, code: int, shop: Path) -> None:
    before = content(str(shop))
    with on_terminal("client", "deactivate", "ACME", "BETA") as session:
        session.expect("[y/N] ")
        session.type(answer)
        assert session.end() == code
    assert (content(str(shop)) == before) is (code != 0)
    assert "Traceback" not in session.shown
    if code:
        assert "othing was changed" in session.shown


def test_the_question_is_in_french(shop: Path) -> None:
    with on_terminal("client", "deactivate", "ACME", "BETA", "--lang", "fr") as session:
        session.expect("[o/N] ")
        session.type("o\n")
        assert session.end() == 0


@pytest.mark.parametrize(
    ("typed", "code"), [("NEW\n", 0), ("new\n", 6), ("y\n", 6), ("\n", 6), ("\x04", 6)]
)
def test_what_is_severe_is_typed(typed: str, code: int, shop: Path) -> None:
    before = content(str(shop))
    with on_terminal("client", "delete", "NEW") as session:
        session.expect("NEW")
        session.type(typed)
        assert session.end() == code
    assert (content(str(shop)) == before) is (code != 0)


@pytest.mark.parametrize(
    ("args", "env"), [(("--no-input",), {}), ((), {"CI": "true"}), ((), {"INTEROP_NO_INPUT": "1"})]
)
def test_a_terminal_asks_nothing_where_that_is_forbidden(
    args: tuple[str, ...], env: dict[str, str], shop: Path
) -> None:
    before = content(str(shop))
    with on_terminal("client", "delete", "NEW", *args, env=env) as session:
        assert session.end() == 2
    assert "--confirm NEW" in session.shown
    assert content(str(shop)) == before


def test_an_automaton_that_says_it_is_none_asks(shop: Path) -> None:
    with on_terminal("client", "delete", "NEW", env={"CI": "false"}) as session:
        session.expect("NEW")
        session.type("\n")
        assert session.end() == 6


def test_a_dash_on_a_terminal_does_not_wait(shop: Path) -> None:
    with on_terminal("client", "deactivate", "-", "--yes") as session:
        assert session.end() == 2
    assert "Nothing was piped" in session.shown


def test_a_piped_list_is_not_asked_about_on_the_terminal(shop: Path) -> None:
    """Stdin holds the codes: the terminal of stderr is no reason to ask there."""
    reader, writer = os.pipe()
    os.write(writer, b"ACME\n")
    os.close(writer)
    with on_terminal("client", "deactivate", "-", stdin=reader) as session:
        assert session.end() == 2
    os.close(reader)


def test_mild_changes_need_no_agreement(shop: Path, invoke: Run) -> None:
    for args in (("deactivate", "ACME"), ("activate", "ACME"), ("edit", "ACME", "--terms", "x")):
        assert invoke("client", *args).code == 0


def test_a_dry_run_needs_no_agreement(shop: Path, invoke: Run, tmp_path: Path) -> None:
    (tmp_path / "codes.txt").write_text("MAYBE\n")
    assert invoke("db", "backup", "copy.db").code == 0
    before = content(str(shop))
    for args in MODERATE + SEVERE:
        assert invoke(*args, "--dry-run").code == 0
    assert content(str(shop)) == before


# What is agreed to


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        (
            ("client", "deactivate", "ACME", "BETA", "SLEEPY"),
            [
                "ACME  Acmé inc.",
                "BETA  Bêta ltée",
                "along with 2 contacts",
                "Deactivate 2 clients?",
            ],
        ),
        (("client", "activate", "--all"), ["SLEEPY  Au repos", "Activate 1 client?"]),
        (
            ("client", "edit", "--all", "--terms", "x"),
            ["ACME  Acmé inc.", "BETA  Bêta ltée", "… and 2 more", "Change 7 clients?"],
        ),
        (("client", "promote", "@codes.txt"), ["MAYBE  Peut-être", "Promote 1 prospect?"]),
        (("contact", "deactivate", "1", "2"), ["#1  Jo, Chef  (ACME)", "Deactivate 2 contacts?"]),
        (("contact", "delete", "1"), ["#1  Jo, Chef  (ACME)", "Delete 1 contact?"]),
        (
            ("address", "delete", "8"),
            ["#8  Entrepôt  5, rue du Port, Québec  (ACME)", "Delete 1 address?"],
        ),
        (("journal", "undo", "last"), ["interop sync add", "1 change", "Undo operation "]),
        (("note", "delete", "1"), ["#1  ventes  Rappeler  (ACME)", "Delete 1 note?"]),
        (("client", "delete", "NEW"), ["NEW  Nouveau nom", "Type NEW to confirm"]),
        (
            ("client", "delete", "--filter", "code in (NEW, SLEEPY)"),
            ["NEW  Nouveau nom", "SLEEPY  Au repos", "Type 2 to confirm"],
        ),
        (
            ("client", "recode", "ACME", "ACME-QC"),
            ["ACME  Acmé inc.", "→ ACME-QC", "Type ACME to confirm"],
        ),
        (
            ("client", "merge", "ACME", "BETA"),
            ["BETA into ACME", "What is combined", "Type ACME to confirm"],
        ),
        (
            ("contact", "erase", "1"),
            ["#1  Jo, Chef  (ACME)", "Contacts: 1", "Journal: 1", "Type 1 to confirm"],
        ),
        (
            ("sync", "remove", "crm"),
            ["crm (hubspot)", "0 records would not be known", "Type crm to confirm"],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_person_is_shown_what_it_is_about(
    args: tuple[str, ...], shown: list[str], furnished: str
) -> None:
    before = content(furnished)
    with on_terminal(*args) as session:
        session.expect(shown[-1])
        session.type("n\n")
        assert session.end() == 6
    for words in shown:
        assert words in session.shown
    assert content(furnished) == before


def test_a_restore_says_what_comes_and_what_goes(
    shop: Path, invoke: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.parent)
    assert invoke("db", "backup", "monday.db", "-q").code == 0
    assert invoke("client", "delete", "NEW", "--confirm", "NEW").code == 0
    before = content(str(shop))
    with on_terminal("db", "restore", "monday.db") as session:
        session.expect("Type interop.db to confirm")
        session.type("n\n")
        assert session.end() == 6
    count = len(before["client"])
    assert f"monday.db: {count + 1} clients, " in session.shown
    assert f"interop.db: {count} clients, " in session.shown
    assert content(str(shop)) == before


@pytest.fixture
def furnished(
    made_once: MadeOnce, invoke: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The shop on each engine, with two contacts and a note at ACME."""

    def fill(url: str) -> None:
        furnish(url)
        for args in (
            ("contact", "create", "ACME", "--name", "Jo", "--title", "Chef"),
            ("contact", "create", "ACME", "--name", "Lou"),
            ("note", "create", "ACME", "--category", "ventes", "--text", "Rappeler"),
            ("sync", "add", "crm", "hubspot"),
        ):
            assert invoke("--db", url, *args, "-q").code == 0

    url = made_once("shop with people", fill)
    monkeypatch.setenv("INTEROP_DB", url)
    (tmp_path / "codes.txt").write_text("MAYBE\n")
    monkeypatch.chdir(tmp_path)
    return url


def test_what_is_refused_is_refused_before_anybody_agrees(furnished: str) -> None:
    for args in (
        ("deactivate", "PAYER", "ACME"),
        ("delete", "PAYER"),
        ("edit", "@nowhere", "--terms", "x"),
        ("merge", "ACME", "ACME"),
        ("recode", "ACME", "BETA"),
    ):
        with on_terminal("client", *args) as session:
            assert session.end() in (5, 74)
        assert "y/N" not in session.shown
        assert "Type " not in session.shown
        assert "confirm:" not in session.shown


def test_nothing_to_change_is_not_asked_about(furnished: str) -> None:
    with on_terminal("client", "activate", "ACME", "BETA") as session:
        assert session.end() == 0
    assert "y/N" not in session.shown


def test_another_number_than_was_shown_is_refused(furnished: str, invoke: Run) -> None:
    with on_terminal("client", "edit", "--filter", "active = true", "--terms", "x") as session:
        session.expect("[y/N] ")
        assert invoke("client", "deactivate", "BETA", "-q").code == 0
        session.type("y\n")
        assert session.end() == 5
    assert "nothing was changed" in session.shown
