"""How a rule says no while pydantic is validating.

pydantic keeps only the finished sentence of an error; the boundary needs the msgid to translate
it, so a fault carries its msgid among its own parameters.

pydantic is imported when a fault is made: reads fold text and format phones without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interop_cli.domain.messages import N_

if TYPE_CHECKING:
    from pydantic_core import (
        InitErrorDetails,
        PydanticCustomError,
        PydanticKnownError,
        ValidationError,
    )

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
