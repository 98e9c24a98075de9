"""Groups whose commands are loaded when they are asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import click

from interop_cli.i18n import _
from interop_cli.shell.command import Group

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class LazyGroup(Group):
    """A group whose commands live in modules that are imported when they are asked for.

    ``lazy`` maps a command's name to its module and, where the module should not be imported for
    a summary, to that summary; in its module, ``why-not`` is ``why_not_command``. An import that
    fails is an error, never an unknown command.
    """

    def __init__(
        self, *args: Any, lazy: Mapping[str, tuple[str, str | None]], **attrs: Any
    ) -> None:
        super().__init__(*args, **attrs)
        self.lazy = lazy

    @classmethod
    def of(cls, package: str, modules: Mapping[str, str], text: str) -> Self:
        """The group of a package of commands, called as it is: command -> its module there."""
        lazy = {name: (f"{package}.{module}", None) for name, module in modules.items()}
        return cls(package.rpartition(".")[2], lazy=lazy, help=text)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.lazy and cmd_name not in self.commands:
            module = importlib.import_module(self.lazy[cmd_name][0])
            command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
            self.add_command(command, cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.lazy and not args[0].startswith("-"):
            for name in self.lazy:  # click suggests among those that are loaded
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        names = [name for name in self.lazy if name.startswith(incomplete)]
        return [CompletionItem(name, help=self._summary(ctx, name)) for name in names]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, self._summary(ctx, name)) for name in self.lazy])

    def _summary(self, ctx: click.Context, name: str) -> str:
        summary = self.lazy[name][1]
        if summary is not None:
            return _(summary)
        command = self.get_command(ctx, name)
        return command.get_short_help_str() if command else ""
