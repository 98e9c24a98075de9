"""pydantic's errors turned into ours: stable codes, sentences to translate, and no input value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError, PydanticKnownError

from interop_cli.domain.errors import NOWHERE, Detail, InvalidData, Place
from interop_cli.domain.messages import N_, Message, first_of, msg
from interop_cli.domain.rules import MSGID

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
