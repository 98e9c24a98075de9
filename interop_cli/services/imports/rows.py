"""What every import of rows does: all of them or none, rejects with reasons, and counts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from interop_cli.domain.entity import wrong
from interop_cli.domain.errors import (
    Conflict,
    Detail,
    InteropError,
    InvalidData,
    NotFound,
    Parts,
    Place,
)
from interop_cli.domain.messages import Message, counted, msg
from interop_cli.domain.rules import Context
from interop_cli.domain.values.code import uid_key
from interop_cli.services import MAX_ITEMS, Outcome

if TYPE_CHECKING:
    from interop_cli.store.writing.unit_of_work import UnitOfWork


MAX_DETAILS = 1000
FIRST_LINES = 5  # that are named of each kind of fault


T = TypeVar("T")


class Again(Exception):
    """An import found out too late that a row is not to be written: see ``repeated``."""


def repeated(work: Callable[[], T]) -> T:
    """What ``work`` gives, done from the start as often as it raises ``Again``.

    Each time it must know what the last time has found out.
    """
    while True:
        try:
            return work()
        except Again:
            continue


PassOn = Callable[[Any, list[Detail]], None]


@dataclass
class Reason:
    """Faults of one kind: how many, the first of them, and the lines of the first few."""

    first: Detail
    count: int = 0
    lines: list[int] = field(default_factory=list)

    def add(self, detail: Detail) -> None:
        """Count one more."""
        self.count += 1
        if detail.line is not None and len(self.lines) < FIRST_LINES:
            self.lines.append(detail.line)

    def as_dict(self) -> dict[str, Any]:
        """As it is shown; the message is one to translate."""
        one = self.first
        told = {"code": one.code, "path": one.path, "message": one.message}
        return {**told, "count": self.count, "lines": self.lines}


@dataclass
class Rejects:
    """``pass_on`` gets each row with its faults, in the order of the lines of a batch.

    Only the first ``MAX_DETAILS`` faults stay here: a file may have millions of bad rows. All of
    them are counted by their kind.
    """

    pass_on: PassOn | None = None
    count: int = 0
    details: list[Detail] = field(default_factory=list)
    _batch: list[tuple[Any, list[Detail]]] = field(default_factory=list)
    _reasons: dict[tuple[str, str], Reason] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.count > 0

    def add(self, record: Any, details: list[Detail]) -> None:
        """Refuse a row."""
        self.count += 1
        self._batch.append((record, details))

    def flush(self) -> None:
        """Pass on the rows of a batch."""
        for record, details in sorted(self._batch, key=lambda pair: pair[0].line):
            self.details.extend(details[: MAX_DETAILS - len(self.details)])
            for one in details:
                self._reasons.setdefault((one.code, one.path), Reason(one)).add(one)
            if self.pass_on is not None:
                self.pass_on(record, details)
        self._batch.clear()

    def reasons(self) -> list[dict[str, Any]]:
        """The kinds of faults, the commonest first: ``code path message count lines``."""
        found = sorted(self._reasons.values(), key=lambda one: (-one.count, one.lines))
        return [one.as_dict() for one in found]


class FileRow(Protocol):
    """A row of the file, its fields already named as ours."""

    @property
    def line(self) -> int: ...
    @property
    def values(self) -> dict[str, Any]: ...
    @property
    def error(self) -> Detail | None: ...
    @property
    def parts(self) -> Parts: ...


@dataclass
class RowImport(ABC):
    """An import at work; a subclass writes a batch of rows in ``batch``."""

    uow: UnitOfWork
    context: Context
    continue_on_error: bool = False
    want_rows: bool = False
    large: bool = False  # whether the file is known to have many rows
    outcome: Outcome = field(default_factory=Outcome)
    rejected: Rejects = field(default_factory=Rejects)
    created: int = 0
    updated: int = 0
    _items: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    _withdrawn: set[int] = field(default_factory=set)
    _amended: set[int] = field(default_factory=set)  # lines whose client changed at the end only
    size: ClassVar[int] = 5000

    @abstractmethod
    def batch(self, records: Sequence[FileRow]) -> None:
        """Write these rows, or reject some of them."""

    def batches(self, records: Iterator[FileRow]) -> Generator[Sequence[FileRow]]:
        """The rows in batches."""
        while rows := list(islice(records, self.size)):
            yield rows

    def finish(self) -> None:  # noqa: B027 - nothing, where nothing depends on them all
        """Write what depends on all the rows; not called where a row was refused for good."""

    def conclude(self) -> None:  # noqa: B027 - nothing, where nothing depends on them all
        """Check what depends on all the rows, and write it where nothing is ``refused``."""

    @property
    def refused(self) -> bool:
        """Whether nothing will be written: the rest is read for its faults."""
        return bool(self.rejected) and not self.continue_on_error

    def builds(self) -> bool:
        """Whether the next rows are thought to be of something new."""
        return not self.refused and 2 * self.created >= self.outcome.matched

    def run(self, records: Iterable[FileRow]) -> Outcome:
        """Write every row, or none where one is not valid and the import does not go on.

        Raises InvalidData ``import.invalid`` with a detail a fault, ``import.empty`` for a file
        without rows.
        """
        if self.want_rows:
            self.outcome.rows = []
        # Two imports of one file must not both find that nobody is there.
        self.uow.in_turn("import")
        with closing(self.batches(iter(records))) as batches:
            for rows in batches:
                self.outcome.matched += len(rows)
                self.batch(rows)
                self.rejected.flush()
        if self.outcome.matched == 0:
            raise InvalidData("import.empty", msg("The file has no rows; nothing was written."))
        self.conclude()
        self.rejected.flush()
        if self.refused:
            raise self._refusal()
        self.finish()
        self.rejected.flush()
        self._count()
        return self.outcome

    # -- results ----------------------------------------------------------------------------

    def note(self, line: int, key: str | None, item: dict[str, Any]) -> None:
        """Say what became of a row: ``item`` has ``id``, ``status`` and ``error``."""
        if len(self._items) <= MAX_ITEMS:  # one more tells that there are too many
            self._items.append((line, {"line": line, **item}))
        if self.outcome.rows is not None:
            shown = {name: item[name] for name in ("status", "id", "error")}
            self.outcome.rows.append({"line": line, "key": key, **shown})

    def amend(self, line: int, action: str) -> None:
        """A row that was noted as ``unchanged`` has changed something after all."""
        if action == "unchanged" and line not in self._amended:
            self._amended.add(line)
            self.updated += 1

    def reject(
        self,
        record: Any,
        key: str | None,
        error: InteropError,
        item: dict[str, Any] | None = None,
        path: str = "",
    ) -> None:
        """Keep a row apart with the reason; what is no fault of the row is raised again.

        ``item`` is what is known of the row; its key as ``code`` where not given. ``path`` is the
        field that an error without details is about.
        """
        if not isinstance(error, (InvalidData, Conflict, NotFound)):
            raise error
        place = Place(record.line, key, parts=record.parts)
        details = [place.of(one) for one in error.at(record.line, key, path).details]
        self.rejected.add(record, details)
        first = details[0]
        told = {"code": first.code, "path": first.path, "message": first.message}
        fault = {**told, "line": first.line}  # of several rows, the one that is wrong
        known = {"id": None, "code": key} if item is None else item
        self.note(record.line, key, {**known, "status": "error", "error": fault})

    def _refusal(self) -> InvalidData:
        return InvalidData(
            "import.invalid",
            counted(
                "{count} of {total} rows is not valid; nothing was written.",
                "{count} of {total} rows are not valid; nothing was written.",
                count=self.rejected.count,
                total=self.outcome.matched,
            ),
            hint=self._way_out(),
            details=self.rejected.details,
            rows=self.rejected.count,
            reasons=self.rejected.reasons(),
        )

    def _way_out(self) -> Message:
        if {one["code"] for one in self.rejected.reasons()} == {"import.duplicate"}:
            return msg(
                "Keep one row of each, or keep them apart: --continue-on-error --rejects FILE; rows"
                " that are parts of one record are joined by a column they share (join: interop"
                " help mapping)"
            )
        return msg(
            "Write the good rows and keep the others apart: --continue-on-error --rejects FILE"
        )

    def _count(self) -> None:
        outcome = self.outcome
        outcome.failed = self.rejected.count
        outcome.changed = self.created + self.updated
        outcome.unchanged = outcome.matched - outcome.changed - outcome.failed
        outcome.extra = {
            "created": self.created,
            "updated": self.updated,
            "reasons": self.rejected.reasons(),
        }
        outcome.items = [
            item
            for line, item in sorted(self._items, key=lambda pair: pair[0])
            if item["error"] or line not in self._withdrawn
        ]
        outcome.warnings = self.context.warnings
        for item in (*outcome.items, *(outcome.rows or ())):
            if item["line"] in self._amended and item["status"] == "unchanged":
                item |= {"status": "ok"} | ({"action": "updated"} if "action" in item else {})
        if outcome.rows is not None:
            rows = sorted(outcome.rows, key=lambda row: int(row["line"]))
            outcome.rows = [
                row for row in rows if row["error"] or row["line"] not in self._withdrawn
            ]


_PAGE = 256


class LineNumbers:
    """Line numbers by client id: eight bytes a client, where a dict takes a hundred.

    Ids are given one after the other, so that pages of them are well filled.
    """

    def __init__(self) -> None:
        self._pages: dict[int, array[int]] = {}

    def setdefault(self, client_id: int, line: int) -> int:
        """The line noted for a client; ``line``, which is noted now, where there is none."""
        number, place = divmod(client_id, _PAGE)
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = array("q", bytes(8 * _PAGE))
        if page[place] == 0:
            page[place] = line
        return page[place]

    def get(self, client_id: int) -> int:
        """The line noted for a client; 0 where there is none."""
        page = self._pages.get(client_id // _PAGE)
        return page[client_id % _PAGE] if page else 0


def also_on_line(name: str, line: int) -> InvalidData:
    """Another row is about the same client, or has the same value."""
    return wrong(name, "import.duplicate", msg("is also on line {line}", line=line))


def uid_of(record: Any) -> str | None:
    """The uid that a record brings, as it is stored; None where it brings none."""
    said = record.values.get("uid")
    return (uid_key(said) or None) if said else None
