"""Yes and no as people write them in French and English files."""

from __future__ import annotations

from interop_cli.domain.faults import fault
from interop_cli.domain.messages import N_
from interop_cli.domain.text import fold

_YES = frozenset("1 o oui y yes t true v vrai x on active actif".split())
_NO = frozenset("0 n no non f false faux off inactive inactif".split())


def parse_bool(value: object) -> bool:
    """``value`` as a boolean; raises ``bool.format`` where it is neither a yes nor a no.

    Takes booleans, 0 and 1, and the usual words of both languages, whatever their case.
    """
    if isinstance(value, bool):
        return value
    if value == "true":  # as a file written by a program has it
        return True
    if value == "false":
        return False
    word = fold(str(value))
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise fault("bool.format", N_("is neither a yes nor a no (use true or false)"))
