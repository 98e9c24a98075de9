"""What a rule is told (settings, where its warnings go, where the row stands), and how it says no.

They are three things. A ``Context`` holds them together for one entity; pydantic hands it to the
validators. It never changes: ``at``, ``under``, ``phones_in`` and ``keeping`` give another one.

pydantic keeps only the finished sentence of an error; the boundary needs the msgid to translate
it, so a fault carries its msgid among its own parameters. pydantic is imported when a fault is
made: reads fold text and format phones without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import NOWHERE, Parts, Place
from interop_cli.domain.messages import N_, Message

if TYPE_CHECKING:
    from pydantic_core import (
        InitErrorDetails,
        PydanticCustomError,
        PydanticKnownError,
        ValidationError,
    )
    from pydantic_core.core_schema import ValidationInfo

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


@dataclass(frozen=True)
class Policy:
    """What the company's settings and the command's flags say about validation.

    ``country`` ``province`` ``language`` ``currency`` ``prospect`` ``terms`` are the defaults of
    new clients and addresses. ``max_attachment`` is in bytes. ``accounting_fields`` gives the
    fields that the configured targets have besides ours, by name (``None``: no target, and any
    field is kept). ``zone`` is where a day is meant (``None``: in the zone of this machine);
    ``year`` is the present one.
    """

    strict_countries: frozenset[str] = frozenset({"CA", "US"})
    allow_mismatch: bool = False
    country: str = "CA"
    province: str = "QC"
    language: str = "fr"
    currency: str = "CAD"
    prospect: bool = False
    terms: str | None = None
    note_categories: tuple[str, ...] = NOTE_CATEGORIES
    max_attachment: int = 25_000_000
    zone: tzinfo | None = UTC
    year: int | None = None
    accounting_fields: Callable[[], Mapping[str, RemoteField] | None] = lambda: None


USUAL = Policy()


@dataclass(frozen=True, slots=True)
class Context:
    """What an entity is built or revised with: the policy, the warnings, and where it stands.

    ``warnings`` is one list for a whole command or import. ``phone_country`` is where a client's
    or contact's phone number is read (``None``: in the policy's country). ``kept`` names the fields
    whose stored value stands and is not checked again (see ``Entity.revise``). ``currency`` is what
    the amounts of a document's lines count in (``None``: nobody knows).
    """

    policy: Policy = USUAL
    warnings: list[RuleWarning] = field(default_factory=list)
    place: Place = NOWHERE
    phone_country: str | None = None
    kept: frozenset[str] = frozenset()
    currency: str | None = None

    def at(self, line: int | None, key: str | None, parts: Parts = NOWHERE.parts) -> Context:
        """This context for the row ``line`` of a file, about the client ``key``.

        ``parts`` are those of a record out of several rows.
        """
        return Context(
            self.policy,
            self.warnings,
            Place(line, key, "", parts),
            self.phone_country,
            self.kept,
            self.currency,
        )

    def under(self, prefix: str) -> Context:
        """This context for what is nested in the row: ``prefix`` stands before its fields."""
        place = self.place.under(prefix)
        return Context(
            self.policy, self.warnings, place, self.phone_country, self.kept, self.currency
        )

    def phones_in(self, country: str | None) -> Context:
        """This context for someone whose phone numbers are dialled in ``country``."""
        return Context(self.policy, self.warnings, self.place, country, self.kept, self.currency)

    def counted_in(self, currency: str | None) -> Context:
        """This context for a document whose amounts count in ``currency``."""
        return replace(self, currency=currency)

    def keeping(self, names: Iterable[str]) -> Context:
        """This context for an entity whose fields of these names stand as they are."""
        kept = self.kept | frozenset(names)
        return Context(
            self.policy, self.warnings, self.place, self.phone_country, kept, self.currency
        )

    def accepting(self) -> Context:
        """This context for what was accepted once though it does not fit: it is so again."""
        return replace(self, policy=replace(self.policy, allow_mismatch=True))

    def silent(self) -> Context:
        """This context for a trial, whose warnings nobody needs."""
        return Context(self.policy, [], self.place, self.phone_country, self.kept, self.currency)

    def warn(self, path: str, code: str, message: Message) -> None:
        """Note a warning about the field ``path`` of the row at hand."""
        place = self.place
        self.warnings.append(RuleWarning(place.prefix + path, code, message, place.line, place.key))


def context_of(info: ValidationInfo[Any]) -> Context:
    """The context a validator was given; the usual one where it was given none."""
    return info.context if isinstance(info.context, Context) else Context()


MSGID = "msgid"


def fault(code: str, msgid: str, /, **params: Any) -> PydanticCustomError:
    """An error to raise in a validator: our dotted ``code`` and a sentence with ``{name}`` places.

    No parameter may hold what the user typed.
    """
    from pydantic_core import PydanticCustomError

    return PydanticCustomError(code, msgid, {**params, MSGID: msgid})


def missing() -> PydanticKnownError:
    """The error of a required field that is absent or empty (code ``field.missing``)."""
    from pydantic_core import PydanticKnownError

    return PydanticKnownError("missing")


def too_long(limit: int) -> PydanticCustomError:
    """The error of a text of more than ``limit`` characters."""
    return fault("text.too_long", N_("has more than {max} characters"), max=limit)


class Faults:
    """Errors about several fields, found by one validator that looks at the whole entity."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._found: list[InitErrorDetails] = []

    def add(self, field: str, error: PydanticCustomError | PydanticKnownError) -> None:
        """Note an error of ``field``."""
        from pydantic_core import InitErrorDetails, PydanticKnownError

        kind = error.type if isinstance(error, PydanticKnownError) else error
        self._found.append(InitErrorDetails(type=kind, loc=(field,), input=None))

    def __bool__(self) -> bool:
        return bool(self._found)

    def about(self, field: str) -> bool:
        """Whether an error of ``field`` was noted."""
        return any(found["loc"] == (field,) for found in self._found)

    def error(self) -> ValidationError:
        """All of it as one error; pydantic merges it into its own."""
        from pydantic_core import ValidationError

        return ValidationError.from_exception_data(self._title, self._found)
