"""Two sides that both changed since the last push: what of it fits together.

The base is what was last pushed. A field that only they changed is left to them, one that only we
changed is sent, one that both changed to the same value is settled; only one that both changed
differently is a conflict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from interop_cli.domain.erasure import MARK
from interop_cli.domain.sync.descriptor import Descriptor, Policy
from interop_cli.domain.sync.payload import Payload, Value


def is_erased(value: Value) -> bool:
    """Whether a person was taken out of a value: what is there instead is not to come back."""
    return isinstance(value, str) and MARK in value


def is_put_back(name: str, theirs: Value) -> bool:
    """Whether a field was emptied there that is what our record is known by: it is sent again."""
    return name == "uid" and theirs is None


def without_erased(theirs: Mapping[str, Value], *ours: Mapping[str, Value]) -> Payload:
    """What is there, without what somebody was taken out of on our side."""
    return {
        name: MARK if any(is_erased(side.get(name)) for side in ours) else value
        for name, value in theirs.items()
    }


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in three columns: as last pushed, ours now, theirs now."""

    field: str
    base: Value
    ours: Value
    theirs: Value


@dataclass(frozen=True, slots=True)
class Merged:
    """``base`` is what to count from at the next push; ``conflicts`` are for a person."""

    base: Payload
    conflicts: tuple[Difference, ...]


def merge(
    base: Mapping[str, Value],
    ours: Mapping[str, Value],
    theirs: Mapping[str, Value],
    descriptor: Descriptor,
) -> Merged:
    """Merge three payloads. A field that ``theirs`` does not have is not known to have changed."""
    new_base: Payload = dict(base)
    conflicts = []
    for name, mine in ours.items():
        if name not in theirs:
            continue
        was, found = base.get(name), theirs[name]
        if is_erased(was) or is_erased(mine):
            new_base[name] = MARK  # which differs from whatever we have now: that is sent
        elif name not in base or found == mine:
            new_base[name] = found
        elif is_put_back(name, found):
            new_base[name] = None
        elif found != was and mine != was:
            field = descriptor.named(name)
            policy = field.policy if field is not None else Policy.ASK
            if descriptor.once and name != "active":
                new_base[name] = found  # theirs since it is there
            elif policy is Policy.ASK:
                conflicts.append(Difference(name, was, mine, found))
            else:
                # Ours is sent where it differs from the base; theirs stays where it does not.
                new_base[name] = found if policy is Policy.OURS else mine
    return Merged(new_base, tuple(conflicts))


def three_columns(
    base: Mapping[str, Value], ours: Mapping[str, Value], theirs: Mapping[str, Value]
) -> tuple[Difference, ...]:
    """Every field in which not all three agree."""
    return tuple(
        Difference(name, base.get(name), ours.get(name), theirs[name])
        for name in theirs
        if name in ours
        and not is_erased(base.get(name))
        and not (base.get(name) == ours[name] == theirs[name])
    )
