"""What the shell offers where the cursor stands, with a word about each.

An option or an argument is completed by what its help calls it: where a ``CODE`` is wanted, codes
are offered; where it is a field of a closed list, the list. So a new command is completed without a
word about it here. Silent on any error, and never more than a screenful: a completion must not get
in the way. ``shell/shells.py`` has what each shell needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

import click
from click.shell_completion import CompletionItem

from interop_cli.shell.paths import FileRead

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.values.closed_lists import ClosedList
    from interop_cli.store.reading.fields import ListField

SHOWN = 50
PART = "part"
"""The type of an item that more is typed after, so that no space follows it."""
Offer = tuple[str, str]
"""A value, and what is said of it."""


class Place(NamedTuple):
    """Where the cursor stands: the command, the parameter, what is typed of its value."""

    app: App
    ctx: click.Context
    param: click.Parameter
    typed: str


def offered(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem] | None:
    """What may stand there; None where nothing is known about it."""
    source = source_of(ctx, param)
    if source is None:
        return None
    app = cast("App", ctx.find_root().obj)
    app.options.setdefault("lock_timeout", 0.2)
    try:
        return [*_items(source, Place(app, ctx, param, incomplete))]
    except Exception:  # noqa: BLE001 - no database, no rights, a lock: nothing to offer
        return []
    finally:
        app.close()


Source = Callable[[Place], Iterable[Offer | CompletionItem]]


def _items(source: Source, place: Place) -> Iterator[CompletionItem]:
    from interop_cli.domain.values.text import fold

    start = fold(place.typed)
    count = 0
    for found in source(place):
        if isinstance(found, CompletionItem):
            yield found
            continue
        value, said = found
        # What our rules would not take is not put in front of somebody's cursor.
        if fold(value).startswith(start) and value.isprintable():
            yield CompletionItem(value, help=said or None)
            count += 1
        if count == SHOWN:
            return


def source_of(ctx: click.Context, param: click.Parameter) -> Source | None:
    """What completes a parameter: by its name where that says more than what help calls it."""
    if isinstance(param.type, click.Choice) or getattr(param, "is_flag", False):
        return None
    from interop_cli.shell.offers import BY_METAVAR, BY_NAME, of_closed_list

    name = str(param.name)
    if name in BY_NAME:
        return BY_NAME[name]
    if which := closed_list(ctx, param):
        return lambda _place: of_closed_list(which)
    called = re.findall(r"[A-Z_]+", param.make_metavar(ctx).partition("=")[0])
    if name == "name" and not isinstance(param, click.Option):
        group = ctx.command_path.split()[1]
        called = {"config": ["KEY"], "sync": ["TARGET"]}.get(group, [])
        called = [] if ctx.info_name == "add" else called
    return next((BY_METAVAR[word] for word in called if word in BY_METAVAR), None)


def closed_list(ctx: click.Context, param: click.Parameter) -> ClosedList | None:
    """The closed list that the values of an option are out of: that of its field."""
    from interop_cli.domain.fields import ENTITIES

    if not isinstance(param, click.Option):
        return None
    fields = ENTITIES[entity_at(ctx)]
    return next((field.choices for field in fields if field.name == param.name), None)


# -- what a command is about --------------------------------------------------------------------

OWN = ("contact", "address", "note")
OF_DOCUMENTS = ("document", "invoice", "label", "import")


def entity_at(ctx: click.Context) -> str:
    """What the command at ``ctx`` is about: ``client`` where it is nothing else."""
    _program, group, *below = [*ctx.command_path.split(), "", ""]
    if group in OWN:
        return group
    return "document" if group == "sales" and below[0] in OF_DOCUMENTS else "client"


def is_about_one(ctx: click.Context) -> bool:
    """Whether the command is about the fields of what ``entity_at`` says, and not another thing."""
    group = ctx.parent.info_name if ctx.parent else None
    return group == "client" or entity_at(ctx) != "client"


def entity_of(operation: str) -> str:
    """What a file holds that ``client.import`` or ``sales.import`` takes in."""
    group = operation.partition(".")[0]
    return "document" if group == "sales" else group


def filtered_fields(ctx: click.Context) -> Sequence[ListField]:
    """The fields that the ``--filter`` of a command knows; those of targets excepted."""
    from interop_cli.store.reading import addresses, clients, contacts, documents, notes

    lists = {
        "client": clients.FIELDS,
        "contact": contacts.VIEW.fields,
        "address": addresses.VIEW.fields,
        "note": notes.VIEW.fields,
        "document": documents.VIEW.fields,
    }
    return lists[entity_at(ctx)]


# -- types --------------------------------------------------------------------------------------


class ReadyOrFile(FileRead):
    """A mapping that comes with the program, or a TOML file; the former are completed."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from interop_cli.inputs.mapping.loading import ready

        entity = entity_of(ctx.command_path.split()[1]) if ctx.parent else "client"
        names = [name for name in ready(entity) if name.startswith(incomplete)]
        files = super().shell_complete(ctx, param, incomplete)
        return [*(CompletionItem(name) for name in names), *files]
