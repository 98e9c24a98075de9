"""``interop schema``: JSON Schemas of what the commands print, and the tree of commands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from interop_cli.commands.frame import Command, pass_app
from interop_cli.domain.columns import Column
from interop_cli.domain.errors import NotFound
from interop_cli.domain.messages import N_, msg

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
    from interop_cli.commands.schemas import SCHEMAS, command_tree

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
