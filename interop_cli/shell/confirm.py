"""Agreement before a write that matters; never from a pipe.

Mild: none. Moderate: ``-y`` or a yes. Severe: ``--confirm`` with the code, passed or typed. Off a
terminal nothing asks: a missing agreement is a usage error that names the flag, raised before any
input is read.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from interop_cli.domain.errors import Declined, UsageError
from interop_cli.domain.messages import Message, msg
from interop_cli.i18n import _, translate

if TYPE_CHECKING:
    from interop_cli.app import App

YES = frozenset({"y", "yes", "o", "oui"})


def moderate(app: App, question: Message, *, stdin_is_data: bool = False) -> None:
    """Ask ``question`` unless ``-y`` or ``--dry-run`` was given.

    Raises Declined where the answer is no, UsageError where nobody can be asked.
    """
    if app.options.get("yes") or app.dry_run:
        return
    if stdin_is_data or not app.interactive:
        raise UsageError(
            "usage.confirmation",
            msg("This needs your agreement."),
            hint=msg("Add --yes to agree, or --dry-run to see what it would do."),
        )
    answer = _ask(translate(question) + _(" [y/N] "))
    if answer.casefold() not in YES:
        raise Declined("declined", msg("Nothing was changed."))


def severe(app: App, expected: str, given: str | None, *, stdin_is_data: bool = False) -> None:
    """Make sure the person means ``expected``, typed or passed with ``--confirm``."""
    if app.dry_run:
        return
    if given is None:
        if stdin_is_data or not app.interactive:
            raise UsageError(
                "usage.confirmation",
                msg("This cannot be taken lightly: it needs a confirmation."),
                hint=msg(
                    "Add --confirm {expected}, or --dry-run to see what it would do.",
                    expected=expected,
                ),
            )
        given = _ask(_("Type {expected} to confirm: ", expected=expected))
        if given != expected:
            raise Declined("declined", msg("Nothing was changed."))
    elif given.casefold() != expected.casefold():
        raise UsageError(
            "usage.confirmation",
            msg("--confirm does not name what is about to be changed."),
            hint=msg("Pass --confirm {expected}", expected=expected),
        )


def _ask(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline().strip()
