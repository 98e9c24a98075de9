"""The root command and the one boundary where errors become words and exit codes."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

import click

from interop_cli import __version__
from interop_cli.app import App
from interop_cli.domain.messages import N_
from interop_cli.shell.command import HELP_FLAGS, option
from interop_cli.shell.lazy import LazyGroup

COMPLETION = "_INTEROP_COMPLETE"
GROUPS = {
    "client": ("interop_cli.commands.client", N_("Clients and prospects.")),
    "contact": (
        "interop_cli.commands.contact",
        N_("People at a client, and who gets its invoices."),
    ),
    "address": ("interop_cli.commands.address", N_("Main and shipping addresses of a client.")),
    "note": ("interop_cli.commands.note", N_("Notes about a client, with attachments.")),
    "sales": ("interop_cli.commands.sales", N_("Documents, invoices, and sales by year.")),
    "sync": ("interop_cli.commands.sync", N_("Push to accounting and to the CRM.")),
    "db": ("interop_cli.commands.db", N_("The database: make, look after, back up.")),
    "config": ("interop_cli.commands.config", N_("Settings of the company and of this user.")),
    "journal": ("interop_cli.commands.journal", N_("What was done, by whom; undo.")),
    "schema": ("interop_cli.commands.schema", N_("JSON Schemas, and the tree of commands.")),
    "completion": ("interop_cli.commands.help", N_("Completion for your shell.")),
    "help": ("interop_cli.commands.help", N_("Help on a command or a topic.")),
}


def _show_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"interop {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    lazy=GROUPS,
    context_settings=HELP_FLAGS,
    help=N_(
        "The Clients module of interOP, on the command line: clients and prospects, their"
        " contacts, addresses and notes, documents, sales totals, and the push to accounting and"
        " to the CRM.\n\nTopics: interop help exit-codes, environment, formatting, filters,"
        " mapping."
    ),
)
@option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help=N_("Show the version and exit."),
)
def cli() -> None:
    """The root of the command tree."""


def main(argv: Sequence[str]) -> int:
    """Run one command line; its exit code. Prints every error, lets none through."""
    from interop_cli.shell import error_boundary

    error_boundary.protect_streams()
    if COMPLETION in os.environ:
        from click.shell_completion import shell_complete

        from interop_cli.shell.completion import register

        register()
        return shell_complete(
            cli, {"obj": App([], os.environ)}, "interop", COMPLETION, os.environ[COMPLETION]
        )
    error_boundary.catch_signals()
    app = App(list(argv), os.environ)
    try:
        code = _run(app, argv)
        error_boundary.ignore_signals()
        return code
    except KeyboardInterrupt as late:  # while the last words were being said
        return getattr(late, "exit_code", 128 + signal.SIGINT)
    finally:
        app.close()


def _run(app: App, argv: Sequence[str]) -> int:
    from interop_cli.shell import error_boundary

    try:
        with cli.make_context("interop", list(argv), obj=app) as ctx:
            cli.invoke(ctx)
        app.finish()
        app.follow_up()
        # Here: a signal before it is still told what became of the work.
        error_boundary.ignore_signals()
        return app.exit_code
    except click.exceptions.Exit as leaving:
        return error_boundary.leave(app, leaving.exit_code)
    except BaseException as error:  # noqa: BLE001 - the boundary
        return error_boundary.report(app, error)
