"""``interop schema``: JSON Schemas of what the commands print, and the tree of commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from interop_cli.domain.columns import Column
from interop_cli.domain.errors import NotFound
from interop_cli.domain.messages import N_, msg
from interop_cli.domain.values.document_kinds import KIND_NAMES, STATUS_NAMES
from interop_cli.shell.command import Command, pass_app

if TYPE_CHECKING:
    from interop_cli.app import App


@click.command(
    "schema",
    cls=Command,
    help=N_(
        "Print the JSON Schema (2020-12) of an entity, of a write's result or of an error; the"
        " list of them without a name; the tree of commands with the name commands.\n\n\b\n"
        "interop schema client\ninterop schema commands"
    ),
)
@click.argument("name", required=False, metavar="[ENTITY|result|error|commands]")
@pass_app
def schema_command(app: App, name: str | None) -> None:
    """Print a JSON Schema."""

    if name is None:
        names = (*SCHEMAS, "commands")
        if app.output.format == "table":
            app.output.text([f"{known}\n" for known in names])
        else:
            app.output.rows([Column("name")], [[(known,) for known in names]], key="name")
        return
    if name == "commands":
        from interop_cli.cli import cli

        found = command_tree(cli)
    elif name in SCHEMAS:
        found = SCHEMAS[name]()
    else:
        raise NotFound(
            "schema.unknown",
            msg("There is no schema of this name."),
            hint=msg("Schemas: {names}", names=", ".join((*SCHEMAS, "commands"))),
        )
    app.output.text([json.dumps(found, indent=2, ensure_ascii=False) + "\n"])


DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

_OPTIONAL_NUMBERS = frozenset({"undoes", "undone_by"})
_REQUIRED_TEXT = frozenset(
    {
        "code",
        "name",
        "language",
        "currency",
        "shipper_identity",
        "created_at",
        "updated_at",
        "client",
        "line1",
        "city",
        "country",
        "at",
        "actor",
        "command",
        "category",
        "text",
        "basis",
    }
)


def _text(*, null: bool = False) -> Schema:
    return {"type": ["string", "null"] if null else "string"}


def _object(title: str, properties: dict[str, Schema]) -> Schema:
    return {
        "$schema": DIALECT,
        "title": title,
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


def _columns(columns: Iterable[Any]) -> dict[str, Schema]:
    from interop_cli.output import ValueKind

    kinds: dict[str, Schema] = {
        ValueKind.INT: {"type": "integer"},
        ValueKind.MONEY: {"type": "integer", "description": "cents"},
        ValueKind.BOOL: {"type": "boolean"},
        ValueKind.TIME: {"type": "string", "format": "date-time"},
        ValueKind.DATE: {"type": "string", "format": "date"},
        ValueKind.JSON: {"type": "array", "items": {"type": "string"}},
    }
    found = {}
    for column in columns:
        if column.hidden:
            continue
        if column.name in _OPTIONAL_NUMBERS:
            found[column.name] = {"type": ["integer", "null"]}
        elif column.kind in kinds:
            found[column.name] = kinds[column.kind]
        else:
            found[column.name] = _text(null=column.name not in _REQUIRED_TEXT)
    return found


def client() -> Schema:
    """A row of ``client list``."""
    from interop_cli.commands.client.reading import column
    from interop_cli.store.reading.clients import LISTED

    return _object("client", _columns(column(field) for field in LISTED))


def card() -> Schema:
    """The object of ``client show``."""
    found = client()
    found["title"] = "card"
    many = {"type": "array", "items": {"type": "object"}}
    count = {"type": "integer", "minimum": 0}
    counts = dict.fromkeys(KIND_NAMES, count)
    documents = {
        "counts": {"type": "object", "properties": counts, "required": list(counts)},
        "latest": {"type": "array", "items": document()},
    }
    logo = {"type": _text(), "size": {"type": "integer"}, "sha256": _text()}
    found["properties"] |= {
        "accounting": {"type": "object", "additionalProperties": _text()},
        "merged_into": _text(null=True),
        "former_codes": {"type": "array", "items": _text()},
        "logo": {"type": ["object", "null"], "properties": logo, "required": list(logo)},
        "contacts": {"type": "array", "items": contact()},
        "addresses": {"type": "array", "items": address()},
        "notes": {"type": "array", "items": note()},
        "documents": {"type": "object", "properties": documents, "required": list(documents)},
        "sales": {"type": "array", "items": sales_total()},
        "sync": many,
    }
    found["required"] = list(found["properties"])
    return found


def address() -> Schema:
    """A row of ``address list``."""
    from interop_cli.store.reading.addresses import columns

    return _object("address", _columns(columns()))


def contact() -> Schema:
    """A row of ``contact list``; ``contact show`` has the client's ``notes`` too."""
    from interop_cli.store.reading.contacts import columns

    found = _object("contact", _columns(columns()))
    found["properties"]["language"] = _text(null=True)  # None: the client's
    return found


def note() -> Schema:
    """A row of ``note list``."""
    from interop_cli.store.reading.notes import columns

    found = _object("note", _columns(columns()))
    file = {"id": {"type": "integer"}, "name": _text(), "size": {"type": "integer"}}
    found["properties"]["attachments"]["items"] = {
        "type": "object",
        "properties": file,
        "required": list(file),
    }
    return found


def document() -> Schema:
    """A row of ``sales document list``."""
    from interop_cli.store.reading.documents import columns

    found = _object("document", _columns(columns()))
    found["properties"]["due_date"] = {"type": ["string", "null"], "format": "date"}
    found["properties"]["kind"] = {"enum": list(KIND_NAMES)}
    found["properties"]["status"] = {"enum": list(STATUS_NAMES)}
    return found


def sales_total() -> Schema:
    """A row of ``sales totals``; ``computed_at`` is null where it was never refreshed."""
    from interop_cli.store.reading.sales import columns

    found = _object("sales_total", _columns(columns()))
    found["properties"]["computed_at"] = {"type": ["string", "null"], "format": "date-time"}
    return found


def operation() -> Schema:
    """A row of ``journal list``."""
    from interop_cli.store.reading.operations import columns

    return _object("operation", _columns(columns()))


def result() -> Schema:
    """What a write prints."""
    count = {"type": "integer", "minimum": 0}
    warning = {
        "path": _text(),
        "code": _text(),
        "message": _text(),
        "line": {"type": ["integer", "null"]},
        "key": _text(null=True),
    }
    return _object(
        "result",
        {
            "schema_version": {"const": 1},
            "operation": _text(),
            "operation_id": {"type": ["integer", "null"]},
            "dry_run": {"type": "boolean"},
            "matched": count,
            "changed": count,
            "unchanged": count,
            "failed": count,
            "items": {"type": "array", "items": {"type": "object"}},
            "warnings": {
                "type": "array",
                "items": {"type": "object", "properties": warning, "required": list(warning)},
            },
        },
    )


def error() -> Schema:
    """The line that an error is, on stderr."""
    detail = {
        "path": _text(),
        "code": _text(),
        "line": {"type": ["integer", "null"]},
        "key": _text(null=True),
        "message": _text(null=True),
    }
    inner = {
        "schema_version": {"const": 1},
        "code": _text(),
        "exit_code": {"type": "integer"},
        "message": _text(),
        "hint": _text(null=True),
        "retryable": {"type": "boolean"},
        "applied": {"type": "boolean"},
        "details": {
            "type": "array",
            "items": {"type": "object", "properties": detail, "required": ["path", "code"]},
        },
    }
    body = {"type": "object", "properties": inner, "required": list(inner)}
    return _object("error", {"error": body})


def results() -> Schema:
    """A line of a ``--results`` file."""
    return _object(
        "results",
        {
            "line": {"type": "integer"},
            "key": _text(null=True),
            "status": {"enum": ["ok", "unchanged", "skipped", "error"]},
            "id": {"type": ["integer", "null"]},
            "error": {"type": ["object", "null"]},
        },
    )


SCHEMAS: dict[str, Callable[[], Schema]] = {
    "client": client,
    "card": card,
    "contact": contact,
    "address": address,
    "note": note,
    "document": document,
    "sales_total": sales_total,
    "operation": operation,
    "result": result,
    "results": results,
    "error": error,
}


def command_tree(root: click.Group) -> Schema:
    """Every command with its arguments and options; the global options once, at the root."""
    from interop_cli.shell.command import GlobalOption

    def described(command: click.Command, context: click.Context) -> Schema:
        params = [
            {
                "name": param.name,
                "kind": param.param_type_name,
                "flags": [*param.opts, *param.secondary_opts],
                "required": param.required,
                "multiple": param.nargs == -1 or getattr(param, "multiple", False),
            }
            for param in command.params
            if context.parent is None or not isinstance(param, GlobalOption)
        ]
        found: Schema = {"params": params}
        if isinstance(command, click.Group):
            found["commands"] = {
                name: described(child, click.Context(child, info_name=name, parent=context))
                for name in command.list_commands(context)
                if (child := command.get_command(context, name)) is not None
            }
        return found

    return {
        "schema_version": 1,
        "interop": described(root, click.Context(root, info_name="interop")),
    }
