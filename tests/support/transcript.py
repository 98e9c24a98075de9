r"""Transcripts: what was typed and what was answered, as a text file a person can read.

::

    # A comment. `# engines: sqlite postgres` runs the file on both (alone: sqlite, in the file
    # interop.db); `# needs: shared` gives $SHARED, and skips the file where that data is absent;
    # `# start: cold` starts an interpreter for each command (others are forked, support/warm.py).

    $ interop client list
    CODE   NAME
    ACME   Acme inc.
    ...

    $ interop client show NOPE
    No client has the code NOPE.
    ? 3

``on 80 interop …`` runs a command on a terminal of so many columns. ``$`` starts a command for the
shell, ``>`` lines continue it. What follows is what it wrote, both
streams in the order they came. ``? N`` is the exit code where it is not 0. A line ``...`` stands
for any number of lines, ``<...>`` inside a line for any text. Blank lines before the next command
do not count; comments there need a blank line above them.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.support.outside import PATIENCE, shell_code
from tests.support.terminal import on_terminal
from tests.support.warm_process import WarmProcess

ANY_LINES = "..."
ANY_TEXT = "<...>"
# What a shell takes as it stands, in quotes or not.
_WORD = r"""(?:[\w\-+=:,./@%^]|'[^']*'|"[^"\\$`]*")+"""
_COMMAND = rf"(?:on (?P<columns>\d+) )?(?P<words>interop(?: +{_WORD})*)"
_ONE = re.sub(r"\?P<\w+>", "?:", _COMMAND)
_PLAIN = re.compile(rf"{_ONE}(?: && {_ONE})*")


@dataclass(frozen=True)
class Step:
    """One command and what it should answer, with the lines that stand above it in the file."""

    line: int
    above: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    code: int = 0

    @property
    def script(self) -> str:
        """The command as the shell gets it."""
        return "\n".join(line[2:] for line in self.command)

    def lines(self) -> Iterator[str]:
        """The step as it is written in the file."""
        yield from self.above
        yield from self.command
        yield from self.expected
        if self.code:
            yield f"? {self.code}"


@dataclass(frozen=True)
class Transcript:
    """A whole file: its steps and the lines below the last one."""

    steps: list[Step]
    below: list[str]

    def declared(self, name: str, default: str = "") -> list[str]:
        """The words of the comment ``# name: …`` at the head of the file."""
        for line in self.steps[0].above if self.steps else []:
            if line.startswith(f"# {name}:"):
                return line.partition(":")[2].split()
        return default.split()

    def text(self) -> str:
        """The content of the file."""
        lines = [line for step in self.steps for line in step.lines()]
        return "\n".join([*lines, *self.below]).rstrip("\n") + "\n"


def parse(text: str) -> Transcript:
    """Read a transcript; ``ValueError`` when it has no command at all."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    if not starts:
        raise ValueError("a transcript without a command: no line starts with '$ '")
    steps, above = [], lines[: starts[0]]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        body = lines[start:end]
        size = 1
        while size < len(body) and body[size].startswith("> "):
            size += 1
        answer, below = _split_tail(body[size:])
        code = 0
        if answer and re.fullmatch(r"\? \d+", answer[-1]):
            code = int(answer.pop()[2:])
        steps.append(Step(start + 1, above, body[:size], answer, code))
        above = below
    return Transcript(steps, above)


def _split_tail(lines: list[str]) -> tuple[list[str], list[str]]:
    """Part an answer from the blank lines and comments that belong to the next command."""
    cut = len(lines)
    while cut and (not lines[cut - 1] or lines[cut - 1].startswith("#")):
        cut -= 1
    # A comment right below the answer is part of the answer.
    while cut < len(lines) and lines[cut]:
        cut += 1
    return lines[:cut], lines[cut:]


def matches(expected: list[str], actual: list[str]) -> bool:
    """Whether ``actual`` is what ``expected`` says, wildcards included."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == ANY_LINES else _line_pattern(line) + r"\n" for line in expected
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in actual)) is not None


def _line_pattern(line: str) -> str:
    return ".*?".join(re.escape(part) for part in line.split(ANY_TEXT))


@dataclass(frozen=True)
class Command:
    """Arguments of ``interop``, and how wide the terminal is on which it runs: 0 for none."""

    words: list[str]
    columns: int = 0


def plain_commands(script: str) -> list[Command] | None:
    """The commands of a script, each run where the one before it succeeded.

    None where a shell would do more than to split their words.
    """
    if not _PLAIN.fullmatch(script):
        return None
    return [
        Command(shlex.split(found["words"])[1:], int(found["columns"] or 0))
        for found in re.finditer(_COMMAND, script)
    ]


def run_step(step: Step, folder: Path, env: Mapping[str, str], *, warm: bool = False) -> Step:
    """Run the command in ``folder``; the step as it would have to be written.

    ``warm``: plain commands are forked without a shell in between.
    """
    commands = plain_commands(step.script) if warm else None
    code, written = 0, ""
    if commands is None:
        begun = subprocess.Popen(["sh", "-c", step.script], cwd=folder, env=dict(env), **_STREAMS)
        code, written = _ended(begun)
    for command in commands or ():
        code, text = _run(command, folder, env)
        written += text
        if code:
            break
    return replace(step, expected=written.rstrip("\n").splitlines(), code=code)


_STREAMS: dict[str, Any] = {
    "stdin": subprocess.DEVNULL,
    "stdout": subprocess.PIPE,
    "stderr": subprocess.STDOUT,
}


def _run(command: Command, folder: Path, env: Mapping[str, str]) -> tuple[int, str]:
    if not command.columns:
        return _ended(WarmProcess(command.words, cwd=folder, env=dict(env), **_STREAMS))
    shown = {name: value for name, value in env.items() if name != "COLUMNS"} | {"NO_COLOR": "1"}
    with on_terminal(
        *command.words, env=shown, columns=command.columns, stdin=subprocess.DEVNULL, cwd=folder
    ) as session:
        return session.end(), session.shown


def _ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    try:
        written = process.communicate(timeout=PATIENCE)[0]
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return shell_code(process.returncode), written.decode("utf-8", "backslashreplace")


def updated(step: Step, actual: Step) -> Step:
    """``actual`` with the ``<...>`` of the old expectation kept where they still fit."""
    patterns = [line for line in step.expected if ANY_TEXT in line]

    def keep(line: str) -> str:
        return next((p for p in patterns if re.fullmatch(_line_pattern(p), line)), line)

    return replace(actual, expected=[keep(line) for line in actual.expected])
