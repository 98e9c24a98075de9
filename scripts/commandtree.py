"""The tree of commands, walked: for the catalogue, the documentation and the tests."""

from __future__ import annotations

from collections.abc import Iterator

import click


def commands() -> Iterator[click.Context]:
    """A context for every command, the root first, in the order in which help lists them.

    ``context.command`` is the command, ``context.command_path`` what one types to reach it.
    """
    from interop_cli.cli import cli

    return below(_context(cli, "interop", None))


def below(ctx: click.Context) -> Iterator[click.Context]:
    """``ctx`` and the commands under it."""
    yield ctx
    if isinstance(ctx.command, click.Group):
        for name in ctx.command.list_commands(ctx):
            command = ctx.command.get_command(ctx, name)
            if command is None:
                raise LookupError(f"{ctx.command_path} lists {name} and has no such command")
            yield from below(_context(command, name, ctx))


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    return command.context_class(
        command, parent, info_name=name, terminal_width=80, **command.context_settings
    )
