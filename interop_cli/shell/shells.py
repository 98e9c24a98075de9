"""The scripts that make a shell complete our commands, and what passes between them and us.

A script hands over the line up to the cursor as it was typed, and gets lines of kind, word and
description, apart by tabs. The words are whole, whatever the shell itself takes for one: ``bash``
breaks them at ``=``, ``:`` and ``@``, so that it is given what comes after.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

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
