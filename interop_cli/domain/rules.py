"""The settings that rules obey, and the warnings they leave behind.

A ``Rules`` is given to pydantic as ``context``: one object for a whole command or import, whose
``line``, ``key`` and ``prefix`` the caller moves along from row to row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interop_cli.domain.messages import Message

if TYPE_CHECKING:
    from pydantic import ValidationInfo

    from interop_cli.domain.sync.descriptor import RemoteField

NOTE_CATEGORIES = ("général", "production", "expédition", "facturation", "ventes")


@dataclass(frozen=True)
class RuleWarning:
    """Something accepted that a person should look at; like an error's ``Detail``."""

    path: str
    code: str
    message: Message
    line: int | None = None
    key: str | None = None


@dataclass
class Rules:
    """What the company's settings and the command's flags say about validation.

    ``country`` ``province`` ``language`` ``currency`` ``prospect`` ``terms`` are the defaults of
    new clients and addresses. ``phone_country`` is where a client's or contact's phone number is
    read (``None``: in ``country``). ``max_attachment`` is in bytes. ``kept`` names the fields
    whose stored value stands and is not checked again (see ``Entity.revise``). The caller moves
    ``prefix`` (of paths), ``line`` and ``key`` along, for the warnings. ``accounting_fields`` gives
    the fields that the configured targets have besides ours, by name (``None``: no target, and any
    field is kept).
    """

    strict_countries: frozenset[str] = frozenset({"CA", "US"})
    allow_mismatch: bool = False
    warnings: list[RuleWarning] = field(default_factory=list)
    country: str = "CA"
    province: str = "QC"
    language: str = "fr"
    currency: str = "CAD"
    prospect: bool = False
    terms: str | None = None
    phone_country: str | None = None
    note_categories: tuple[str, ...] = NOTE_CATEGORIES
    max_attachment: int = 25_000_000
    kept: frozenset[str] = frozenset()
    prefix: str = ""
    line: int | None = None
    key: str | None = None
    accounting_fields: Callable[[], Mapping[str, RemoteField] | None] = lambda: None

    def warn(self, path: str, code: str, message: Message) -> None:
        """Note a warning about the field ``path`` of the row at hand."""
        self.warnings.append(RuleWarning(self.prefix + path, code, message, self.line, self.key))


def rules_of(info: ValidationInfo[Any]) -> Rules:
    """The rules a validator was given; the defaults where it was given none."""
    return info.context if isinstance(info.context, Rules) else Rules()
