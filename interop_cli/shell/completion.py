"""What the shell offers for an argument: codes of clients, out of the database; ready mappings.

Silent on any error, and never more than a screenful: a completion must not get in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from click.shell_completion import CompletionItem

from interop_cli.shell.paths import FileRead

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.store.reading.fields import ListField

F = TypeVar("F", bound=Callable[..., Any])
SHOWN = 50


def client_codes(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Codes of active clients that begin as typed."""
    app = cast("App", ctx.find_root().obj)
    app.options.setdefault("lock_timeout", 0.2)
    try:
        from interop_cli.store.reading.called import codes_beginning

        codes = codes_beginning(app.store.conn, incomplete, SHOWN)
    except Exception:  # noqa: BLE001 - no database, no rights, a lock: nothing to offer
        return []
    finally:
        app.close()
    # What our rules would not take as a code is not put in front of somebody's cursor.
    return [code for code in codes if code.isprintable()]


def client_argument(name: str = "client") -> Callable[[F], F]:
    """An argument that names a client, completed from the database."""
    return click.argument(name, metavar="CODE", shell_complete=client_codes)


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


def entity_of(operation: str) -> str:
    """What a file holds that ``client.import`` or ``sales.import`` takes in."""
    group = operation.partition(".")[0]
    return "document" if group == "sales" else group


OWN = ("contact", "address", "note")
OF_DOCUMENTS = ("document", "invoice", "label", "import")


def entity_at(ctx: click.Context) -> str:
    """What the command at ``ctx`` is about: ``client`` where it is nothing else."""
    _program, group, *below = [*ctx.command_path.split(), ""]
    if group in OWN:
        return group
    return "document" if group == "sales" and below[0] in OF_DOCUMENTS else "client"


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
