"""Options that several commands have; those of create and edit are out of the table of fields."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import click

from interop_cli.domain.errors import UsageError
from interop_cli.domain.fields.field import Field, Fields, Kind, taken
from interop_cli.domain.messages import N_, msg
from interop_cli.domain.values.closed_lists import KIND_NAMES, KINDS, SAME_STATUSES, STATUS_NAMES
from interop_cli.domain.values.text import fold, word_list
from interop_cli.shell.command import RowId, given, option, options

F = TypeVar("F", bound=Callable[..., Any])

ALLOW_MISMATCH = option(
    "--allow-mismatch",
    is_flag=True,
    help=N_("Accept a postal code or tax number that does not check."),
)
STATUS = click.Choice(("active", "inactive", "all"))


class Word(click.Choice):  # type: ignore[type-arg]
    """One of a list's values; a filter's word for it is taken too (``facture`` for invoice)."""

    def __init__(self, values: Sequence[str], words: Mapping[str, str]) -> None:
        super().__init__(values)
        self._words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert(self._words.get(fold(str(value)), value), param, ctx)


KIND = Word(KIND_NAMES, KINDS)
DOCUMENT_STATUS = Word(STATUS_NAMES, SAME_STATUSES)
CONTINUE_ON_ERROR = option(
    "--continue-on-error",
    is_flag=True,
    help=N_("Write the good rows, report the others (exit 68)."),
)
OR_DEACTIVATE = option(
    "--or-deactivate", is_flag=True, help=N_("Deactivate those that are in use.")
)
OVERWRITE = option("--overwrite", is_flag=True, help=N_("Replace the file if there is one."))


def filter_option(help: str) -> Callable[[F], F]:
    """``--filter``, which may stand several times."""
    return option("--filter", "filters", multiple=True, metavar="EXPR", help=help)


def search_option(help: str) -> Callable[[F], F]:
    """``--search``, which needs a word: an empty variable of a shell finds neither all nor none."""
    return option("--search", metavar="TEXT", callback=_with_a_word, help=help)


def _with_a_word(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not word_list(value):
        raise UsageError("search.empty", msg("--search: there is no word in it to look for."))
    return value


CLIENT_FILTERS = filter_option(N_("The clients a filter matches, active or not; several are AND."))


def expect_option(help: str) -> Callable[[F], F]:
    """``--expect``: how many there must be."""
    return option("--expect", type=click.IntRange(min=0), metavar="N", help=help)


def version_option(help: str) -> Callable[[F], F]:
    """``--if-version``: what is changed must be as it was when it was read."""
    return option("--if-version", type=click.IntRange(min=1), metavar="N", help=help)


def confirm_option(metavar: str, help: str) -> Callable[[F], F]:
    """``--confirm``, with what is repeated there."""
    return option("--confirm", "confirmation", metavar=metavar, help=help, empty=True)


def attachment_option(help: str) -> Callable[[F], F]:
    """``--attachment``, which may stand several times."""
    return option(
        "--attachment", "attachment_ids", multiple=True, type=RowId(), metavar="ID", help=help
    )


def field_options(
    fields: Fields,
    *,
    but: Collection[str] = (),
    required: Collection[str] = (),
    needed: Collection[str] = (),
) -> Callable[[F], F]:
    """An option for each field that has one, ``but`` for these, in the order of the table.

    ``needed`` are those that the rules of what is made ask for, unless ``--autofill`` finds them.
    """
    return options(
        *(
            _option(field, required=field.name in required, needed=field.name in needed)
            for field in taken(fields)
            if field.help and field.name not in but
        )
    )


def _option(field: Field, *, required: bool, needed: bool) -> Callable[[Any], Any]:
    if field.kind is Kind.BOOL:
        no = field.option.replace("--", "--no-", 1)
        return option(f"{field.option}/{no}", default=None, help=field.help)
    many = field.kind in (Kind.TAGS, Kind.NAMED)
    name = field.option.removesuffix("s") if field.kind is Kind.TAGS else field.option
    if many:
        return option(
            name, field.name, multiple=True, metavar=field.metavar, help=field.help, empty=True
        )
    return option(
        name,
        empty=True,
        required=required,
        needed=N_("required, unless --autofill finds it") if needed else None,
        metavar=field.metavar,
        help=field.help,
    )


def field_values(fields: Fields, typed: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that were typed, as the services name them; "" clears."""
    kinds = {field.name: field.kind for field in fields}
    values: dict[str, Any] = {}
    for name, value in given(typed).items():
        if kinds.get(name) is Kind.TAGS:
            if value:
                values[name] = [tag for tag in value if tag]
        elif kinds.get(name) is Kind.NAMED:
            if value:
                values[name] = dict(_pair("--" + name, text) for text in value)
        else:
            values[name] = value
    return values


def _pair(flag: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(
            "usage.accounting", msg("{option} takes a name and a value: k=v.", option=flag)
        )
    return name, value
