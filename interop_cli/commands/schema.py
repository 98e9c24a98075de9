"""``interop schema``: JSON Schemas of what the commands print, and the tree of commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import NotFound
from interop_cli.domain.fields import ENTITIES
from interop_cli.domain.fields.field import Column, ValueKind, listed
from interop_cli.domain.messages import msg
from interop_cli.domain.values.closed_lists import KIND_NAMES, STATUS_NAMES
from interop_cli.shell.command import argument, command

if TYPE_CHECKING:
    from interop_cli.app import App


@command("schema")
@argument(
    "name",
    required=False,
    metavar="[ENTITY|result|error|commands]",
    shell_complete=lambda _ctx, _param, typed: [
        name for name in (*SCHEMAS, "commands") if name.startswith(typed)
    ],
)
def schema_command(app: App, name: str | None) -> None:
    """Print the JSON Schema (2020-12) of an entity, of a write's result or of an error; the list
    of them without a name; the tree of commands with the name commands.

    \b
    interop schema client
    interop schema commands
    """

    if name is None:
        names = (*SCHEMAS, "commands")
        if app.output.format == "table":
            app.output.text([f"{known}\n" for known in names])
        else:
            app.output.rows([Column("name")], [[(known,) for known in names]], key="name")
        return
    if name == "commands":
        from interop_cli.cli import cli
        from interop_cli.shell.effects import command_tree

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
_REQUIRED_TEXT = frozenset({"client", "currency", "at", "actor", "command", "basis", "name"})


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


KINDS: dict[str, Schema] = {
    ValueKind.INT: {"type": "integer"},
    ValueKind.MONEY: {"type": "integer", "description": "cents"},
    ValueKind.BOOL: {"type": "boolean"},
    ValueKind.TIME: {"type": "string", "format": "date-time"},
    ValueKind.DATE: {"type": "string", "format": "date"},
    ValueKind.JSON: {"type": "array", "items": {"type": "string"}},
}


def _entity(name: str) -> Schema:
    """A row of a list of this entity; what may be emptied may be null."""
    found: dict[str, Schema] = {}
    for field in listed(ENTITIES[name]):
        schema = dict(KINDS.get(field.kind.shown, _text()))
        if field.clear and schema["type"] == "string":
            schema["type"] = ["string", "null"]
        found[field.name] = schema
    return _object(name, found)


def _columns(columns: Iterable[Any]) -> dict[str, Schema]:
    found = {}
    for column in columns:
        if column.hidden:
            continue
        if column.name in _OPTIONAL_NUMBERS:
            found[column.name] = {"type": ["integer", "null"]}
        elif column.kind in KINDS:
            found[column.name] = KINDS[column.kind]
        else:
            found[column.name] = _text(null=column.name not in _REQUIRED_TEXT)
    return found


def client() -> Schema:
    """A row of ``client list``."""
    return _entity("client")


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
        "mailings": many,
        "sales": {"type": "array", "items": sales_total()},
        "sync": many,
    }
    found["required"] = list(found["properties"])
    return found


def address() -> Schema:
    """A row of ``address list``."""
    return _entity("address")


def contact() -> Schema:
    """A row of ``contact list``; ``contact show`` has the client's ``notes`` too."""
    return _entity("contact")


def note() -> Schema:
    """A row of ``note list``."""
    found = _entity("note")
    file = {"id": {"type": "integer"}, "name": _text(), "size": {"type": "integer"}}
    found["properties"]["attachments"]["items"] = {
        "type": "object",
        "properties": file,
        "required": list(file),
    }
    return found


def document() -> Schema:
    """A row of ``sales document list``."""
    found = _entity("document")
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
    found = _object(
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
            "warnings": _warnings(),
        },
    )
    # What an import says besides.
    counts = {"type": "object", "additionalProperties": count}
    imported = {"created": count, "updated": count, "found": counts, "merged": count}
    found["properties"] |= {**imported, "reasons": _reasons()}
    return found


def _list_of(properties: dict[str, Schema]) -> Schema:
    item = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "array", "items": item}


def _warnings() -> Schema:
    return _list_of(
        {
            "path": _text(),
            "code": _text(),
            "message": _text(),
            "line": {"type": ["integer", "null"]},
            "key": _text(null=True),
        }
    )


def _reasons() -> Schema:
    """The faults of an import by their kinds, with the lines of the first few of each."""
    return _list_of(
        {
            "code": _text(),
            "path": _text(),
            "message": _text(null=True),
            "count": {"type": "integer", "minimum": 1},
            "lines": {"type": "array", "items": {"type": "integer"}},
        }
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
        "applied": {"type": ["boolean", "null"]},
        "details": {
            "type": "array",
            "items": {"type": "object", "properties": detail, "required": ["path", "code"]},
        },
    }
    # What a refused import says besides: how many rows are wrong, and the warnings that it had.
    refused = {"rows": {"type": "integer"}, "reasons": _reasons(), "warnings": _warnings()}
    body = {"type": "object", "properties": inner | refused, "required": list(inner)}
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
            "error": {
                "type": ["object", "null"],
                "properties": {
                    "code": _text(),
                    "path": _text(),
                    "message": _text(null=True),
                    # Of several rows that are one record, the one that is wrong.
                    "line": {"type": ["integer", "null"]},
                },
                "required": ["code"],
            },
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
