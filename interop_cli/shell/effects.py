"""The tree of commands, for those who build forms and tools on it: ``interop schema commands``.

What each takes is read off it. What it does stands in a table here: whether it reads or writes,
what confirms it, and the schema of what it gives, ``[]`` where that is a list of these.
``tests/test_command_schema.py`` holds the table against the code of the commands.
"""

from __future__ import annotations

from typing import Any

import click

from interop_cli.shell.command import GlobalOption
from interop_cli.shell.completion import closed_list, entity_at
from interop_cli.shell.paths import NamedFile

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
    "db copy": "object", "db distribute": "object",
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


def command_tree(root: click.Group) -> dict[str, Any]:
    """Every command with its arguments and options, and what it does; enough to build a form.

    The global options stand once, at the root. Help is in English, in every language.
    """

    def described(command: click.Command, context: click.Context) -> dict[str, Any]:
        params = [
            _param(param, context)
            for param in command.params
            if context.parent is None or not isinstance(param, GlobalOption)
        ]
        text = [part for part in (command.help or "").split("\n\n") if part]
        found: dict[str, Any] = {
            "help": _plain("\n\n".join(part for part in text if part[0] != "\b")),
            "examples": [
                line
                for part in text
                if part[0] == "\b"
                for line in part[2:].replace("\\\n", " ").splitlines()
            ],
            "params": params,
        }
        if isinstance(command, click.Group):
            found["commands"] = {
                name: described(child, click.Context(child, info_name=name, parent=context))
                for name in command.list_commands(context)
                if (child := command.get_command(context, name)) is not None
            }
        else:
            found |= effect(command, context)
        return found

    return {
        "schema_version": 1,
        "interop": described(root, click.Context(root, info_name="interop")),
    }


def _plain(text: str | None) -> str | None:
    return " ".join((text or "").split()) or None


def _param(param: click.Parameter, context: click.Context) -> dict[str, Any]:
    """A parameter: its name, flags and kind, the type of its value, what it may be, its help."""
    found: dict[str, Any] = {
        "name": param.name,
        "kind": param.param_type_name,
        "flags": [*param.opts, *param.secondary_opts],
        "required": param.required or bool(getattr(param, "needed", None)),
        "multiple": param.nargs == -1 or getattr(param, "multiple", False),
        "type": _type(param),
        "metavar": None if _type(param) == "boolean" else param.make_metavar(context).strip("[]"),
        "help": _plain(getattr(param, "help", None)),
        "default": _default(param),
    }
    if choices := _choices_of(param, context):
        found["choices"] = choices
    for name in ("min", "max"):
        if (bound := getattr(param.type, name, None)) is not None:
            found[name] = bound
    return found


def _type(param: click.Parameter) -> str:
    """``boolean integer number file string``; a file is one that is read or written."""
    if getattr(param, "is_flag", False):
        return "boolean"
    if isinstance(param.type, NamedFile):
        return "file"
    if isinstance(param.type, click.types.IntParamType):
        return "integer"
    return "number" if isinstance(param.type, click.types.FloatParamType) else "string"


def _default(param: click.Parameter) -> Any:
    """What stands where nothing is typed; None where nothing does, or the command decides."""
    return param.default if isinstance(param.default, str | int | float) else None


def _choices_of(param: click.Parameter, context: click.Context) -> list[str]:
    """The values there are, where the list of them is closed and short."""
    from interop_cli.domain.values.closed_lists import ClosedList, offered

    if isinstance(param.type, click.Choice):
        return [str(choice) for choice in param.type.choices]
    which = closed_list(context, param)
    return [*offered(which)] if which and which is not ClosedList.CURRENCY else []
