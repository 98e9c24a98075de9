"""``interop completion``: the script that makes a shell complete our commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import get_completion_class

from interop_cli.domain.messages import N_
from interop_cli.shell.command import Command, argument, pass_app

if TYPE_CHECKING:
    from interop_cli.app import App

SHELLS = ("bash", "zsh", "fish", "powershell")


@click.command(
    "completion",
    cls=Command,
    help=N_(
        "Print the completion script of a shell.\n\n\b\n"
        'eval "$(interop completion bash)"\n'
        "interop completion fish > ~/.config/fish/completions/interop.fish"
    ),
)
@argument("shell", type=click.Choice(SHELLS))
@pass_app
def completion_command(app: App, shell: str) -> None:
    """Print the completion script of a shell."""
    from interop_cli.cli import COMPLETION, cli
    from interop_cli.shell.shells import register

    register()
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    app.output.text([kind(cli, {}, "interop", COMPLETION).source().lstrip() + "\n"])
