"""Where the values come from that ``shell/completion.py`` offers, by what help calls them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
from click.shell_completion import CompletionItem

from interop_cli.i18n import _, local_time
from interop_cli.shell.completion import (
    PART,
    SHOWN,
    Offer,
    Place,
    Source,
    entity_at,
    filtered_fields,
)

if TYPE_CHECKING:
    from interop_cli.domain.values.closed_lists import ClosedList
    from interop_cli.store.reading.fields import ListField


# -- rows ---------------------------------------------------------------------------------------


def _clients(place: Place) -> Iterable[Offer | CompletionItem]:
    """Codes of active clients, of inactive ones where they are made active; or files of them."""
    from interop_cli.store.reading.offers import codes_beginning

    if place.typed[:1] == "@":
        return _files(place.typed)
    active = place.ctx.command_path != "interop client activate"
    return codes_beginning(place.app.store.conn, place.typed, SHOWN, active=active)


def _codes(place: Place) -> Iterable[Offer | CompletionItem]:
    return () if isinstance(place.param, click.Option) else _clients(place)  # the new code


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
        from interop_cli.store.reading.offers import ids_beginning

        typed = place.typed.removeprefix("#")
        if typed and not typed.isdecimal():
            return []
        head = place.typed[: len(place.typed) - len(typed)]
        of = entity or entity_at(place.ctx)
        found = ids_beginning(place.app.store.conn, of, typed, SHOWN)
        return [(f"{head}{row_id}", "  ".join(map(local_time, said))) for row_id, said in found]

    return ids


def _numbers(place: Place) -> Iterable[Offer]:
    from interop_cli.output.words import spoken
    from interop_cli.store.reading.offers import numbers_beginning

    if place.typed[:1] == "#":
        return _ids("document")(place)  # type: ignore[return-value]
    found = numbers_beginning(place.app.store.conn, place.typed, SHOWN)
    return [
        (number, "  ".join((spoken("kind", kind), *others))) for number, (kind, *others) in found
    ]


def _tags(place: Place) -> Iterable[Offer]:
    from interop_cli.store.reading.offers import tags

    return [(tag, "") for tag in tags(place.app.store.conn)]


def _targets(place: Place) -> Iterable[Offer]:
    from interop_cli.store.sync.targets import all_targets

    return [(target.name, target.kind) for target in all_targets(place.app.store.conn)]


def _batches(place: Place) -> Iterable[Offer]:
    from interop_cli.store.sync.log import waiting_batches

    return [(batch, "") for batch in waiting_batches(place.app.store.conn)]


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
        for country in closed_lists.NEIGHBOURS:
            yield from _provinces(country)
    elif which is closed_lists.ClosedList.COUNTRY:
        from interop_cli.domain.values.places import country_codes, country_name

        yield from ((code, country_name(code, language())) for code in country_codes())
    elif which is closed_lists.ClosedList.CURRENCY:
        yield from ((code, "") for code in sorted(closed_lists.currencies()))
    else:
        yield from ((word, "") for word in closed_lists.offered(which))


def _provinces(country: str) -> Iterator[Offer]:
    """The provinces of a country, and what they are called: in French where there is a name."""
    from interop_cli.domain.values.places import country_rules, province_names
    from interop_cli.i18n import language

    rules = country_rules(country)
    called: dict[str, str] = {}
    for name in province_names(country):  # the English ones stand before the French
        code = rules.province_code(name)
        if code and name != code and (code not in called or language() == "fr"):
            called[code] = name
    yield from called.items()


def _categories(place: Place) -> Iterable[Offer]:
    return [(category, "") for category in place.app.settings.get("note.categories")]


def _keys(_place: Place) -> Iterable[Offer]:
    from interop_cli.settings.table import SETTINGS

    return [(setting.name, _(setting.help)) for setting in SETTINGS.values()]


def _setting_values(place: Place) -> Iterable[Offer]:
    from interop_cli.settings.table import SETTINGS, SettingType

    name = place.ctx.params.get("name")
    if name == "defaults.province":
        return _provinces(place.app.settings.get("defaults.country"))
    for setting in SETTINGS.values():
        if setting.name == name:
            words = ("true", "false") if setting.type is SettingType.BOOL else setting.choices
            return [(word, "") for word in words]
    return []


def _years(place: Place) -> Iterable[Offer]:
    this = place.app.this_year
    return [(str(year), "") for year in range(this, this - 6, -1)]


def _days(place: Place) -> Iterable[Offer]:
    today = place.app.today
    yield today.isoformat(), _("today")
    yield today.replace(day=1).isoformat(), _("the first of the month")
    yield today.replace(month=1, day=1).isoformat(), _("the first of the year")


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
    for name, said in _given(place.ctx):
        if name.startswith(start) and name not in there:
            yield CompletionItem(f"{head}{comma}{name}", help=said)


def _given(ctx: click.Context) -> Iterable[Offer]:
    """The fields of what a command gives, with their titles, where they are known."""
    from interop_cli.domain.fields import ENTITIES
    from interop_cli.domain.fields.field import listed
    from interop_cli.shell.effects import given

    what = given(ctx).removesuffix("[]")
    entity = "client" if what == "card" else what
    if entity in ENTITIES:
        return [(field.name, _(field.title)) for field in listed(ENTITIES[entity])]
    from interop_cli.store.reading import operations, sales

    columns = {"sales_total": sales.columns, "operation": operations.columns}.get(what, list)
    return [(column.name, "") for column in columns()]


def _sorted_by(place: Place) -> Iterable[CompletionItem]:
    """Fields to sort by."""
    for name, said in _titled(place.ctx):
        if name.startswith(place.typed):
            yield CompletionItem(name, help=said)


def _titled(ctx: click.Context) -> list[Offer]:
    """The fields that a list can be filtered and sorted by, with their titles."""
    from interop_cli.domain.fields import ENTITIES

    titles = {field.name: field.title for field in ENTITIES[entity_at(ctx)]}
    return [
        (field.name, _(titles.get(field.name, "")))
        for field in filtered_fields(ctx)
        if field.suffix is None
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
        this = str(place.app.this_year)
        named = [(field.name.replace("YEAR", this), field) for field in fields]
        begun = [(name, field) for name, field in named if name.startswith(found["start"])]
        for name, field in begun:
            for sign in _signs(field) if len(begun) == 1 else ("=",):
                text = f"{found['head']}{name}{sign}"
                yield CompletionItem(text, type=PART, help=titles.get(name) or None)


def _of_targets(place: Place) -> Sequence[ListField]:
    if entity_at(place.ctx) != "client" or "sync" not in place.typed:
        return ()
    from interop_cli.store.sync import sources

    return sources.state_fields(place.app.store.conn, ["sync."])


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
    from interop_cli.domain.values.closed_lists import ClosedList

    if field.choices is ClosedList.NOTE_CATEGORY:  # which the company makes
        return _categories(place)
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
    return []


BY_METAVAR: dict[str, Source] = {
    "CODE": _clients,
    "KEPT_CODE": _clients,
    "ABSORBED_CODE": _clients,
    "ID": _ids(None),
    "NUMBER": _numbers,
    "OPERATION": _operations,
    "TARGET": _targets,
    "BATCH": _batches,
    "KEY": _keys,
    "KIND": _kinds,
    "USER": _users,
    "YEAR": _years,
    "YYYY": _days,
    "DATE": _days,
    "EXPR": _filters,
    "F": _sorted_by,
    "A": _columns,
}
"""By what help calls a value."""
BY_NAME: dict[str, Source] = {
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
    "code": _codes,
    "confirmation": lambda _place: (),
}
"""By the parameter; nothing is offered to confirm with."""
