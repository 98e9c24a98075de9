"""What was probably meant by a command line that is not understood: here alone, for all commands.

A guess is what to type instead, and never of another kind: for a command a command; for an option
one that this command has, the value of one, the argument or the filter that says the same, or the
command that has it. Commands, options and fields are looked up as they are; the words in which
others say ours are below, and, of fields, in ``inputs/mapping/headings.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from interop_cli.domain.messages import Message, msg
from interop_cli.domain.values.text import closest, fold, words
from interop_cli.shell.effects import reads
from interop_cli.shell.error_boundary import typed

if TYPE_CHECKING:
    from interop_cli.store.reading.fields import ListField

COMMANDS = {
    "create": "add new insert make register ajouter créer nouveau",
    "add": "create new ajouter",
    "edit": "set change modify update rename modifier changer renommer",
    "recode": "rename renommer",
    "remove": "disconnect rm retirer",
    "delete": "remove rm del erase destroy drop supprimer effacer enlever retirer",
    "list": "ls all index query find search count lister liste chercher trouver compter",
    "print": "pdf imprimer",
    "show": "get view read info display cat print pdf open imprimer afficher voir montrer",
    "get": "show read view afficher",
    "set": "edit change modify modifier",
    "unset": "remove delete clear reset effacer",
    "activate": "enable reactivate activer réactiver",
    "deactivate": "disable archive retire désactiver archiver",
    "targets": "list ls",
    "status": "show get state état",
    "merge": "combine join dedupe fusionner",
    "duplicates": "dedupe doublons",
    "export": "dump download exporter",
    "import": "load upload importer",
    "apply": "upsert appliquer",
    "history": "log historique",
    "send": "mail email envoyer",
    "undo": "revert rollback annuler",
    "void": "cancel annuler",
    "refresh": "recompute update rafraîchir actualiser",
    "totals": "sum total totaux",
    "chart": "graph plot graphique",
    "attach": "upload joindre",
    "init": "create setup initialiser",
    "backup": "save dump sauvegarder",
    "restore": "load restaurer",
    "doctor": "status health diagnose",
    "push": "send upload run start now envoyer",
    "pull": "fetch download import recevoir",
    "link": "match import lier",
    "connect": "login auth connexion",
    "migrate": "upgrade update",
    "user": "users utilisateur utilisateurs",
    "label": "labels étiquette étiquettes",
    "main": "primary default principal",
    "default": "primary main défaut",
    "client": "clients customer customers company companies prospect prospects",
    "contact": "contacts person people personne personnes",
    "address": "addresses adresse adresses shipping livraison",
    "note": "notes comment comments commentaire commentaires",
    "document": "documents quote quotes job jobs soumission soumissions",
    "invoice": "invoices bill bills facture factures",
    "sales": "sale ventes vente",
    "db": "database base",
    "config": "settings setting configuration réglages paramètres",
    "journal": "history log historique",
    "route": "map directions itinéraire",
    "help": "man aide",
}
"""Our commands and groups, and what others call them."""

OPTIONS = {
    "filter": "where query filtre",
    "search": "find grep chercher recherche",
    "fields": "columns select field colonnes champs",
    "sort": "order order-by sort-by orderby tri trier",
    "limit": "max head first top",
    "out": "output-file outfile to-file fichier",
    "output": "format",
    "yes": "force assume-yes no-confirm oui",
    "dry-run": "simulate what-if preview simuler",
    "db": "database base",
    "lang": "language locale langue",
    "quiet": "silent",
    "no-input": "batch non-interactive",
    "since": "from after depuis",
    "through": "until to before jusque",
    "main": "default primary principal",
    "default": "main primary principal",
    "text": "message body content texte",
    "attach": "file attachment joindre",
    "copies": "boxes count boîtes",
    "clients": "size count number",
}
"""Our options by their names, and what others call them."""

MOST = 4
_FILL_IN = frozenset({"create", "edit", "add"})
_SET_BY = {
    "active": ("activate", "deactivate"),
    "logo": ("logo",),
    "attachments": ("attach", "detach"),
    "merged_into": ("merge",),
}
"""Fields that have no option of their name, and the options and commands that fill them in."""

_OPPOSITES = {"inactive": "active"}

_SEARCHES = frozenset({"search", "find", "chercher", "trouver"})
_COUNTS = frozenset({"count", "compter"})
_COUNTED = "-o codes | wc -l"


class Unexpected(click.UsageError):
    """More words than the command takes."""


def hint(error: click.UsageError, argv: Sequence[str]) -> Message | None:
    """What to type instead of what was not understood; None where there is no telling."""
    ctx = error.ctx
    if ctx is None:
        return None
    if isinstance(error, click.exceptions.NoSuchCommand):
        found = _commands(ctx, error.command_name, _after(argv, error.command_name))
    elif isinstance(error, click.NoSuchOption):
        found = _options(ctx, error.option_name, argv)
        if not found and (field := _unset(ctx, error.option_name.lstrip("-"))):
            return msg("The field {field} cannot be filled in here.", field=field)
    elif isinstance(error, Unexpected):
        found = _places(ctx)
        if not found:
            return msg("Words that belong together go in quotes.")
    else:
        return None
    guesses = list(dict.fromkeys(found))[:MOST]
    return msg("Did you mean: {guesses}", guesses=", ".join(guesses)) if guesses else None


def _after(argv: Sequence[str], word: str) -> list[str]:
    return [*argv[argv.index(word) + 1 :]] if word in argv else []


# -- commands -----------------------------------------------------------------------------------


def _commands(ctx: click.Context, word: str, rest: Sequence[str]) -> list[str]:
    """The commands that ``word`` names, near ones before far ones."""
    wanted = _ours(word, COMMANDS)
    children = [*_children(ctx)]
    found = _called(children, wanted)
    if not found:
        also = {ours for one in rest[:2] for ours in _ours(one, COMMANDS)}
        around: click.Context | None = ctx
        while around is not None and not found:
            found = _called(_below(around), wanted)
            # Also in the other order: list clients.
            turned = [one for one in found if also & {*one.command_path.split()}]
            if around.parent is None and ctx.parent is not None:
                # A list in another group is a list of another thing.
                found = [one for one in found if isinstance(one.command, click.Group)]
            found = turned or found
            around = around.parent
    if not found:
        near = closest(word, [str(one.info_name) for one in children])
        found = [one for one in children if one.info_name == near]
    elif ctx.parent and ctx.parent.parent and not any(one.info_name == word for one in found):
        # sales invoice print: the documents beside have it.
        found += [one for one in _below(ctx.parent) if one.info_name == word and one not in found]
    if not found and _option_called(ctx, word):
        return [f"{ctx.command_path} --{word}"]
    return [_usage(_within(one, rest), word) for one in found]


def _called(several: Iterable[click.Context], wanted: Sequence[str]) -> list[click.Context]:
    """Those of these names, as the names are ordered."""
    found = [one for one in several if one.info_name in wanted]
    return sorted(found, key=lambda one: wanted.index(str(one.info_name)))


def _ours(word: str, theirs: dict[str, str]) -> list[str]:
    """What we call it: itself first."""
    folded = fold(word)
    return [word, *(our for our, others in theirs.items() if folded in fold(others).split())]


def _within(ctx: click.Context, rest: Sequence[str]) -> click.Context:
    """The command that the ``rest`` names in a group; where it names none, the one that lists."""
    for word in (*rest[:1], "list"):
        if found := _called(_children(ctx), _ours(word, COMMANDS)):
            return found[0]
    return ctx


def _usage(ctx: click.Context, word: str) -> str:
    """How the command is typed, with all that it cannot be without."""
    parts = [ctx.command_path]
    for param in ctx.command.params:
        if isinstance(param, click.Argument) and param.required:
            parts.append(param.make_metavar(ctx))
    if word in _SEARCHES and (searching := _option_called(ctx, "search")):
        parts.append(_as_typed(searching, ctx))
    elif word in _COUNTS and ctx.info_name == "list":
        parts.append(_COUNTED)
    return " ".join(parts)


def _children(ctx: click.Context) -> Iterator[click.Context]:
    if isinstance(ctx.command, click.Group):
        for name in ctx.command.list_commands(ctx):
            if command := ctx.command.get_command(ctx, name):
                yield command.context_class(command, ctx, info_name=name)


def _below(ctx: click.Context) -> Iterator[click.Context]:
    for child in _children(ctx):
        yield child
        yield from _below(child)


# -- options ------------------------------------------------------------------------------------


def _options(ctx: click.Context, flag: str, argv: Sequence[str]) -> list[str]:
    """What says the same as an option that the command does not have."""
    name = flag.lstrip("-")
    value = typed(argv, flag)
    if name in _COUNTS and ctx.info_name == "list":
        return [_COUNTED]
    found = _said_otherwise(ctx, name) or _as_argument(ctx, name)
    if not found and (field := _unset(ctx, name)):
        return _set_by(ctx, field)
    return (
        found
        or _as_value(ctx, name)
        or _as_filter(ctx, name, value)
        or _spelled_so(ctx, name, takes=any(word.startswith(flag + "=") for word in argv))
        or _elsewhere(ctx, name)
    )


def _flags(ctx: click.Context) -> dict[str, click.Option]:
    """The options of a command by their names, without dashes."""
    return {
        flag.lstrip("-"): param
        for param in ctx.command.params
        if isinstance(param, click.Option)
        for flag in (*param.opts, *param.secondary_opts)
    }


def _option_called(ctx: click.Context, name: str) -> click.Option | None:
    return _flags(ctx).get(name)


def _as_typed(param: click.Option, ctx: click.Context, value: str | None = None) -> str:
    if param.is_flag:
        return param.opts[-1]
    return f"{param.opts[0]} {value or param.make_metavar(ctx).strip('[]')}"


def _said_otherwise(ctx: click.Context, name: str) -> list[str]:
    """An option of ours for which others have this name."""
    flags = _flags(ctx)
    ours = [*_ours(name, OPTIONS)[1:], *(field.replace("_", "-") for field in _fields(ctx, name))]
    return [_as_typed(flags[one], ctx) for one in ours if one in flags]


def _fields(ctx: click.Context, name: str) -> list[str]:
    """The field of the command's things that others call so, or that is called so."""
    from interop_cli.inputs.mapping.headings import headings
    from interop_cli.shell.completion import entity_at

    spaced = words(name.replace("-", " ").replace("_", " "))
    return [found] if (found := headings(entity_at(ctx)).get(spaced)) else []


def _as_argument(ctx: click.Context, name: str) -> list[str]:
    """``--client ACME`` where the command takes the client by itself."""
    ours = _ours(name, COMMANDS)
    arguments = [param for param in ctx.command.params if isinstance(param, click.Argument)]
    for param in arguments:
        metavar = param.make_metavar(ctx)
        words_of = {str(param.name), *metavar.strip("[]…").lower().split("|")}
        if words_of & {*ours} or ("client" in ours and "code" in words_of):
            return [f"{ctx.command_path} {metavar.strip('[]')}"]
    return []


def _unset(ctx: click.Context, name: str) -> str | None:
    """The field of that name, where a command that fills in fields has no option for it."""
    from interop_cli.domain.fields import ENTITIES
    from interop_cli.shell.completion import entity_at, is_about_one

    field = _OPPOSITES.get(name, name).replace("-", "_")
    if ctx.info_name not in _FILL_IN or not is_about_one(ctx) or _option_called(ctx, name):
        return None
    known = (one.option for one in ENTITIES[entity_at(ctx)] if not one.internal)
    return field if "--" + field.replace("_", "-") in known else None


def _set_by(ctx: click.Context, field: str) -> list[str]:
    """What fills in a field that has no option of its name: ``--tag``, ``activate``."""
    flags = _flags(ctx)
    named = field.replace("_", "-")
    means = _SET_BY.get(field, ())
    found = [
        _as_typed(param, ctx)
        for flag, param in flags.items()
        if flag.endswith("-" + named) or flag == named.removesuffix("s") or flag in means
    ]
    beside = _children(ctx.parent) if ctx.parent else ()
    return found or [_usage(one, field) for one in _called(beside, means)]


def _as_value(ctx: click.Context, name: str) -> list[str]:
    """``--inactive`` where an option takes that word, ``--csv`` where it is a format."""
    found = []
    for param in ctx.command.params:
        if not isinstance(param, click.Option) or not isinstance(param.type, click.Choice):
            continue
        for choice in param.type.choices:
            if fold(name) in (fold(str(choice)), fold(f"{param.name}-{choice}")):
                found.append(_as_typed(param, ctx, str(choice)))
    return found


def _as_filter(ctx: click.Context, name: str, value: str | None) -> list[str]:
    """``--province QC`` as a filter; a value is repeated only where it is of a closed list."""
    if _option_called(ctx, "filter") is None:
        return []
    from interop_cli.shell.completion import filtered_fields

    known = filtered_fields(ctx)
    wanted = [name.replace("-", "_"), *_fields(ctx, name)]
    for field in known:
        if field.name in wanted:
            return [f'--filter "{field.name} = {_value(field, value)}"']
    if name != "year":
        return []
    year = value if value and value.isdigit() and len(value) == 4 else "YEAR"
    for field in known:
        if field.suffix and field.name.endswith(".YEAR"):
            return [f'--filter "{field.name.removesuffix("YEAR")}{year} > 0"']
        if field.name == "date":
            return [f'--filter "date >= {year}-01-01 and date <= {year}-12-31"']
    return []


def _value(field: ListField, value: str | None) -> str:
    from interop_cli.domain.fields.field import Kind
    from interop_cli.domain.values.closed_lists import meant

    if field.choices and (found := meant(field.choices, value or "", "CA")):
        return found[0]
    return {
        Kind.BOOL: "true",
        Kind.INT: "N",
        Kind.MONEY: "N",
        Kind.DATE: "YYYY-MM-DD",
        Kind.TIME: "YYYY-MM-DD",
        Kind.CODE: "CODE",
    }.get(field.kind, "TEXT")


def _spelled_so(ctx: click.Context, name: str, *, takes: bool) -> list[str]:
    """The option that is spelled nearly so; ``takes``: a value was given with it."""
    flags = {one: param for one, param in _flags(ctx).items() if not (takes and param.is_flag)}
    near = closest(name, flags)
    if near is None:
        return []
    param = flags[near]
    return [f"--{near}" if param.is_flag else _as_typed(param, ctx)]


def _elsewhere(ctx: click.Context, name: str) -> list[str]:
    """The commands that have it: below, or beside where these only read, as this one does."""
    if len(name) == 1:
        return []  # a letter means something else in each
    if isinstance(ctx.command, click.Group) or ctx.parent is None:
        near = [*_below(ctx)]
    else:
        near = [one for one in _children(ctx.parent) if reads(one) is reads(ctx)]
    found = []
    for one in near:
        if (param := _option_called(one, name)) is not None:
            found.append(f"{one.command_path} {_as_typed(param, one)}")
    return found[:2]


def _places(ctx: click.Context) -> list[str]:
    """Where a word goes that a list does not take by itself."""
    param = _option_called(ctx, "search")
    if param is None or ctx.parent is None:
        return []
    shown = [one for one in _children(ctx.parent) if one.info_name == "show"]
    return [*(_usage(one, "show") for one in shown), f"{ctx.command_path} {_as_typed(param, ctx)}"]
