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

from tests.support.outside import shell_code
from tests.support.warm_process import WarmProcess

ANY_LINES = "..."
ANY_TEXT = "<...>"
# What a shell takes as it stands, in quotes or not.
_WORD = r"""(?:[\w\-+=:,./@%^]|'[^']*'|"[^"\\$`]*")+"""
_PLAIN = re.compile(rf"interop(?: +{_WORD})*")


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


def plain_words(script: str) -> list[str] | None:
    """The arguments of ``interop`` where a shell would only split them; None where it does more."""
    return shlex.split(script)[1:] if _PLAIN.fullmatch(script) else None


def run_step(step: Step, folder: Path, env: Mapping[str, str], *, warm: bool = False) -> Step:
    """Run the command in ``folder``; the step as it would have to be written.

    ``warm``: a plain command is forked without a shell in between.
    """
    streams: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
    }
    words = plain_words(step.script) if warm else None
    begin = subprocess.Popen if words is None else WarmProcess
    process = begin(
        ["sh", "-c", step.script] if words is None else words, cwd=folder, env=dict(env), **streams
    )
    try:
        written = process.communicate(timeout=60)[0]
    except BaseException:
        process.kill()
        process.communicate()
        raise
    lines = written.decode("utf-8", "backslashreplace").rstrip("\n").splitlines()
    return replace(step, expected=lines, code=shell_code(process.returncode))


def updated(step: Step, actual: Step) -> Step:
    """``actual`` with the ``<...>`` of the old expectation kept where they still fit."""
    patterns = [line for line in step.expected if ANY_TEXT in line]

    def keep(line: str) -> str:
        return next((p for p in patterns if re.fullmatch(_line_pattern(p), line)), line)

    return replace(actual, expected=[keep(line) for line in actual.expected])
