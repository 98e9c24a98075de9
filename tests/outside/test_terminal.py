"""What a terminal is shown: colours where they are wanted, and never what the data would order."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.support.outside import environment, finish, start
from tests.support.terminal import on_terminal
from tests.support.warm_process import WarmProcess

# Orders to a terminal: title, clipboard, link, clear, C1, bidi, overwriting, hiding, device query.
HOSTILE = (
    "\x1b]0;owned\x07",
    "\x1b]52;c;aGk=\x07",
    "\x1b]8;;http://x\x1b\\y\x1b]8;;\x1b\\",
    "\x1b[2J",
    "\x9b31m",
    "\x9d0;x\x9c",
    "\u202egnp\u2066\u2069",
    "a\rb\bc",
    "\u200bz\ufeff",
    "\x1b[6n",
    "\x1b[31m",
    "\x7f",
    "\u2028",
    "[link=http://x]y[/link]",
)
ALL = "".join(HOSTILE)
ORDERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
OURS = re.compile(r"\x1b\[(?:0|1|2|31|32|33|34|36)m|\r[^\r\n]*\x1b\[K")

COMMANDS: list[list[str]] = [
    *(
        ["client", "list", "--status", "all", "-o", form]
        for form in ("table", "json", "ndjson", "csv", "tsv", "codes")
    ),
    ["client", "list", "--all", "--fields", "code,name,email,website,line2,terms,tags"],
    *(["client", "show", "#1", "-o", form] for form in ("table", "json", "csv", "tsv")),
    ["client", "show", "#3"],
    ["client", "history", "#1"],
    ["client", "history", "#1", "-o", "csv"],
    ["client", "why-not", "#3"],
    ["client", "export"],
    ["client", "edit", "#1", "--terms", "net10"],
    ["client", "edit", "#1", "--external-id", ALL + "2"],
    ["client", "deactivate", "#3"],
    ["client", "delete", "#3", "--confirm", "#3"],
    ["address", "list", "#1"],
    ["address", "show", "8"],
    ["address", "route", "8"],
    ["address", "edit", "8", "--label", ALL],
    ["contact", "list", "#1"],
    ["note", "list", "#1"],
    ["journal", "list"],
    ["journal", "show", "1"],
    ["config", "list"],
    ["config", "get", "defaults.terms"],
    # What the person typed, or pasted, comes back in an error.
    ["client", "show", ALL],
    ["client", "recode", "#1", ALL, "--confirm", "#1"],
    ["client", "create", ALL, "--country", ALL],
    ["client", "list", "--fields", ALL],
    ["client", "list", "--filter", ALL],
    ["client", "list", "--filter", f"code={ALL}"],
    ["client", "list", "--sort", ALL],
    ["client", "import", ALL],
    ["client", "import", "hostile.csv"],
    ["client", "import", "hostile.csv", "--continue-on-error"],
    ["client", "import", "hostile.csv", "--map", f"{ALL}=name"],
    ["client", "deactivate", "#1", ALL, "-y"],
    ["client", "edit", "#1", "--accounting", ALL],
    ["config", "get", ALL],
    ["db", "backup", f"nowhere/{ALL}"],
    ["--db", ALL.replace("/", ""), "client", "list"],
    ["--db", f"postgresql://127.0.0.1:1/{ALL}", "client", "list"],
    ["schema", ALL],
    ["help", ALL],
    [ALL],
    ["client", ALL],
    ["client", "list", f"--{ALL}"],
    ["client", "list", "-o", ALL],
    ["completion", ALL],
]
SCRIPT = (
    "import json, os, sys\nfrom interop_cli.cli import main\n"
    "for args in json.load(open('commands.json')):\n"
    "    print('>>>', ascii(' '.join(args)), flush=True)\n"
    "    if os.fork():\n"
    "        os.wait()\n"
    "    else:\n"
    "        sys.exit(main(args))\n"
)


@pytest.fixture
def hostile_shop(shop: Path, tmp_path: Path) -> Path:
    """The shop after somebody wrote orders into every text, past our rules."""
    with closing(sqlite3.connect(shop)) as conn:
        for table, column in (
            ("client", "code"),
            ("client", "name"),
            ("client", "email"),
            ("client", "phone"),
            ("client", "website"),
            ("client", "terms"),
            ("client", "gst"),
            ("address", "line1"),
            ("address", "line2"),
            ("address", "city"),
            ("address", "label"),
            ("address", "postal_code"),
            ("address", "country"),
            ("address", "instructions"),
            ("client_code", "code"),
        ):
            conn.execute(f"UPDATE {table} SET {column} = ? || id", [ALL])
        conn.execute(
            "UPDATE client SET external_id = ? || id, tags = ?",
            [ALL, json.dumps([ALL], ensure_ascii=False)],
        )
        conn.execute(
            "UPDATE client SET accounting = ?", [json.dumps({ALL: ALL}, ensure_ascii=False)]
        )
        conn.execute("UPDATE client SET active = 0 WHERE id = 2")
        conn.execute(
            "INSERT INTO setting (name, value, created_at, updated_at)"
            " VALUES ('defaults.terms', ?, '', '')",
            [ALL],
        )
        conn.execute("DROP TRIGGER operation_no_UPDATE")
        conn.execute("UPDATE operation SET actor = ?, command = ?, name = ?", [ALL] * 3)
        conn.commit()
    header = f"code,name,{ALL},line1,city".replace("\r", "").replace("\x1b]8", "")
    (tmp_path / "hostile.csv").write_bytes(f"{header}\n{ALL},{ALL},x,{ALL},{ALL}\n".encode())
    return shop


def orders(text: str) -> list[str]:
    """What in ``text`` a terminal would obey, but for our own colours and progress."""
    return ORDERS.findall(OURS.sub("", text))


def test_orders_are_found() -> None:
    assert orders("\x1b[1mbold\x1b[0m\r12 %\x1b[K\nline\n") == []
    for text in HOSTILE[:-1]:
        assert text == "\x1b[31m" or orders(text), ascii(text)


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_nothing_from_data_orders_a_terminal(lang: str, hostile_shop: Path, tmp_path: Path) -> None:
    (tmp_path / "commands.json").write_text(json.dumps(COMMANDS))
    script = f"import os; os.chdir({str(tmp_path)!r})\n{SCRIPT}"
    env = {"INTEROP_LANG": lang, "INTEROP_COLOR": "never"}
    with on_terminal(script=script, env=env) as session:
        assert session.end() == 0
    parts = session.shown.split(">>> ")
    assert len(parts) == len(COMMANDS) + 1
    guilty = {part.splitlines()[0][:60]: orders(part) for part in parts if orders(part)}
    assert not guilty
    assert "\\x1b" in session.shown
    assert "Traceback" not in session.shown


def test_data_in_red_is_not_ours(hostile_shop: Path, tmp_path: Path) -> None:
    """With colours on, no colour code comes from the data: each one we open, we close."""
    for args in (["client", "list", "--all"], ["client", "show", "#1"], ["client", "show", "#2"]):
        with on_terminal(*args, "--color", "always") as session:
            assert session.end() == 0
        codes = re.findall(r"\x1b\[(\d+)m", session.shown)
        assert codes
        assert codes[1::2] == ["0"] * (len(codes) // 2)
        assert "31" not in codes
        assert orders(session.shown) == []


def test_words_are_safe_off_a_terminal_too(hostile_shop: Path) -> None:
    """An error that a log keeps is read on a terminal one day."""
    for args in (["client", "show", ALL], ["client", "list", "--fields", ALL], [ALL]):
        for form in ("text", "json"):
            code, out, err = finish(start(*args, "--error-format", form))
            assert (code in (2, 3), out) == (True, "")
            assert orders(err) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(("line", "offers"), [("client show ", False), ("address edit ", True)])
def test_completion_offers_no_orders(
    line: str, offers: bool, shell: str, hostile_shop: Path
) -> None:
    env = environment(_INTEROP_COMPLETE=f"{shell}_complete", COMP_LINE=f"interop {line}")
    code, out, err = finish(start(env=env))
    assert (code in (0, 1), err) == (True, "")
    assert bool(out.strip()) is offers
    assert orders(out.replace("\t", "")) == []


def test_a_database_that_cannot_be_read_completes_to_nothing(shop: Path) -> None:
    shop.write_bytes(b"not a database" * 100)
    env = environment(_INTEROP_COMPLETE="bash_complete", COMP_LINE="interop client show ")
    code, out, err = finish(start(env=env))
    assert (code in (0, 1), out.strip(), err) == (True, "", "")


@pytest.mark.parametrize(
    ("args", "env", "coloured"),
    [
        ((), {}, True),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"NO_COLOR": ""}, True),
        ((), {"TERM": "dumb"}, False),
        ((), {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        ((), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "always"), {"TERM": "dumb"}, True),
        (("--color", "auto"), {"NO_COLOR": "1"}, False),
    ],
)
def test_colours(args: tuple[str, ...], env: dict[str, str], coloured: bool, shop: Path) -> None:
    with on_terminal("client", "list", "--all", *args, env=env) as session:
        assert session.end() == 0
    assert ("\x1b[2m" in session.shown) is coloured
    code, out, err = finish(start("client", "list", "--all", *args, env=environment(**env)))
    assert (code, err) == (0, "")
    assert ("\x1b[2m" in out) is (
        args == ("--color", "always") or ("FORCE_COLOR" in env and coloured)
    )


def test_an_error_is_red_on_a_terminal_and_plain_in_json(shop: Path) -> None:
    with on_terminal("client", "show", "NOPE") as session:
        assert session.end() == 3
    assert "\x1b[31m" in session.shown
    with on_terminal("client", "show", "NOPE", "--json") as session:
        assert session.end() == 3
    assert json.loads(session.shown)["error"]["code"] == "client.not_found"


# The program, but that it shows progress from the start on and not after a second.
AT_ONCE = """
from interop_cli.output import notices
notices.PROGRESS_AFTER = 0
from interop_cli.__main__ import main
main()
"""


def test_progress_is_shown_to_a_person_only(shop: Path, tmp_path: Path) -> None:
    rows = "".join(f"P-{n},Client {n},1 rue A,Québec,G1K 4A1\n" for n in range(1200))
    (tmp_path / "big.csv").write_text(f"code,name,line1,city,postal_code\n{rows}", "utf-8")
    with on_terminal("client", "import", tmp_path / "big.csv", script=AT_ONCE) as session:
        assert session.end() == 0
    assert "%)" in session.shown
    assert session.shown.count("\x1b[K") >= 1
    with on_terminal("client", "import", tmp_path / "big.csv", "-q", script=AT_ONCE) as session:
        assert (session.end(), session.shown) == (0, "")
    words = ["client", "import", str(tmp_path / "big.csv")]
    code, _out, err = finish(WarmProcess(words, program=AT_ONCE, stdout=PIPE, stderr=PIPE))
    assert code == 0
    assert "%)" not in err
