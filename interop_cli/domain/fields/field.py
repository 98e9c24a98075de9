"""What is said of a field, once: everything that lists fields is derived from these rows.

Neither pydantic nor SQL: reads need the tables too, and start fast. The rule of a field stands in
its entity's model, its column in a migration; ``tests/domain/test_fields.py`` holds table, model
and schema against each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from interop_cli.domain.messages import N_
from interop_cli.domain.values.closed_lists import ClosedList


class ValueKind(StrEnum):
    """What the values of a column are, which decides how each format writes them."""

    TEXT = "text"
    INT = "int"
    BOOL = "bool"  # SQLite gives 0 and 1
    DATE = "date"  # ISO text
    TIME = "time"  # ISO text in UTC
    MONEY = "money"  # integer cents, in a column named ``…_cents``
    PHONE = "phone"  # E.164 with its extension, or as it was typed
    JSON = "json"  # text holding JSON, or a list or dict
    MEMBERS = "members"  # text of an object whose members stand among the row's own; JSON only


NUMBERS = frozenset({ValueKind.INT, ValueKind.MONEY})
WHOLE = NUMBERS | {ValueKind.BOOL, ValueKind.DATE, ValueKind.TIME, ValueKind.PHONE}
"""Values that are never cut: half of one is another."""


class Column(NamedTuple):
    """One column of the rows given to ``Output.rows``.

    ``header`` is the msgid of its title in a table (absent: see ``output/words.py``). ``table``
    says whether a table shows it without ``--fields``; a ``hidden`` column appears in no format
    until it is asked for, as ``contacts`` is in a list for the sake of ``contacts.email``.
    ``rank``: where a table has no room the larger ones leave first, and 1 stays to the last; 0 is
    that of its name (``output/columns.py``). One that is ``whole`` is never cut. ``members`` are
    the keys of its nested objects, so that a wrong one can be named.
    """

    name: str
    kind: ValueKind = ValueKind.TEXT
    header: str | None = None
    hidden: bool = False
    table: bool = True
    rank: int = 0
    whole: bool = False
    members: tuple[str, ...] = ()


SYSTEM = ("id", "version", "created_at", "updated_at")
"""What the store gives to every row by itself."""


class Kind(StrEnum):
    """What a field holds: how it is typed, compared, filtered and shown."""

    TEXT = "text"
    FOLDED = "text, compared without marks and case"
    CODE = "client code"
    UPPER = "code in capitals, or a name as it was typed"
    EMAIL = "e-mail, compared without case"
    PHONE = "phone"
    INT = "int"
    BOOL = "bool"
    TIME = "time"
    DATE = "date"
    MONEY = "cents"
    TAGS = "tags"
    UID = "UUID"
    NAMED = "texts by name"
    JSON = "json"

    @property
    def shown(self) -> ValueKind:
        """How the output writes it."""
        return _SHOWN.get(self, ValueKind.TEXT)


_SHOWN = {
    Kind.INT: ValueKind.INT,
    Kind.BOOL: ValueKind.BOOL,
    Kind.TIME: ValueKind.TIME,
    Kind.DATE: ValueKind.DATE,
    Kind.MONEY: ValueKind.MONEY,
    Kind.PHONE: ValueKind.PHONE,
    Kind.TAGS: ValueKind.JSON,
    Kind.NAMED: ValueKind.JSON,
    Kind.JSON: ValueKind.JSON,
}


class Merge(StrEnum):
    """What becomes of a field when several records are made one."""

    FILL = "the winner's, or a loser's where it has none"
    KEEP = "the winner's; that others differ is said"
    UNION = "all of theirs together"
    ANY = "true where it is of one of them"
    OWN = "not merged: the winner's, or a rule of its own decides"


class Personal(StrEnum):
    """What a field tells of a person: erased with it, and looked for elsewhere."""

    NAME = "names"
    EMAIL = "emails"
    PHONE = "phones"
    OTHER = "other"
    NEVER = "it names a thing: nobody is looked for in it"


class Card(StrEnum):
    """Where a person reads a field: the parts of a client's card, and the head of a document."""

    COORDINATES = "coordinates"
    BILLING = "billing"
    DOCUMENT = "document"


class Field(NamedTuple):
    """A row of a table of fields; a tuple, which every start of the program makes in no time.

    ``title`` is the msgid of its heading, ``help`` that of its option (none: no option);
    ``metavar`` is what the help shows for its value. ``column`` is its column where it has another
    name, ``key`` the column beside it with its folded form. ``place``: it is a field of a client
    that stands in its main address. One that is not ``stored`` is computed by the views; one that
    is not ``listed`` is in no list, export or schema of rows. ``table``: its rank in tables, as
    ``Column`` has it; 0 is not there without ``--fields``. ``whole``: it is never cut there.
    ``taken``: create, edit, import and apply may write it; ``clear``: it may be emptied; ``given``:
    where nothing is said a rule gives it a value, so that an empty cell leaves it as it is.
    ``alone``: its rule looks at its value and at nothing else that is stored, so that it can be
    checked once and written for many. ``internal`` fields are the tool's own: nobody sees them.
    ``synced``: targets may be sent it; ``pulled``: a person may take over what a target
    holds. ``card`` is its place on a card: the part, and the order in it. ``choices`` is the closed
    list that its values are out of.
    """

    name: str
    title: str = ""
    kind: Kind = Kind.TEXT
    help: str = ""
    metavar: str = "TEXT"
    column: str = ""
    key: str = ""
    place: bool = False
    stored: bool = True
    listed: bool = True
    table: int = 0
    whole: bool = False
    taken: bool = True
    clear: bool = True
    given: bool = False
    alone: bool = False
    internal: bool = False
    merge: Merge = Merge.FILL
    personal: Personal | None = None
    searched: bool = False
    synced: bool = True
    pulled: bool = True
    card: tuple[Card, int] | None = None
    choices: ClosedList | None = None

    @property
    def uncut(self) -> bool:
        """Whether a table shows it whole or not at all: codes, and values of closed lists."""
        return self.whole or self.kind is Kind.CODE or self.choices is not None

    @property
    def stands_in(self) -> str:
        """The column that holds it."""
        return self.column or self.name

    @property
    def option(self) -> str:
        """Its option on the command line; amounts are typed as money."""
        return "--" + self.name.removesuffix("_cents").replace("_", "-")


Fields = tuple[Field, ...]

# A file may bring it, and nobody can change it: it has no option, and no empty cell takes it away.
UID = Field(
    "uid",
    N_("Uid"),
    Kind.UID,
    clear=False,
    given=True,
    pulled=False,
    merge=Merge.OWN,
    personal=Personal.NEVER,
)
"""The name that a record keeps for ever."""


def columns(fields: Fields) -> tuple[str, ...]:
    """The columns of the table of an entity, those of the store itself left out."""
    found: list[str] = []
    for field in fields:
        if field.stored and not field.place and field.stands_in not in SYSTEM:
            found += [field.stands_in, field.key] if field.key else [field.stands_in]
    return tuple(found)


def names(fields: Iterable[Field]) -> tuple[str, ...]:
    """Their names."""
    return tuple(field.name for field in fields)


def listed(fields: Fields) -> Fields:
    """Those of a row of a list."""
    return tuple(field for field in fields if field.listed and not field.internal)


def taken(fields: Fields) -> Fields:
    """Those that create, edit, import and apply may write."""
    return tuple(field for field in fields if field.taken and not field.internal)


def merged(fields: Fields, how: Merge) -> tuple[str, ...]:
    """The names of those that are merged in this way, in the order of the table."""
    return tuple(field.name for field in taken(fields) if field.merge is how)


TEXTS = frozenset({Kind.TEXT, Kind.FOLDED, Kind.UPPER, Kind.EMAIL, Kind.PHONE})


def flags(fields: Fields) -> tuple[str, ...]:
    """The columns that hold a yes or a no."""
    return tuple(field.stands_in for field in fields if field.stored and field.kind is Kind.BOOL)


def given(fields: Fields) -> frozenset[str]:
    """The names of those that an empty cell leaves as they are: they always have a value."""
    return frozenset(
        field.name for field in taken(fields) if field.given or field.kind is Kind.BOOL
    )


def pulled(fields: Fields) -> frozenset[str]:
    """The names of those whose value in a target a person may take over."""
    return frozenset(
        field.name
        for field in taken(fields)
        if field.pulled and field.synced and field.kind in TEXTS
    )


def on_card(fields: Fields, part: Card) -> tuple[Field, ...]:
    """The fields of a part of a card, in its order."""
    found = [field for field in fields if field.card and field.card[0] is part]
    return tuple(sorted(found, key=lambda field: field.card or (part, 0)))
