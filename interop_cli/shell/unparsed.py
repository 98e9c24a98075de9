"""What stands on the command line, found without parsing it: for what is said before, or after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from interop_cli import FORMATS
from interop_cli.i18n import LANGUAGES, language_of

CHOICES = {
    "output": (("-o", "--output"), FORMATS),
    "error_format": (("--error-format",), ("text", "json")),
}


def early_language(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """The language before any option is parsed, so that help and usage errors have it."""
    asked = typed(argv, "--lang") or environ.get("INTEROP_LANG")
    if asked not in LANGUAGES:
        asked = language_of(environ)
    return asked or "en"


def error_options(argv: Sequence[str]) -> dict[str, Any]:
    """The options that say how an error is shown, where parsing stopped before them."""
    found: dict[str, Any] = {"json": True} if "--json" in argv else {}
    for name, (flags, choices) in CHOICES.items():
        value = next((text for flag in flags if (text := typed(argv, flag))), None)
        if value in choices:
            found[name] = value
    return found


def typed(argv: Sequence[str], flag: str) -> str | None:
    """The value of a flag as typed, found without parsing the rest."""
    for position, word in enumerate(argv):
        if word.startswith(flag + "="):
            return word[len(flag) + 1 :]
        if word == flag and position + 1 < len(argv):
            return argv[position + 1]
    return None


def command_typed(argv: Sequence[str]) -> str:
    """The words of the command that runs, and the names of the options typed, without values."""
    context = click.get_current_context(silent=True)
    if context is None:
        return "interop"
    flags = [word.split("=")[0] for word in argv if word.startswith("-") and word != "-"]
    known = {flag for param in context.command.params for flag in param.opts}
    return " ".join([context.command_path, *(flag for flag in flags if flag in known)])
