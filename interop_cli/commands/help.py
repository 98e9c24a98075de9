"""``interop help``: any command's help, and topics that no command owns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interop_cli.commands.frame import Command, pass_app
from interop_cli.commands.topics import TOPICS
from interop_cli.domain.errors import NotFound
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _

if TYPE_CHECKING:
    from interop_cli.app import App


@click.command(
    "help",
    cls=Command,
    help=N_(
        "Show the help of a command, or a topic: exit-codes, environment, formatting, filters.\n\n"
        "\b\ninterop help client edit\ninterop help filters"
    ),
)
@click.argument("words", nargs=-1, metavar="[COMMAND…|TOPIC]")
@pass_app
def help_command(app: App, words: tuple[str, ...]) -> None:
    """Show the help of a command, or a topic."""
    if len(words) == 1 and words[0] in TOPICS:
        app.output.text([_(TOPICS[words[0]]) + "\n"])
        return
    context = click.get_current_context().find_root()
    command: click.Command = context.command
    for word in words:
        found = command.get_command(context, word) if isinstance(command, click.Group) else None
        if found is None:
            raise NotFound(
                "help.unknown",
                msg("There is no command or topic of this name."),
                hint=msg("Topics: {topics}. Commands: interop --help", topics=", ".join(TOPICS)),
            )
        command, context = found, found.context_class(found, info_name=word, parent=context)
    app.output.text([command.get_help(context) + "\n"])
