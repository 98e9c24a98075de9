"""What every command has: the global options on both sides, and help in the user's language."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from click.core import ParameterSource

from interop_cli import FORMATS
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _, language, ngettext
from interop_cli.shell import paths

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem
    from click.types import OptionHelpExtra


F = TypeVar("F", bound=Callable[..., Any])
HELP_FLAGS = {"help_option_names": ["-h", "--help"]}


# What help calls a value, where it is a word; its other names (CODE, ID, N) are the same in French.
_PLACEHOLDERS = (
    N_("ABSORBED_CODE"), N_("AMOUNT"), N_("BATCH"), N_("COLUMN"), N_("COMMAND"), N_("EMAIL"),
    N_("ENTITY"), N_("FIELD"), N_("FILE"), N_("FOLDER"), N_("KEPT_CODE"), N_("KIND"), N_("NAME"),
    N_("NEW_CODE"), N_("NUMBER"), N_("OPERATION"), N_("PATH"), N_("PRICE"), N_("QTY"),
    N_("REMOTE_ID"), N_("ROLE"), N_("SIDE"), N_("TARGET"), N_("TAX"), N_("TEXT"),
    N_("THEIRS"), N_("TOPIC"), N_("USER"),
    N_("VALUE"), N_("YEAR"), N_("YYYY-MM-DD"), N_("YYYY-MM-DD[THH:MM]"),
)  # fmt: skip


def placeholders(text: str) -> str:
    """``text`` of a usage line or an option with the names of values in the user's language."""
    found = re.compile(r"(?<![\w-])(?:" + "|".join(_PLACEHOLDERS) + r")(?![\w-])")
    return found.sub(lambda name: _(name[0]), text)


class Parameter(click.Parameter):
    """A parameter that ``shell/completion.py`` completes, where it knows what it is.

    It holds something: what a variable of the shell gives that was never set is refused, and is
    neither nobody nor everybody. ``empty``: "" means something here, as where it clears a field.
    """

    def __init__(self, *args: Any, empty: bool = False, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        self.empty = empty

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        found = super().process_value(ctx, value)
        several = value if isinstance(value, (tuple, list)) else (value,)
        if "" in several and not self.empty and not ctx.resilient_parsing:
            raise UsageError(
                "usage.empty",
                msg("{name}: nothing is given here.", name=self._called(ctx)),
                hint=msg("A variable of the shell that holds nothing?"),
            )
        return found

    def _called(self, ctx: click.Context) -> str:
        if isinstance(self, click.Argument):
            return placeholders(self.make_metavar(ctx)).strip("[]")
        return max(self.opts, key=len)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from interop_cli.shell.completion import offered

        found = offered(ctx, self, incomplete)
        return super().shell_complete(ctx, incomplete) if found is None else found


class Argument(Parameter, click.Argument):
    """An argument that is completed."""


class Option(Parameter, click.Option):
    """An option whose help is a msgid, translated when it is shown.

    ``needed`` is a msgid that help has instead of "required", where what is lacking is refused by
    the rules of what it is about, along with all else that is wrong with it.
    """

    def __init__(self, *args: Any, needed: str | None = None, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        self.needed = needed

    def get_help_extra(self, ctx: click.Context) -> OptionHelpExtra:
        extra = super().get_help_extra(ctx)
        if self.needed:
            extra["required"] = self.needed
        return extra

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        msgid, self.help = self.help, _(self.help or "")
        try:
            found = super().get_help_record(ctx)
            return (placeholders(found[0]), found[1]) if found else None
        finally:
            self.help = msgid


class GlobalOption(Option):
    """Accepted before and after the subcommand; what was typed last, stands."""

    def __init__(self, *flags: str, **attrs: Any) -> None:
        super().__init__(flags, expose_value=False, callback=self._remember, **attrs)

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        # Only what is typed counts, and each command has all of them at each of its words: a
        # fifth of the time of a short command.
        return super().handle_parse_result(ctx, opts, args) if self.name in opts else (None, args)

    @staticmethod
    def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        name = str(param.name)
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            ctx.find_root().obj.options[name] = value


def global_options() -> list[click.Parameter]:
    """The options of CLI.md that every command takes; one set of objects, made once."""
    if not _GLOBALS:
        _GLOBALS.extend(_make_global_options())
    return _GLOBALS


_GLOBALS: list[click.Parameter] = []


def _make_global_options() -> list[click.Parameter]:
    flag: dict[str, Any] = {"is_flag": True}
    choice = click.Choice
    return [
        GlobalOption(
            "--db", metavar="PATH|URL", help=N_("The database: a file, or postgresql://…")
        ),
        GlobalOption("-o", "--output", type=choice(FORMATS), help=N_("Format of the data.")),
        GlobalOption("--json", **flag, help=N_("Same as -o json.")),
        GlobalOption("--fields", metavar="A,B,C", help=N_("Columns, and their order.")),
        GlobalOption("--out", type=paths.OUT, metavar="FILE", help=N_("Write the data to a file.")),
        GlobalOption(
            "--dialect",
            type=choice(("rfc4180", "excel-fr")),
            help=N_("Form of the CSV; excel-fr has semicolons, a BOM and CRLF."),
        ),
        GlobalOption("--lang", type=choice(("fr", "en")), help=N_("Language of the messages.")),
        GlobalOption("-q", "--quiet", **flag, help=N_("Print nothing when all is well.")),
        GlobalOption("-v", "--verbose", **flag, help=N_("Say more on stderr.")),
        GlobalOption("--no-pager", **flag, help=N_("Show long output at once, without a pager.")),
        GlobalOption("--no-input", **flag, help=N_("Never ask.")),
        GlobalOption("-y", "--yes", **flag, help=N_("Agree to the moderate confirmation.")),
        GlobalOption("-n", "--dry-run", **flag, help=N_("Do everything, then roll it back.")),
        GlobalOption(
            "--color", type=choice(("auto", "always", "never")), help=N_("When to use colour.")
        ),
        GlobalOption(
            "--lock-timeout",
            type=click.FloatRange(min=0),
            metavar="S",
            help=N_("Seconds to wait for a lock (30)."),
        ),
        GlobalOption(
            "--error-format",
            type=choice(("text", "json")),
            help=N_("Form of errors; json is implied by -o json and -o ndjson."),
        ),
        GlobalOption(
            "--fail-if-unchanged", **flag, help=N_("Exit 10 when a write changed nothing.")
        ),
        GlobalOption("--debug", **flag, help=N_("Write a traceback to a file when it fails.")),
    ]


class HelpFormatter(click.HelpFormatter):
    """Help whose headings end as the user's language ends them: French has a space before ``:``."""

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{_('{title}:', title=heading)}\n")


class Context(click.Context):
    """A context that writes such help."""

    formatter_class = HelpFormatter


class Translated(click.Command):
    """Takes the global options; help, usage and sections are in the user's language."""

    context_class = Context
    _help_language: str | None = None

    def __init__(self, *args: Any, **attrs: Any) -> None:
        attrs.setdefault("context_settings", HELP_FLAGS)
        super().__init__(*args, **attrs)
        # A docstring becomes a msgid without the indentation of its place in the code.
        self.help = inspect.cleandoc(self.help) if self.help else None
        self.params.extend(global_options())

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        msgid, self.help = self.help, _(self.help or "")
        try:
            super().format_help_text(ctx, formatter)
        finally:
            self.help = msgid

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        # click keeps the option it made, in the language of that moment.
        if self._help_language != language():
            self._help_option, self._help_language = None, language()
        return super().get_help_option(ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        found = super().shell_complete(ctx, incomplete)
        for item in found:  # the help of an option is a msgid
            item.help = " ".join(_(item.help or "").split("\n\n")[0].split()) or None
        return found

    def get_short_help_str(self, limit: int = 60) -> str:
        text = _(self.short_help or self.help or "").split("\n\n")[0].split("\b")[0]
        return " ".join(text.split()).rstrip(".")

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [placeholders(piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own: list[tuple[str, str]] = []
        shared: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                (shared if isinstance(param, GlobalOption) else own).append(record)
        if own:
            with formatter.section(_("Options")):
                formatter.write_dl(own)
        if ctx.parent is None and shared:
            with formatter.section(_("Global options, before or after the subcommand")):
                formatter.write_dl(shared)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if ctx.parent is not None:
            formatter.write_paragraph()
            formatter.write_text(_("Global options (--db, -o, --fields, -n, -q …): interop --help"))


class Command(Translated):
    """A leaf, whose function gets the App first.

    It does nothing before all that it will write is found to destroy nothing. ``out_folder``: its
    ``--out`` names a folder.
    """

    def __init__(self, *args: Any, out_folder: bool = False, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        self.out_folder = out_folder
        self.allow_extra_args = True  # they are refused below, by a class that tells them apart

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            rest = super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # where a value is lacking, click leaves it out
            raise
        if rest and not ctx.resilient_parsing:
            from interop_cli.shell.guesses import Unexpected

            text = ngettext("One word too many.", "{n} words too many.", len(rest))
            raise Unexpected(text, ctx)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        app = ctx.find_root().obj
        paths.check(app, self, ctx.params)
        return ctx.invoke(cast("Callable[..., Any]", self.callback), app, **ctx.params)


class Group(Translated, click.Group):
    """A group of commands of our kind."""

    command_class = Command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        Translated.format_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)


class Count(click.IntRange):
    """A whole number that the database can hold: a larger one becomes the largest."""

    LARGEST = 2**63 - 1

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        return min(int(super().convert(value, param, ctx)), self.LARGEST)


class RowId(Count):
    """The id of a row, typed ``12`` or, as cards and codes show it, ``#12``."""

    name = "id"

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = value.removeprefix("#") if isinstance(value, str) else value
        return super().convert(text, param, ctx)


def command(
    name: str, cls: type[Command] = Command, **attrs: Any
) -> Callable[[Callable[..., None]], Command]:
    """``click.command`` of a ``Command``."""
    return click.command(name, cls=cls, **attrs)


def argument(name: str, **attrs: Any) -> Callable[[F], F]:
    """``click.argument`` that is completed."""
    return click.argument(name, cls=Argument, **attrs)


def option(*flags: str, **attrs: Any) -> Callable[[F], F]:
    """``click.option`` with a translated help."""
    return click.option(*flags, cls=Option, **attrs)


def options(*several: Callable[[Any], Any]) -> Callable[[F], F]:
    """Options that commands share, as one decorator; help lists them in this order."""

    def decorate(function: F) -> F:
        decorated: Any = function
        for one in reversed(several):
            decorated = one(decorated)
        return cast(F, decorated)

    return decorate


def gathered(
    name: str, kind: Callable[..., Any], members: Iterable[str], *several: Callable[[Any], Any]
) -> Callable[[F], F]:
    """Options that a command gets as one value, called ``name``: what ``kind`` makes of them."""
    parts = tuple(members)

    def decorate(function: F) -> F:
        @wraps(function)
        def with_value(*args: Any, **kwargs: Any) -> Any:
            value = kind(**{part: kwargs.pop(part) for part in parts})
            return function(*args, **{name: value}, **kwargs)

        return options(*several)(cast(F, with_value))

    return decorate


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were typed."""
    return {name: value for name, value in fields.items() if value is not None}
