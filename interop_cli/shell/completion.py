"""What the shell offers where the cursor stands, with a word about each.

An option or an argument is completed by what its help calls it: where a ``CODE`` is wanted, codes
are offered; where it is a field of a closed list, the list. So a new command is completed without a
word about it here. Silent on any error, and never more than a screenful: a completion must not get
in the way.

A shell's script hands over the line up to the cursor as it was typed, and gets lines of kind, word
and description, apart by tabs. The words are whole, whatever the shell itself takes for one:
``bash`` breaks them at ``=``, ``:`` and ``@``, so that it is given what comes after.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

from interop_cli.shell.paths import FileRead

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.values.closed_lists import ClosedList
    from interop_cli.store.reading.fields import ListField

SHOWN = 50
PART = "part"
"""The type of an item that more is typed after, so that no space follows it."""
Offer = tuple[str, str]
"""A value, and what is said of it."""


class Place(NamedTuple):
    """Where the cursor stands: the command, the parameter, what is typed of its value."""

    app: App
    ctx: click.Context
    param: click.Parameter
    typed: str


def offered(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem] | None:
    """What may stand there; None where nothing is known about it."""
    source = source_of(ctx, param)
    if source is None:
        return None
    app = cast("App", ctx.find_root().obj)
    app.options.setdefault("lock_timeout", 0.2)
    try:
        return [*_items(source, Place(app, ctx, param, incomplete))]
    except Exception:  # noqa: BLE001 - no database, no rights, a lock: nothing to offer
        return []
    finally:
        app.close()


Source = Callable[[Place], Iterable[Offer | CompletionItem]]


def _items(source: Source, place: Place) -> Iterator[CompletionItem]:
    from interop_cli.domain.values.text import fold

    start = fold(place.typed)
    count = 0
    for found in source(place):
        if isinstance(found, CompletionItem):
            yield found
            continue
        value, said = found
        # What our rules would not take is not put in front of somebody's cursor.
        if fold(value).startswith(start) and value.isprintable():
            yield CompletionItem(value, help=said or None)
            count += 1
        if count == SHOWN:
            return


def source_of(ctx: click.Context, param: click.Parameter) -> Source | None:
    """What completes a parameter: by its name where that says more than what help calls it."""
    if isinstance(param.type, click.Choice) or getattr(param, "is_flag", False):
        return None
    from interop_cli.shell.offers import BY_METAVAR, BY_NAME, of_closed_list

    name = str(param.name)
    if name in BY_NAME:
        return BY_NAME[name]
    if which := closed_list(ctx, param):
        return lambda _place: of_closed_list(which)
    called = re.findall(r"[A-Z_]+", param.make_metavar(ctx).partition("=")[0])
    if name == "name" and not isinstance(param, click.Option):
        group = ctx.command_path.split()[1]
        called = {"config": ["KEY"], "sync": ["TARGET"]}.get(group, [])
        called = [] if ctx.info_name == "add" else called
    return next((BY_METAVAR[word] for word in called if word in BY_METAVAR), None)


def closed_list(ctx: click.Context, param: click.Parameter) -> ClosedList | None:
    """The closed list that the values of an option are out of: that of its field."""
    from interop_cli.domain.fields import ENTITIES

    if not isinstance(param, click.Option):
        return None
    fields = ENTITIES[entity_at(ctx)]
    return next((field.choices for field in fields if field.name == param.name), None)


# -- what a command is about --------------------------------------------------------------------

OWN = ("contact", "address", "note")
OF_DOCUMENTS = ("document", "invoice", "label", "import")


def entity_at(ctx: click.Context) -> str:
    """What the command at ``ctx`` is about: ``client`` where it is nothing else."""
    _program, group, *below = [*ctx.command_path.split(), "", ""]
    if group in OWN:
        return group
    return "document" if group == "sales" and below[0] in OF_DOCUMENTS else "client"


def is_about_one(ctx: click.Context) -> bool:
    """Whether the command is about the fields of what ``entity_at`` says, and not another thing."""
    group = ctx.parent.info_name if ctx.parent else None
    return group == "client" or entity_at(ctx) != "client"


def entity_of(operation: str) -> str:
    """What a file holds that ``client.import`` or ``sales.import`` takes in."""
    group = operation.partition(".")[0]
    return "document" if group == "sales" else group


def filtered_fields(ctx: click.Context) -> Sequence[ListField]:
    """The fields that the ``--filter`` of a command knows; those of targets excepted."""
    from interop_cli.store.reading import addresses, clients, contacts, documents, notes

    lists = {
        "client": clients.FIELDS,
        "contact": contacts.VIEW.fields,
        "address": addresses.VIEW.fields,
        "note": notes.VIEW.fields,
        "document": documents.VIEW.fields,
    }
    return lists[entity_at(ctx)]


# -- types --------------------------------------------------------------------------------------


class ReadyOrFile(FileRead):
    """A mapping that comes with the program, or a TOML file; the former are completed."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from interop_cli.inputs.mapping.loading import ready

        entity = entity_of(ctx.command_path.split()[1]) if ctx.parent else "client"
        names = [name for name in ready(entity) if name.startswith(incomplete)]
        files = super().shell_complete(ctx, param, incomplete)
        return [*(CompletionItem(name) for name in names), *files]


BASH = r"""
%(complete_func)s() {
    local kind word
    COMPREPLY=()
    while IFS=$'\t' read -r kind word; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            part) compopt -o nospace; COMPREPLY+=("$word") ;;
            *) COMPREPLY+=("$word") ;;
        esac
    done < <(env COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_BREAKS="$COMP_WORDBREAKS" \
        %(complete_var)s=bash_complete "$1" 2> /dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""
ZSH = r"""
#compdef %(prog_name)s
%(complete_func)s() {
    local -a lines row whole parts
    local line
    (( ! $+commands[%(prog_name)s] )) && return 1
    lines=("${(@f)$(env COMP_LINE="${(j: :)words[1,CURRENT]}" %(complete_var)s=zsh_complete \
        %(prog_name)s 2> /dev/null)}")
    for line in $lines; do
        row=("${(@s:	:)line}")
        case $row[1] in
            dir) _path_files -/ ;;
            file) _path_files -f ;;
            part) parts+=("${row[2]//:/\\:}${row[3]:+:$row[3]}") ;;
            plain) whole+=("${row[2]//:/\\:}${row[3]:+:$row[3]}") ;;
        esac
    done
    (( $#whole )) && _describe -V '%(prog_name)s' whole
    (( $#parts )) && _describe -V '%(prog_name)s' parts -S ''
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""
FISH = r"""
function %(complete_func)s
    for line in (env COMP_LINE=(commandline -cp | string collect) %(complete_var)s=fish_complete \
        %(prog_name)s 2> /dev/null)
        set -l row (string split \t -- $line)
        switch $row[1]
            case dir
                __fish_complete_directories $row[2]
            case file
                __fish_complete_path $row[2]
            case '*'
                string join \t -- $row[2..]
        end
    end
end
complete --no-files --keep-order --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


class Word(NamedTuple):
    """A word of a command line: what it means, and the quote that is still open at its end."""

    text: str
    quote: str = ""


def words(line: str) -> list[Word]:
    """The words of a line as a shell reads them; the last one is where the cursor stands."""
    found: list[Word] = []
    text, quote, begun, escaped = "", "", False, False
    for char in line:
        if escaped:
            text, escaped = text + char, False
        elif char == "\\" and quote != "'":
            begun = escaped = True
        elif quote:
            text, quote = (text, "") if char == quote else (text + char, quote)
        elif char in "'\"":
            quote, begun = char, True
        elif char.isspace():
            if begun:
                found.append(Word(text))
            text, begun = "", False
        else:
            text, begun = text + char, True
    return [*found, Word(text, quote)]


class _Shell(ShellComplete):
    """What the shells have in common."""

    word: Word
    head: str

    def complete(self) -> str:
        try:
            args, incomplete = self.get_completion_args()
            items = self.get_completions(args, incomplete)
            return "\n".join(self.format_completion(item) for item in items)
        except Exception:  # noqa: BLE001 - nothing to offer
            return ""

    def get_completion_args(self) -> tuple[list[str], str]:
        _program, *args, self.word = words(os.environ.get("COMP_LINE", "interop "))
        text = self.word.text
        # An option with its value: click completes the value alone.
        self.head = text[: text.find("=") + 1] if text.startswith("--") else ""
        return [word.text for word in args], text

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        if args[-1:] != ["--sort"] or incomplete[:1] != "-":
            return super().get_completions(args, incomplete)
        # What begins with a minus is an option to click; here it is a field, turned round.
        found = super().get_completions(args, incomplete[1:])
        return [CompletionItem(f"-{item.value}", help=item.help) for item in found]

    def format_completion(self, item: CompletionItem) -> str:
        # Not even a description tells a terminal anything but letters.
        said = "".join(char if char.isprintable() else " " for char in item.help or "")
        return f"{item.type}\t{self.head}{item.value}\t{said}".rstrip("\t")


class Bash(_Shell):
    """It shows no descriptions, and puts in what it is given as it is."""

    name = "bash"
    source_template = BASH

    def format_completion(self, item: CompletionItem) -> str:
        value = item.value
        if not self.word.quote:
            typed = self.word.text[len(self.head) :]
            breaks = set(os.environ.get("COMP_BREAKS", "@=:")) - {*" \t\n\"'\\"}
            end = max((place + 1 for place, char in enumerate(typed) if char in breaks), default=0)
            value = _escaped(value[end:])
        elif self.word.quote == '"':
            value = "".join("\\" + char if char in '"\\$`' else char for char in value)
        return f"{item.type}\t{value}"


def _escaped(text: str) -> str:
    """``text`` as one word outside quotes."""
    return "".join(
        char if char.isalnum() or char in "-_./,:=@+%#" else "\\" + char for char in text
    )


class Zsh(_Shell):
    """It quotes what it puts in by itself."""

    name = "zsh"
    source_template = ZSH


class Fish(_Shell):
    """It quotes what it puts in by itself, too."""

    name = "fish"
    source_template = FISH


def register() -> None:
    """Have click know our shells; that of PowerShell is its own."""
    for shell in (Bash, Zsh, Fish):
        add_completion_class(shell)
