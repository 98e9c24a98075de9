"""What each command does, for those who build forms and tools on it: ``interop schema commands``.

Whether it reads or writes, what confirms it, and the schema of what it gives, ``[]`` where that is
a list of these. ``tests/test_command_schema.py`` holds the table against the code of the commands.
"""

from __future__ import annotations

from typing import Any

import click

from interop_cli.shell.completion import entity_at

READS = {
    "client list": "client[]", "client show": "card", "client why-not": "object",
    "client export": "client[]", "client history": "object[]", "client duplicates": "object[]",
    "contact list": "contact[]", "contact show": "contact", "contact why-not": "object",
    "contact recipients": "object", "contact export": "contact[]",
    "contact export-personal": "object", "address list": "address[]", "address show": "address",
    "address why-not": "object", "address route": "object", "address autofill": "object[]",
    "note list": "note[]", "note show": "note", "note save": "object[]",
    "note categories": "object[]", "sales document list": "document[]",
    "sales document print": "result", "sales label": "result",
    "sales document show": "document", "sales invoice show": "document",
    "sales totals": "sales_total[]", "sales report": "object[]", "sales chart": "text",
    "sales verify": "object[]", "sync targets": "object[]", "sync plan": "object[]",
    "sync status": "object[]", "sync log": "object[]", "db info": "object", "db check": "object[]",
    "db doctor": "object[]", "db backup": "object", "db user list": "object[]",
    "config list": "object[]", "config get": "object", "config path": "object",
    "journal list": "operation[]", "journal show": "operation", "journal verify": "object[]",
    "schema": "object", "completion": "text", "help": "text",
}  # fmt: skip
"""By command, what those that change nothing give."""

RESULT = frozenset({
    "client create", "client edit", "client activate", "client deactivate", "client promote",
    "client recode", "client delete", "client import", "client apply", "client logo",
    "client send", "client merge", "contact create", "contact edit", "contact activate",
    "contact deactivate", "contact delete", "contact default", "contact billing",
    "contact import", "contact erase", "address create", "address edit", "address delete",
    "address main", "address import", "note create", "note edit", "note delete", "note attach",
    "note detach", "note import", "sales import", "sales document add", "sales document void",
    "sales invoice create", "sales invoice credit", "sales invoice post", "sales invoice send",
    "sales refresh", "config secret",
    "sync add", "sync remove", "sync link", "sync unlink", "sync export", "sync ack", "sync retry",
    "sync push", "db seed", "db grant", "db user set", "db user remove", "config set",
    "config unset", "config logo", "journal undo",
})  # fmt: skip
"""Those that write, and give a ``result``."""
WRITES = {
    "sync connect": "object", "sync fields": "object[]", "sync pull": "object[]",
    "sync resolve": "object[]", "db init": "text", "db migrate": "object", "db restore": "object",
    "db copy": "object",
}  # fmt: skip
"""Those that write and give something else."""
YES = frozenset({
    "client edit", "client activate", "client deactivate", "client promote", "client send",
    "contact activate", "contact deactivate", "contact delete", "address delete", "note delete",
    "sync link", "sync unlink", "journal undo", "sales invoice send",
})  # fmt: skip
"""Those that want ``--yes``: for some, where they are about more than one."""
CONFIRM = frozenset({
    "client recode", "client delete", "client merge", "contact erase", "sync remove", "db restore",
})  # fmt: skip
"""Those that want ``--confirm`` and what it is about."""
ATTENTION = frozenset({
    "sales verify", "journal verify", "db check", "db doctor", "sync status", "sync plan",
    "client why-not", "contact why-not", "address why-not",
})  # fmt: skip
"""Those that end with 10 where there is something to look at."""

ABOUT_NONE = frozenset({"db", "config", "journal", "schema", "completion", "help"})
"""The groups, and the commands without one, that are about no record of the data."""
CALLING = frozenset({"client send", "address autofill", "sales invoice send"})
"""Those that call a remote, besides those of ``sync``."""
ALWAYS = (0, 1, 2, 70, 74, 75, 78)


def reads(ctx: click.Context) -> bool:
    """Whether the command at ``ctx`` changes nothing."""
    return ctx.command_path.partition(" ")[2] in READS


def given(ctx: click.Context) -> str:
    """The name of what the command at ``ctx`` gives, ``[]`` after it for a list."""
    path = ctx.command_path.partition(" ")[2]
    return READS.get(path) or WRITES.get(path) or "result"


def effect(command: click.Command, ctx: click.Context) -> dict[str, Any]:
    """What the command at ``ctx`` does and gives, and the exit codes it may end with."""
    path = ctx.command_path.partition(" ")[2]
    return {
        "writes": path in RESULT or path in WRITES,
        "confirmation": "yes" if path in YES else "confirm" if path in CONFIRM else None,
        "entity": None if path.split()[0] in ABOUT_NONE else entity_at(ctx),
        "result": _schema_of(given(ctx)),
        "exit_codes": _exit_codes(command, path),
    }


def _schema_of(gives: str) -> dict[str, Any]:
    """As JSON Schema; a ``$ref`` is a name that ``interop schema`` takes."""
    one = gives.removesuffix("[]")
    if one == "text":
        return {"type": "string"}
    item = {"type": "object"} if one == "object" else {"$ref": one}
    return {"type": "array", "items": item} if gives.endswith("[]") else item


def _exit_codes(command: click.Command, path: str) -> list[int]:
    """The codes it may end with, those of signals left out."""
    names = {param.name for param in command.params}
    found = {*ALWAYS, 3, 4, 65}
    if path not in READS or names & {"overwrite", "number"}:
        found.add(5)  # what a number names may be several
    if path not in READS or path in ATTENTION:
        found.add(10)
    if path in YES or path in CONFIRM:
        found.add(6)
    if "continue_on_error" in names or path.startswith("sync ") or path in CALLING:
        found |= {5, 68}
    if "autofill" in names or path.startswith("sync ") or path in CALLING:
        found.add(69)
    return sorted(found)
