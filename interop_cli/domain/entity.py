"""What all entities share: how they are built, read back from the store, revised, and refused.

pydantic's errors become ours: stable codes, sentences to translate, and no input value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError, PydanticKnownError

from interop_cli.domain.errors import NOWHERE, Detail, InvalidData, Place
from interop_cli.domain.messages import N_, Message, first_of, msg
from interop_cli.domain.rules import MSGID, Context, fault, missing, too_long
from interop_cli.domain.values.closed_lists import parse_bool
from interop_cli.domain.values.code import check_uid, uid_key
from interop_cli.domain.values.text import clean, clean_lines, clean_value, fold

# pydantic's own types, in our words; the places are in the error's context.
_SENTENCES = {
    "missing": N_("is required"),
    "string_type": N_("is not text"),
    "bool_type": N_("is neither a yes nor a no (use true or false)"),
    "bool_parsing": N_("is neither a yes nor a no (use true or false)"),
    "int_type": N_("is not a whole number"),
    "int_parsing": N_("is not a whole number"),
    "int_parsing_size": N_("is not a whole number"),
    "int_from_float": N_("is not a whole number"),
    "list_type": N_("is not a list"),
    "dict_type": N_("is not a set of names and values"),
    "model_type": N_("is not a set of names and values"),
    "model_attributes_type": N_("is not a set of names and values"),
    "extra_forbidden": N_("is not a known field"),
    "literal_error": N_("is not one of {expected}"),
    "string_unicode": N_("is not valid Unicode text"),
}
_OTHER = N_("is not valid")


def invalid(error: ValidationError, place: Place = NOWHERE) -> InvalidData:
    """``error`` as ``InvalidData``: a detail per field, all of the row at ``place``.

    With one detail, the error has its code and its sentence.
    """
    found = error.errors(include_url=False, include_input=False)
    return invalid_details([_detail(item, place) for item in found])


def refused(
    error: PydanticCustomError | PydanticKnownError, path: str, place: Place = NOWHERE
) -> InvalidData:
    """The error of a single rule (``check_code``, ``parse_cents``…) as ``InvalidData``."""
    code, message = _sentence(error.type, error.context or {})
    return invalid_details([Detail(place.prefix + path, code, message, place.line, place.key)])


def wrong(path: str, code: str, reason: Message) -> InvalidData:
    """A field of a row is not valid, and why; the row is said by ``InvalidData.at``."""
    return InvalidData(code, reason, details=[Detail(path, code, reason)])


def several(path: str, ids: Iterable[int]) -> InvalidData:
    """What a field names fits several of a client's."""
    reason = msg("fits several of the client: {ids}", ids=first_of(map(str, ids)))
    return invalid_details([Detail(path, "import.ambiguous", reason)])


def merged(*errors: InvalidData) -> InvalidData:
    """Several errors as one with all their details; a single one as it is."""
    if len(errors) == 1:
        return errors[0]
    return invalid_details([detail for error in errors for detail in error.details])


def invalid_details(details: list[Detail]) -> InvalidData:
    """These faults as one error; a single one lends it its code and sentence."""
    if len(details) == 1:
        only = details[0]
        message = msg("{field}: {what}", field=only.path, what=only.message)
        return InvalidData(only.code, message, details=details)
    return InvalidData(
        "data.invalid", msg("{count} fields are not valid", count=len(details)), details=details
    )


def _detail(item: ErrorDetails, place: Place) -> Detail:
    code, message = _sentence(item["type"], item.get("ctx", {}))
    path = ".".join(str(part) for part in item["loc"])
    return Detail(place.prefix + path, code, message, place.line, place.key)


def _sentence(kind: str, context: dict[str, Any]) -> tuple[str, Message]:
    """Our code and sentence for an error of pydantic's; nothing of its input is taken over."""
    if MSGID in context:
        params = {name: value for name, value in context.items() if name != MSGID}
        return kind, Message(context[MSGID], params)
    expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
    params = {"expected": expected} if expected else {}
    return f"field.{kind}", Message(_SENTENCES.get(kind, _OTHER), params)


def optional_line(limit: int) -> AfterValidator:
    """A validator for optional text of one line: cleaned, ``None`` where nothing is left."""
    return _optional(limit, clean)


def optional_lines(limit: int) -> AfterValidator:
    """The same for text of several lines."""
    return _optional(limit, clean_lines)


def optional_value(limit: int) -> AfterValidator:
    """The same for a value that is no prose (see ``clean_value``)."""
    return _optional(limit, clean_value)


def required_line(limit: int) -> BeforeValidator:
    """A validator for text of one line that may not be empty."""
    return _required(limit, clean)


def required_lines(limit: int) -> BeforeValidator:
    """The same for text of several lines."""
    return _required(limit, clean_lines)


def awaited(limit: int, tidy: Callable[[str], str]) -> BeforeValidator:
    """A validator for text that the whole entity requires, and asks for itself: ``""`` if absent.

    A field that pydantic requires stops the entity's own validator, and so hides other errors.
    """
    return BeforeValidator(lambda value: _bounded(value, limit, tidy))


def optional(check: Callable[[str], str]) -> AfterValidator:
    """A validator that asks ``check`` about text that is not empty; ``None`` where it is."""
    return AfterValidator(lambda value: check(value) if value.strip() else None)


def flag(*, empty: bool) -> BeforeValidator:
    """A validator for a yes or a no; an empty cell is ``empty``."""
    return BeforeValidator(
        lambda value: empty if value is None or value == "" else parse_bool(value)
    )


def _optional(limit: int, tidy: Callable[[str], str]) -> AfterValidator:
    def check(value: str) -> str | None:
        value = tidy(value)
        if len(value) > limit:
            raise too_long(limit)
        return value or None

    return AfterValidator(check)


def _required(limit: int, tidy: Callable[[str], str]) -> BeforeValidator:
    def check(value: object) -> object:
        value = _bounded(value, limit, tidy)
        # What only looks empty (zero-width characters) is as good as nothing.
        if not value or (isinstance(value, str) and not value.isascii() and not fold(value)):
            raise missing()
        return value

    return BeforeValidator(check)


def _bounded(value: object, limit: int, tidy: Callable[[str], str]) -> object:
    """Cleaned text, ``""`` for nothing; what is no text is left for pydantic to refuse."""
    if not isinstance(value, str):
        return "" if value is None else value
    value = tidy(value)
    if len(value) > limit:
        raise too_long(limit)
    return value


# The union stays outside: pydantic answers None by itself, without calling Python.
Line = Annotated[str, optional_line(200)] | None
ShortLine = Annotated[str, optional_line(60)] | None
Lines = Annotated[str, optional_lines(2000)] | None
Value = Annotated[str, optional_value(200)] | None
ShortValue = Annotated[str, optional_value(60)] | None
Awaited = Annotated[str, awaited(200, clean)]
AwaitedValue = Annotated[str, awaited(200, clean_value)]
Name = Annotated[str, required_line(200)]
On = Annotated[bool, flag(empty=True)]
Off = Annotated[bool, flag(empty=False)]


class Entity(BaseModel):
    """A row of the domain with its rules. Build one with ``build``, or ``stored`` from the store.

    ``version`` counts the writes (optimistic lock); times are UTC ISO-8601 text.
    """

    model_config = ConfigDict(
        extra="forbid",
        # A code or postal code may come as a JSON number.
        coerce_numbers_to_str=True,
        # An error must not repeat personal data.
        hide_input_in_errors=True,
    )

    id: int | None = None
    version: int = 1
    created_at: str | None = None
    updated_at: str | None = None

    @classmethod
    def build(cls, values: Mapping[str, Any], context: Context) -> Self:
        """An entity from a person's values; raises InvalidData with all that is wrong.

        ``context`` receives the warnings.
        """
        return cls._checked(values, context)

    @classmethod
    def _checked(cls, values: Mapping[str, Any], context: Context) -> Self:
        try:
            # What ``model_validate`` calls; an import does it twice a row.
            built: Self = cls.__pydantic_validator__.validate_python(values, context=context)
        except ValidationError as error:
            raise invalid(error, context.place) from None
        return built

    @classmethod
    def stored(cls, values: Mapping[str, Any]) -> Self:
        """An entity as the store holds it: taken as it is, since it was checked when written.

        Old data that today's rules would refuse can thus still be read and changed.
        """
        return cls.model_construct(**values)

    def revise(self, changes: Mapping[str, Any], context: Context) -> Self:
        """This entity with ``changes``; raises InvalidData with all that is wrong.

        Fields whose value does not change are kept without being checked again: an address let in
        with ``--allow-mismatch`` does not forbid to correct its phone number.
        """
        values = self.__dict__ | dict(changes)
        kept = frozenset(name for name, value in self.__dict__.items() if values[name] == value)
        return self._checked(values, context.keeping(kept))


class Lasting(Entity):
    """An entity with a name for ever: ``uid``, which the store gives where a file brings none."""

    uid: Annotated[str, optional(check_uid)] | None = None

    def revise(self, changes: Mapping[str, Any], context: Context) -> Self:
        """As ``Entity.revise``; raises InvalidData ``uid.other`` for another uid."""
        if "uid" in changes:
            changes = dict(changes)
            said = changes.pop("uid")
            if said not in (None, "") and uid_key(said) != self.uid:
                raise refused(other_uid(), "uid", context.place)
        return super().revise(changes, context)


def other_uid() -> PydanticCustomError:
    """The error of a uid that another record has than the one that is meant."""
    return fault("uid.other", N_("is not the uid of this record, and a uid never changes"))
