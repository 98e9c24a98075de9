"""The name that a record keeps for ever: a UUID as text, in small letters with its hyphens.

Row ids and codes change hands; a uid never does. It is the same in every copy of a database, in
files, and in other systems.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from interop_cli.domain.messages import N_
from interop_cli.domain.rule_faults import fault

if TYPE_CHECKING:
    from uuid import UUID

# As it is written, without its hyphens, in braces, or as a URN. Not the nil UUID: it names nothing.
_UUID = re.compile(
    r"(?:urn:uuid:)?(\{)?([0-9a-f]{8})(-?)([0-9a-f]{4})\3([0-9a-f]{4})\3([0-9a-f]{4})\3"
    r"([0-9a-f]{12})(?(1)\})",
    re.ASCII | re.IGNORECASE,
)
_NIL = "00000000-0000-0000-0000-000000000000"


def uid_key(value: object) -> str:
    """The form in which a uid is stored and looked up; what is none stays as it was typed."""
    text = str(value).strip()
    found = _UUID.fullmatch(text)
    return "-".join(found.group(2, 4, 5, 6, 7)).lower() if found else text


def check_uid(text: str) -> str:
    """``text`` as a uid, a UUID of any version; raises ``uid.format``."""
    uid = uid_key(text)
    if uid == _NIL or not _UUID.fullmatch(uid):
        raise fault("uid.format", N_("is not a UUID, such as 01935d2a-7c4e-7b1f-9a60-3f6d2c8e5b17"))
    return uid


def is_uid(text: str) -> bool:
    """Whether a text is a uid as it is stored."""
    return _UUID.fullmatch(text) is not None and uid_key(text) == text


def derived_uid(origin: str, entity: str, name: object) -> str:
    """The uid of what has none of its own: the same for the same origin, entity and name."""
    from uuid import uuid5

    return str(uuid5(_space(origin), f"{entity}/{name}"))


@lru_cache(maxsize=8)
def _space(origin: str) -> UUID:
    from uuid import NAMESPACE_URL, uuid5

    return uuid5(NAMESPACE_URL, f"interop:{origin}")
