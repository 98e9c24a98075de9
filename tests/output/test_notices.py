"""Words on stderr: messages, warnings, errors as text and as JSON, progress."""

from __future__ import annotations

import contextlib
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from interop_cli.domain.errors import Busy, Conflict, Detail, InvalidData, NotFound, RemoteFailure
from interop_cli.domain.messages import msg
from interop_cli.output import Output, Style
from interop_cli.output.notices import Notices
from tests.output.terminals import Kept, on_terminal, terminal
from tests.output.test_sanitise import ATTACKS

FULL = Conflict(
    "client.code.duplicate",
    msg("The code {code} is taken.", code="ACME"),
    hint=msg("interop client show ACME"),
    details=[
        Detail("code", "unique", line=41),
        Detail("email", "email.format", msg("is not an e-mail"), key="ACME"),
        Detail("", "x"),
    ],
)


def error_of(error: Any, **options: Any) -> dict[str, Any]:
    kept = Kept("json", **options)
    kept.output.error(error)
    assert kept.out == ""
    assert kept.err.count("\n") == 1
    body = json.loads(kept.err)
    assert list(body) == ["error"]
    found: dict[str, Any] = body["error"]
    return found


def test_an_error_as_json() -> None:
    assert error_of(FULL) == {
        "schema_version": 1,
        "code": "client.code.duplicate",
        "exit_code": 5,
        "message": "The code ACME is taken.",
        "hint": "interop client show ACME",
        "retryable": False,
        "applied": False,
        "details": [
            {"path": "code", "code": "unique", "line": 41, "key": None, "message": None},
            {
                "path": "email",
                "code": "email.format",
                "line": None,
                "key": "ACME",
                "message": "is not an e-mail",
            },
            {"path": "", "code": "x", "line": None, "key": None, "message": None},
        ],
    }


def test_the_keys_of_an_error_are_always_there() -> None:
    short = error_of(NotFound("a.b", msg("No.")))
    assert list(short) == list(error_of(FULL))
    assert short["hint"] is None
    assert short["details"] == []


def test_an_error_says_whether_to_retry_and_what_was_done() -> None:
    assert error_of(Busy("a", msg("x")))["retryable"] is True
    assert error_of(RemoteFailure("a", msg("x"), applied=True))["applied"] is True


def test_data_of_an_error_that_json_has_a_form_for() -> None:
    error = NotFound(
        "a",
        msg("x"),
        references=[{"kind": "invoice", "count": 3}],
        path=Path("/secret"),
        nested={"a": object()},
        exit_code_of=None,
        fields=("a", "b"),
    )
    body = error_of(error)
    extra = {key: value for key, value in body.items() if key not in error_of(FULL)}
    assert extra == {
        "references": [{"kind": "invoice", "count": 3}],
        "exit_code_of": None,
        "fields": ["a", "b"],
    }


def test_data_cannot_replace_what_the_contract_says() -> None:
    error = NotFound("a", msg("x"))
    error.data = {"exit_code": 0, "message": "y", "schema_version": 9}
    assert error_of(error) == error_of(NotFound("a", msg("x")))


@pytest.mark.parametrize(
    ("format", "error_format", "as_json"),
    [
        ("table", None, False),
        ("csv", None, False),
        ("codes", None, False),
        ("json", None, True),
        ("ndjson", None, True),
        ("json", "text", False),
        ("table", "json", True),
    ],
)
def test_error_format(format: str, error_format: str | None, as_json: bool) -> None:
    kept = Kept(format, error_format=error_format)
    kept.output.error(FULL)
    assert kept.err.startswith('{"error":') is as_json


def test_an_error_as_text() -> None:
    kept = Kept()
    kept.output.error(FULL)
    assert kept.err.splitlines() == [
        "Error: The code ACME is taken.",
        "  line 41, code: unique",
        "  ACME, email: is not an e-mail",
        "  x",
        "Hint: interop client show ACME",
    ]


def test_of_many_details_the_first_are_shown_and_json_has_all() -> None:
    details = [Detail("a", "b", line=number) for number in range(2, 1002)]
    error = InvalidData("import", msg("Bad."), details=details)
    kept = Kept()
    kept.output.error(error)
    lines = kept.err.splitlines()
    assert len(lines) == 22
    assert lines[-1] == "  … and 980 more."
    assert len(error_of(error)["details"]) == 1000


def test_messages_within_messages_are_translated_too() -> None:
    kept = Kept()
    kept.output.error(NotFound("a", msg("{a} {b}", a=msg("one"), b=2)))
    assert kept.err == "Error: one 2\n"


def test_quiet_silences_all_but_errors() -> None:
    kept = Kept(quiet=True)
    kept.output.message("m")
    kept.output.warn("w")
    assert kept.err == ""
    kept.output.error(NotFound("a", msg("No.")))
    assert kept.err == "Error: No.\n"


def test_words() -> None:
    kept = Kept()
    kept.output.message("Été")
    kept.output.warn("careful")
    assert kept.err == "Été\nWarning: careful\n"


@pytest.mark.parametrize("format", ["table", "json"])
@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS.keys())
def test_no_raw_control_in_any_word(text: str, format: str) -> None:
    def say(output: Output) -> None:
        output.message(text)
        output.warn(text)
        output.error(
            NotFound(
                "a",
                msg("{t}", t=text),
                hint=msg("{t}", t=text),
                details=[Detail(text, text, msg("{t}", t=text), key=text)],
                extra=text,
            )
        )

    kept = Kept(format)
    say(kept.output)
    assert all(char == "\n" or char.isprintable() for char in kept.err)


@pytest.mark.parametrize("kind", ["none", "closed", "full"])
def test_a_stderr_that_fails_stops_nothing(kind: str) -> None:
    stream: Any = None
    if kind == "closed":
        stream = io.TextIOWrapper(io.BytesIO())
        stream.close()
    elif kind == "full":
        if not Path("/dev/full").exists():
            pytest.skip("no /dev/full here")
        stream = Path("/dev/full").open("w")  # noqa: SIM115
    notices = Notices(stream, Style(enabled=False), {})
    notices.message("m")
    notices.error(FULL)
    if kind == "full":
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
        stream.close()


# Progress


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def work(notices: Notices, clock: Clock, steps: int, each: float) -> None:
    with notices.progress(steps, "Importing") as advance:
        for _ in range(steps):
            clock.now += each
            advance(1)


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
class TestProgress:
    def shown(self, steps: int, each: float, **options: Any) -> str:
        clock = Clock()
        environ = options.pop("environ", {})
        with terminal() as (stream, shown):
            notices = Notices(stream, Style(enabled=False), environ, clock=clock, **options)
            work(notices, clock, steps, each)
            return shown()

    def test_nothing_in_the_first_second(self) -> None:
        assert self.shown(99, 0.01) == ""

    def test_at_most_ten_times_a_second_and_gone_at_the_end(self) -> None:
        text = self.shown(400, 0.01)
        assert 25 <= text.count("Importing") <= 31
        assert text.startswith("\rImporting: 100 / 400 (25 %)\x1b[K")
        assert text.endswith("\r\x1b[K")
        assert "\n" not in text

    def test_never_when_quiet_nor_on_a_dumb_terminal(self) -> None:
        assert self.shown(400, 0.01, quiet=True) == ""
        assert self.shown(400, 0.01, environ={"TERM": "dumb"}) == ""

    def test_a_message_takes_the_line_over(self) -> None:
        clock = Clock()
        with terminal() as (stream, shown):
            notices = Notices(stream, Style(enabled=False), {}, clock=clock)
            with notices.progress(None, "\x1b[2JWork") as advance:
                clock.now += 2
                advance(7)
                notices.message("note")
            assert shown() == "\r\\x1b[2JWork: 7\x1b[K\r\x1b[Knote\n"

    def test_it_goes_when_the_work_fails(self) -> None:
        clock = Clock()
        with terminal() as (stream, shown):
            notices = Notices(stream, Style(enabled=False), {}, clock=clock)
            with contextlib.suppress(ValueError), notices.progress(2, "Work") as advance:
                clock.now += 2
                advance(1)
                raise ValueError
            assert shown().endswith("\r\x1b[K")

    def test_through_output(self) -> None:
        def use(output: Output) -> None:
            with output.progress(3, "x") as advance:
                advance(1)

        assert on_terminal(use) == ("", "")


def test_no_progress_off_a_terminal() -> None:
    stream = io.StringIO()
    clock = Clock()
    work(Notices(stream, Style(enabled=False), {}, clock=clock), clock, 400, 0.01)
    assert stream.getvalue() == ""
