"""What the shell offers where the cursor stands, with a word about each.

An option or an argument is completed by what its help calls it: where a ``CODE`` is wanted, codes
are offered; where it is a field of a closed list, the list. So a new command is completed without a
word about it here. Silent on any error, and never more than a screenful: a completion must not get
in the way. ``shell/shells.py`` has what each shell needs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import click
from click.shell_completion import CompletionItem

from interop_cli.i18n import _
from interop_cli.shell.paths import FileRead

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.values.closed_lists import ClosedList
    from interop_cli.store.reading.fields import ListField

F = TypeVar("F", bound=Callable[..., Any])
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
    name = str(param.name)
    if name in _BY_NAME:
        return _BY_NAME[name]
    if isinstance(param, click.Option) and (which := _choices(ctx, name)):
        return lambda _place: of_closed_list(which)
    called = re.findall(r"[A-Z_]+", param.make_metavar(ctx).partition("=")[0])
    if name == "name" and not isinstance(param, click.Option):
        group = ctx.command_path.split()[1]
        called = {"config": ["KEY"], "sync": ["TARGET"], "schema": ["ENTITY"]}.get(group, [])
        called = [] if ctx.info_name == "add" else called
    return next((_BY_METAVAR[word] for word in called if word in _BY_METAVAR), None)


def _choices(ctx: click.Context, name: str) -> ClosedList | None:
    from interop_cli.domain.fields import ENTITIES

    for field in ENTITIES[entity_at(ctx)]:
        if field.name == name:
            return field.choices
    return None


# -- what a command is about --------------------------------------------------------------------

OWN = ("contact", "address", "note")
OF_DOCUMENTS = ("document", "invoice", "label", "import")


def entity_at(ctx: click.Context) -> str:
    """What the command at ``ctx`` is about: ``client`` where it is nothing else."""
    _program, group, *below = [*ctx.command_path.split(), "", ""]
    if group in OWN:
        return group
    return "document" if group == "sales" and below[0] in OF_DOCUMENTS else "client"


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


# -- rows ---------------------------------------------------------------------------------------


def _clients(place: Place) -> Iterable[Offer | CompletionItem]:
    """Codes of active clients, of inactive ones where they are made active; or files of them."""
    from interop_cli.store.reading.references import codes_beginning

    if place.typed[:1] == "@":
        return _files(place.typed)
    active = place.ctx.command_path != "interop client activate"
    return codes_beginning(place.app.store.conn, place.typed, SHOWN, active=active)


def _files(typed: str) -> Iterator[CompletionItem]:
    folder, _sep, start = typed[1:].rpartition("/")
    head = f"@{folder}/" if _sep else "@"
    with os.scandir(Path(folder or ("/" if _sep else ".")).expanduser()) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.name.startswith(start) and entry.name.isprintable():
                end, kind = ("/", PART) if entry.is_dir() else ("", "plain")
                yield CompletionItem(head + entry.name + end, type=kind)


def _ids(entity: str | None) -> Source:
    """The ids of an entity, or of the one that the command is about, the latest first."""

    def ids(place: Place) -> Iterable[Offer]:
        from interop_cli.store.reading.references import ids_beginning

        typed = place.typed.removeprefix("#")
        if typed and not typed.isdecimal():
            return []
        head = place.typed[: len(place.typed) - len(typed)]
        of = entity or entity_at(place.ctx)
        found = ids_beginning(place.app.store.conn, of, typed, SHOWN)
        return [(f"{head}{row_id}", said) for row_id, said in found]

    return ids


def _numbers(place: Place) -> Iterable[Offer]:
    from interop_cli.store.reading.references import numbers_beginning

    if place.typed[:1] == "#":
        return _ids("document")(place)  # type: ignore[return-value]
    return numbers_beginning(place.app.store.conn, place.typed, SHOWN)


def _tags(place: Place) -> Iterable[Offer]:
    from interop_cli.store.reading.references import tags

    return [(tag, "") for tag in tags(place.app.store.conn)]


def _targets(place: Place) -> Iterable[Offer]:
    from interop_cli.store.sync.targets import all_targets

    return [(target.name, target.kind) for target in all_targets(place.app.store.conn)]


def _batches(place: Place) -> Iterable[Offer]:
    from interop_cli.store.sync.batches import waiting

    return [(batch, "") for batch in waiting(place.app.store.conn)]


def _operations(place: Place) -> Iterable[Offer]:
    if isinstance(place.param, click.Option):
        from interop_cli.store.reading.operations import names

        return [(name, "") for name in names(place.app.store.conn)]
    last = (
        [("last", _("the latest of yours"))]
        if "last" in place.param.make_metavar(place.ctx)
        else []
    )
    return [*last, *cast("Iterable[Offer]", _ids("operation")(place))]


def _users(place: Place) -> Iterable[Offer]:
    from interop_cli.store.reading.users import rows

    return [(str(row[1]), str(row[2])) for row in rows(place.app.store.conn)]


# -- words --------------------------------------------------------------------------------------


def of_closed_list(which: ClosedList) -> Iterable[Offer]:
    """The values of a closed list: provinces of the neighbours, all countries, all currencies."""
    from interop_cli.domain.values import closed_lists
    from interop_cli.i18n import language

    if which is closed_lists.ClosedList.PROVINCE:
        from interop_cli.domain.values.places import country_rules, province_names

        for country in closed_lists.NEIGHBOURS:
            rules, known = country_rules(country), set()
            for name in province_names(country):
                code = rules.province_code(name)
                if code and code not in known and name != code:
                    known.add(code)
                    yield code, name
    elif which is closed_lists.ClosedList.COUNTRY:
        from interop_cli.domain.values.places import country_codes, country_name

        yield from ((code, country_name(code, language())) for code in country_codes())
    elif which is closed_lists.ClosedList.CURRENCY:
        yield from ((code, "") for code in sorted(closed_lists.currencies()))
    else:
        yield from ((word, "") for word in closed_lists.offered(which))


def _categories(place: Place) -> Iterable[Offer]:
    return [(category, "") for category in place.app.settings.get("note.categories")]


def _keys(_place: Place) -> Iterable[Offer]:
    from interop_cli.settings.table import SETTINGS

    return [(setting.name, _(setting.help)) for setting in SETTINGS.values()]


def _setting_values(place: Place) -> Iterable[Offer]:
    from interop_cli.settings.table import SETTINGS, SettingType

    name = place.ctx.params.get("name")
    for setting in SETTINGS.values():
        if setting.name == name:
            words = ("true", "false") if setting.type is SettingType.BOOL else setting.choices
            return [(word, "") for word in words]
    return []


def _years(place: Place) -> Iterable[Offer]:
    this = place.app.today.year
    return [(str(year), "") for year in range(this, this - 6, -1)]


def _days(place: Place) -> Iterable[Offer]:
    today = place.app.today
    yield today.isoformat(), _("today")
    yield today.replace(day=1).isoformat(), _("the first of the month")
    yield today.replace(month=1, day=1).isoformat(), _("the first of the year")


def _words(place: Place) -> Iterable[Offer]:
    """What ``interop help`` takes: topics first, then the words of a command."""
    from interop_cli.commands.help import TOPICS

    command: click.Command = place.ctx.find_root().command
    ctx = place.ctx.find_root()
    words = place.ctx.params.get("words") or ()
    for word in words:
        if not isinstance(command, click.Group) or not (found := command.get_command(ctx, word)):
            return
        command, ctx = found, click.Context(found, ctx, word)
    if not words:
        yield from ((topic, _("a topic")) for topic in TOPICS)
    for item in (
        command.shell_complete(ctx, place.typed) if isinstance(command, click.Group) else ()
    ):
        if not item.value.startswith("-"):
            yield item.value, item.help or ""


def _schemas(_place: Place) -> Iterable[Offer]:
    from interop_cli.commands.schema import SCHEMAS

    return [(name, "") for name in (*SCHEMAS, "commands")]


def _kinds(_place: Place) -> Iterable[Offer]:
    from interop_cli.connectors import kinds

    return [(kind, "") for kind in kinds()]


def _encodings(_place: Place) -> Iterable[Offer]:
    names = ("utf-8", "cp1252", "cp850", "utf-16", "latin-1", "mac-roman")
    return [(name, "") for name in names]


# -- fields -------------------------------------------------------------------------------------


def _columns(place: Place) -> Iterable[CompletionItem]:
    """Fields after a comma, those that are there already left out."""
    head, comma, start = place.typed.rpartition(",")
    there = head.split(",")
    for name, said in _titled(place.ctx, columns=True):
        if name.startswith(start) and name not in there:
            yield CompletionItem(f"{head}{comma}{name}", help=said)


def _orders(place: Place) -> Iterable[CompletionItem]:
    """Fields to sort by."""
    for name, said in _titled(place.ctx):
        if name.startswith(place.typed):
            yield CompletionItem(name, help=said)


def _titled(ctx: click.Context, *, columns: bool = False) -> list[Offer]:
    """The fields of a list with their titles; those it shows, or those it can be sorted by."""
    from interop_cli.domain.fields import ENTITIES

    titles = {field.name: field.title for field in ENTITIES[entity_at(ctx)]}
    return [
        (field.name, _(titles.get(field.name, "")))
        for field in filtered_fields(ctx)
        if field.suffix is None and (field.listed or not columns)
    ]


_VALUE = re.compile(
    r"(?s)(?P<head>.*?(?P<field>[^\W\d][\w.\-]*)\s*"
    r"(?:!=|<=|>=|=|<|>|~|(?:\s+not)?\s+in\s*\((?:[^()]*,)?)\s*)(?P<start>[^\s()\"'=<>!~,]*)$",
    re.IGNORECASE,
)
_FIELD = re.compile(r"(?is)(?P<head>(?:.*(?:\b(?:and|or|not)\s+|\(\s*))?)(?P<start>[\w.\-]*)$")


def _filters(place: Place) -> Iterable[CompletionItem]:
    """A field with its operators; then its values, where they are out of a list."""
    fields = [*filtered_fields(place.ctx), *_of_targets(place)]
    if found := _VALUE.fullmatch(place.typed):
        field = next((one for one in fields if one.name == found["field"]), None)
        for value, said in _values(place, field) if field else ():
            if value.casefold().startswith(found["start"].casefold()):
                quoted = f'"{value}"' if re.search(r"[\s,()]", value) else value
                yield CompletionItem(found["head"] + quoted, help=said or None)
    elif found := _FIELD.fullmatch(place.typed):
        titles = dict(_titled(place.ctx))
        this = str(place.app.today.year)
        named = [(field.name.replace("YEAR", this), field) for field in fields]
        begun = [(name, field) for name, field in named if name.startswith(found["start"])]
        for name, field in begun:
            for sign in _signs(field) if len(begun) == 1 else ("=",):
                text = f"{found['head']}{name}{sign}"
                yield CompletionItem(text, type=PART, help=titles.get(name) or None)


def _of_targets(place: Place) -> Sequence[ListField]:
    if entity_at(place.ctx) != "client" or "sync" not in place.typed:
        return ()
    from interop_cli.store.sync import states

    return states.fields(place.app.store.conn, ["sync."])


def _signs(field: ListField) -> tuple[str, ...]:
    """The operators that make sense for a field."""
    from interop_cli.domain.fields.field import Kind

    if field.kind in (Kind.INT, Kind.MONEY, Kind.DATE, Kind.TIME):
        return "=", "!=", "<", "<=", ">", ">="
    if field.kind is Kind.BOOL or field.choices:
        return "=", "!="
    return "=", "!=", "~"


def _values(place: Place, field: ListField) -> Iterable[Offer]:
    from interop_cli.domain.fields.field import Kind

    if field.choices:
        return of_closed_list(field.choices)
    if field.kind is Kind.BOOL:
        return [("true", _("yes")), ("false", _("no"))]
    if field.kind is Kind.TAGS:
        return _tags(place)
    if field.kind in (Kind.DATE, Kind.TIME):
        return [*_days(place), ("-30d", ""), ("-1y", ""), ("-3y", "")]
    if field.kind is Kind.CODE and (found := _VALUE.fullmatch(place.typed)):
        return cast("Iterable[Offer]", _clients(place._replace(typed=found["start"])))
    if field.name == "category":
        return _categories(place)
    return []


_BY_METAVAR: dict[str, Source] = {
    "CODE": _clients,
    "WINNER": _clients,
    "LOSER": _clients,
    "ID": _ids(None),
    "NUMBER": _numbers,
    "OPERATION": _operations,
    "TARGET": _targets,
    "BATCH": _batches,
    "KEY": _keys,
    "KIND": _kinds,
    "USER": _users,
    "ENTITY": _schemas,
    "COMMAND": _words,
    "YEAR": _years,
    "YYYY": _days,
    "EXPR": _filters,
    "F": _orders,
    "A": _columns,
}
"""By what help calls a value."""
_BY_NAME: dict[str, Source] = {
    "category": _categories,
    "tags": _tags,
    "target_name": _targets,
    "target": _targets,
    "encoding": _encodings,
    "value": _setting_values,
    "contact_id": _ids("contact"),
    "contact": _ids("contact"),
    "ship_to": _ids("address"),
    "attachment_ids": _ids("attachment"),
    "attachment": _ids("attachment"),
    "code": lambda _place: (),
    "confirmation": lambda _place: (),
}
"""By the parameter; nothing is offered for a code that is new, and none to confirm with."""


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
