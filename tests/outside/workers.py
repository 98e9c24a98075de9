"""What each of several processes does at once to one database; run as ``python -m``.

``python -m tests.outside.workers KIND URL NUMBER TIMES``: each command is a run of the program of
its own, with its own connection, in one interpreter. The exit codes and answers come out as JSON.
"""

from __future__ import annotations

import io
import json
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

from interop_cli import cli

Answer = tuple[int, Any]


def interop(url: str, *args: object) -> Answer:
    """Run one command; its exit code, and its answer or its error as an object."""
    out, err = io.BytesIO(), io.BytesIO()
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = io.TextIOWrapper(out, "utf-8"), io.TextIOWrapper(err, "utf-8")
    try:
        code = cli.main(["--db", url, "--json", *map(str, args)])
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        streams, (sys.stdout, sys.stderr) = (sys.stdout, sys.stderr), kept
    text = (out if out.getvalue() else err).getvalue().decode()
    for stream in streams:
        stream.detach()
    return code, json.loads(text)


def count(url: str, _number: int, times: int) -> Iterator[Answer]:
    """Add one to a number that the client keeps as its terms, as long as somebody is faster."""
    for _ in range(times):
        while True:
            _code, client = interop(url, "client", "show", "ACME")
            more = int(client["terms"] or 0) + 1
            answer = interop(
                url, "client", "edit", "ACME", "--terms", more, "--if-version", client["version"]
            )
            yield answer
            if answer[0] == 0:
                break


def create(url: str, _number: int, times: int) -> Iterator[Answer]:
    """Create clients of one name, whose codes are made from it."""
    place = ("--line1", "1, rue A", "--city", "Québec", "--postal-code", "G1K 4A1")
    for _ in range(times):
        yield interop(url, "client", "create", "Imprimerie du Port", *place)


def mix(url: str, number: int, times: int) -> Iterator[Answer]:
    """Anything, to the same few clients."""
    chance = random.Random(number)
    place = ("--line1", "1, rue A", "--city", "Québec", "--postal-code", "G1K 4A1")
    work: list[Callable[[], tuple[object, ...]]] = [
        lambda: ("client", "edit", "ACME", "--terms", f"net{chance.randrange(90)}"),
        lambda: ("client", "edit", "--all", "--neq", chance.choice(("", "1141234567")), "-y"),
        lambda: ("client", "deactivate", "BETA", "MAYBE", "-y"),
        lambda: ("client", "activate", "BETA", "MAYBE", "SLEEPY", "-y"),
        lambda: ("client", "promote", "MAYBE"),
        lambda: ("address", "create", "BETA", *place, "--main"),
        lambda: ("client", "create", "Mêlée", "--code", f"M{chance.randrange(9)}", *place),
        lambda: ("client", "delete", code := f"M{chance.randrange(9)}", "--confirm", code),
        lambda: (
            "client",
            "recode",
            code := f"M{chance.randrange(9)}",
            f"N{chance.randrange(9)}",
            "--confirm",
            code,
        ),
        lambda: ("journal", "undo", chance.randrange(3, 40)),
        lambda: ("config", "set", "defaults.terms", f"net{chance.randrange(90)}"),
        lambda: ("client", "list", "--search", "québec"),
    ]
    for _ in range(times):
        yield interop(url, *chance.choice(work)())


def main() -> None:
    """Do what the command line says."""
    kind, place, number, times = sys.argv[1:]
    answers = {"count": count, "create": create, "mix": mix}[kind](place, int(number), int(times))
    sys.stdout.write(json.dumps(list(answers)))


if __name__ == "__main__":
    main()
