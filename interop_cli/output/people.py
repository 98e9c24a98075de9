"""Values as people read them: local times, telephones, money, and words of their language.

For tables, cards and pages; what programs read (JSON, CSV) stays as it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from interop_cli.domain.fields.field import Column, Field, Kind, ValueKind
from interop_cli.i18n import _, language, local_time
from interop_cli.output.columns import ColumnChoice, Row, as_text, dig, loaded, text_named
from interop_cli.output.sanitise import one_line
from interop_cli.output.words import said, vocabulary

Reader = Callable[[Row], str]


def readers(
    choices: Sequence[ColumnChoice], columns: Sequence[Column], *, feminine: bool = False
) -> list[Reader]:
    """For each choice what makes a cell of a row, on one line.

    ``columns`` are those of the row: an amount is of the currency beside it, and words agree with
    what the row is; ``feminine``: where no column says it.
    """
    beside = {column.name: index for index, column in enumerate(columns)}
    return [_reader(choice, beside, feminine) for choice in choices]


def _reader(choice: ColumnChoice, beside: dict[str, int], feminine: bool) -> Reader:
    index, name = choice.at, choice.path[-1] if choice.path else choice.name
    kind = choice.kind
    if kind is ValueKind.TEXT or (kind is ValueKind.JSON and choice.path):
        kind = text_named(name)
    if choice.kind is ValueKind.JSON:

        def nested(row: Row) -> str:
            value = dig(loaded(row[index]), choice.path)
            items = value if isinstance(value, list) else [value]
            return ", ".join(filter(None, (_shown(kind, item) for item in items)))

        return nested
    if kind is ValueKind.MONEY and (at := beside.get("currency")) is not None:
        return lambda row: _amount(row[index], row[at])
    words = vocabulary(name)
    if words is None:
        return lambda row: _shown(kind, row[index])
    subject = beside.get("kind", beside.get("entity"))

    def spoken(row: Row) -> str:
        of = None if subject is None or subject == index else row[subject]
        return _shown(kind, said(words, row[index], of, feminine=feminine))

    return spoken


def _shown(kind: ValueKind, value: object) -> str:
    """A value of this kind, in the user's language and on one line."""
    if value is None:
        return ""
    if type(value) is str and kind is not ValueKind.BOOL:
        return one_line(_text(kind, value))
    if kind is ValueKind.BOOL or isinstance(value, bool):
        return _("yes") if value else _("no")
    if kind is ValueKind.MONEY and isinstance(value, int):
        return money(value)
    if isinstance(value, list):
        return one_line(", ".join(as_text(item) or "" for item in value))
    return one_line(as_text(value) or "")


def _text(kind: ValueKind, text: str) -> str:
    if kind is ValueKind.TIME:
        return local_time(text)
    if kind is ValueKind.PHONE:
        from interop_cli.domain.values.phone import format_phone

        return format_phone(text, language())
    return text


def field_text(field: Field, value: str | None) -> str | None:
    """The stored text of a field, as the journal has it, as people read it."""
    if value is None:
        return None
    if field.kind is Kind.BOOL:
        return _("yes") if value in ("1", "True") else _("no")
    if field.kind is Kind.MONEY and value.lstrip("-").isdecimal():
        return money(int(value))
    words = vocabulary(field.name)
    return str(said(words, value)) if words else _text(field.kind.shown, value)


def _amount(cents: object, currency: object) -> str:
    if not isinstance(cents, int) or not isinstance(currency, str):
        return _shown(ValueKind.MONEY, cents)
    from interop_cli.domain.values.money import format_cents

    return one_line(format_cents(cents, currency, language()))


def money(cents: int) -> str:
    """An amount of no known currency, as the user's language writes it: ``1 234,50``."""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    if language() == "fr":
        return f"{sign}{whole:,}".replace(",", "\u00a0") + f",{rest:02d}"
    return f"{sign}{whole:,}.{rest:02d}"
