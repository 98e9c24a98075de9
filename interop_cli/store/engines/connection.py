"""The seam between interop's SQL and the engines that run it.

Business SQL is written once, with ``:name`` placeholders, and runs on SQLite and on PostgreSQL.
What really differs between them is here, as methods that return a value or a piece of SQL; nothing
outside ``store/`` asks which engine it is talking to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from interop_cli.domain.fields.field import ValueKind

Row = dict[str, Any]
Values = Sequence[Any]
Member = tuple[str, str, "ValueKind"]
"""A member of a JSON object: its name, its SQL, and what that holds."""


class Match(NamedTuple):
    """A condition on ``c`` for what a search finds, and what it binds.

    ``within``, where that is many clients, makes of a word another condition: for those of them
    that have this word, too.
    """

    sql: str
    params: Mapping[str, object]
    within: Callable[[str], tuple[str, Mapping[str, object]]] | None = None


class Connection(Protocol):
    """One open database. Raises only the errors of ``domain.errors``."""

    engine: str
    """``sqlite`` or ``postgres``: for ``db info`` and the migrations."""

    readers_block_writers: bool
    """True where an open read keeps writers waiting (SQLite without WAL)."""

    by_client: bool
    """True where a row may lie with its client, apart from those of others (a server).

    What no two rows may share, whosever they are, then stands in the table ``taken``.
    """

    @property
    def distributed(self) -> bool:
        """True where tables may lie on several nodes.

        A row then goes to another client by being deleted and inserted.
        """

    side_by_side: bool
    """Whether several write at once: what was read may be another by now, unless it is locked."""

    def query(self, sql: str, /, **params: object) -> list[Row]:
        """All rows of a statement, each a dict by column name."""

    def batches(
        self, sql: str, params: Mapping[str, object], size: int = 1000
    ) -> Generator[list[tuple[Any, ...]]]:
        """The rows of a statement as lists of at most ``size`` tuples, in constant memory."""

    def objects(
        self, members: Sequence[Member], tail: str, params: Mapping[str, object]
    ) -> Generator[bytes]:
        """The rows of ``SELECT … tail`` as ``json_members`` has them, in blocks of whole lines.

        In constant memory. Nothing else can be asked before they end, or are given up.
        """

    def execute(self, sql: str, /, **params: object) -> int:
        """Run a statement; the number of rows it touched."""

    def execute_many(self, sql: str, rows: Iterable[Mapping[str, object]]) -> int:
        """Run a statement once a row; the number of rows touched in all."""

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[Values]) -> None:
        """Insert rows of values in the order of ``columns``.

        ``rows`` may be made on the fly, but not by asking the database: it is busy receiving.
        """

    def insert_with(
        self,
        table: str,
        columns: Sequence[str],
        row: Values,
        parts: Sequence[tuple[str, Sequence[str], Sequence[Values]]] = (),
        row_id: int | None = None,
    ) -> int:
        """Insert a row and, with it, rows of other tables that name it: its id, one never given.

        ``columns`` and ``row`` are without it; ``row_id`` is the id where it was given before.
        ``parts`` are tables, columns and rows: the first column holds the id, which is not in the
        rows.
        """

    def write(
        self, *, moved: bool = False, alone: bool = False, hasty: bool = False
    ) -> AbstractContextManager[None]:
        """A write transaction: commits at the end, rolls back on any exception.

        Where writers work ``side_by_side``, what was read inside stays true only of rows that were
        locked first; ``alone`` keeps the other writers out, and ``hasty`` gives any lock up soon
        (Busy) that it does not get, so that nobody queues long behind it.
        Raises an error whose ``applied`` is None where it cannot be known whether it committed;
        UnusableDb ``db.moved`` where the database was moved elsewhere, unless ``moved``.
        """

    def read(self) -> AbstractContextManager[None]:
        """One snapshot for several reads."""

    locked: str
    """What ends a SELECT of rows to be kept from other writers, until this transaction ends."""

    shared: str
    """The same of rows that are to stay as they are: others may keep them so, too."""

    def lock(self, table: str, where: str, **params: object) -> None:
        """Keep other writers off the rows that meet ``where``, until this transaction ends.

        In the order of their ids, so that two who lock the same rows do not block each other.
        """

    def pin(
        self, table: str, where: str, params: Mapping[str, object], *, deleting: bool = False
    ) -> tuple[str, Mapping[str, object], bool] | None:
        """A condition for the rows that meet ``where`` now, locked, and what it binds.

        So several statements are about the same rows. Last, whether they are few (``FEW``). None
        where there are none.
        """

    def drop_indexes(self, table: str, names: Sequence[str]) -> list[str]:
        """Do without these indexes in this transaction; the SQL that makes them again, at its end.

        Each row put into an index costs reading and writing a page; made at the end, it is written
        once. None is dropped where a table has many rows already, nor by a server, where others
        read by them.
        """

    def in_turn(self, what: str) -> None:
        """Wait for the others who do ``what``, and keep them waiting until this transaction ends.

        ``import``, ``admin`` or ``code``.
        """

    def sealing(self) -> AbstractContextManager[bool]:
        """A short transaction for the one who seals the journal; False where another one is at it.

        A server may lose it in a crash, and then all of it.
        """

    def patient(self) -> None:
        """Have the present transaction take its time, and references checked at its end.

        For those who move a whole database: a server ends neither a statement nor a pause.
        """

    def next_ids(self, table: str, count: int) -> list[int]:
        """``count`` ids of ``table`` that no row ever had, ascending."""

    def give_back(self, table: str, row_id: int) -> None:
        """Say, outside a transaction, that the id taken last was not used, as after a rollback.

        Where one has been taken since, or this user may not, there is a gap.
        """

    def last_ids(self) -> dict[str, int]:
        """The highest id ever given, by table; those that gave none may be missing, or 0."""

    def set_last_id(self, table: str, last: int) -> None:
        """Have the ids of ``table`` go on after ``last``."""

    def among(self, column: str, values: Iterable[object]) -> tuple[str, object]:
        """A condition ``… :among …`` that ``column`` is one of ``values``, and what to bind."""

    def temp_table(self, name: str, columns: str) -> None:
        """An empty private table named ``name`` for the current transaction."""

    def apart(self, name: str, sql: str, **params: object) -> str:
        """SQL for the ids that a query finds, in parentheses, for a change of a private table.

        They may be read into the private table ``name`` first: a distributed engine joins no table
        that lies on several nodes into what changes one that lies on none. What ``sql`` binds has
        to be bound by what it is put into, too.
        """

    def filled(self, name: str) -> None:
        """Say that a private table holds its rows now, for the plans of what comes after."""

    def json_object(self, columns: Sequence[str]) -> str:
        """SQL for a JSON object, as text, of these columns of one table."""

    def json_members(self, members: Sequence[Member]) -> str:
        """SQL for a JSON object as text, byte for byte as ``output`` writes it: no spaces, no
        letter escaped that need not be. Those that hold JSON are arrays of texts.
        """

    def folded(self, column: str) -> str:
        """SQL for the text of ``column`` as ``domain.text.fold`` has it, or nearly so.

        For what is compared too seldom to have its folded form beside it.
        """

    def beyond(self, text: str, usual: str) -> str:
        """SQL that ``text`` has a character that is not in the class bound to the name ``usual``.

        The class is written as inside brackets: ``a-zé``.
        """

    def sorting(self, column: str) -> str:
        """SQL to order every row of a table by ``column``, where none is left out by a limit."""

    def match(
        self, words: str, *, few: bool = False, by_part: bool = False, name: str = "search"
    ) -> Match:
        """A condition on ``c`` for clients having every word.

        ``words`` are folded words separated by spaces; each matches as the start of a word.
        ``few`` says that the first few are wanted, in an order that has an index, and ``by_part``
        that they can be looked for among a part of the clients at a time. ``name`` is what
        is bound: another one for a second condition beside.
        """

    def holds(self, text: str, part: str) -> str:
        """SQL that ``text`` has ``part`` in it, letter by letter."""

    def forget_words(self) -> None:
        """Take the clients of the temporary table ``reindexed`` out of the full-text index.

        Before their rows of ``client_search`` are deleted.
        """

    def learn_words(self, rows: Sequence[Values]) -> None:
        """Put rows of ``client_search`` (client id, words) into the index."""

    def hold(self, task: str, holder: str) -> str | None:
        """Become the only one at work on ``task``; else the ``holder`` of the one who is.

        Held until ``let_go``, or until this process ends however it ends.
        """

    def let_go(self, task: str) -> None:
        """Let another one work on ``task``."""

    def json_items(self, column: str, name: str) -> str:
        """SQL to join, with CROSS JOIN: a row per text of a JSON array, in ``name.value``."""

    def schema_version(self) -> int:
        """How many steps of the schema a file says it has; 0 where that is not kept."""

    def tables(self) -> set[str]:
        """The names of the tables that exist."""

    def scrub(self, *, wait: bool = True) -> str | None:
        """Rewrite the database without what rows, the search index and statistics held once.

        Outside a transaction. What kept old rows in the files: ``owner``, where this user may not;
        ``readers``, where somebody has a snapshot of before open; None where nothing did.
        ``wait``: up to the lock timeout for them; without it nobody is kept waiting either.
        """

    def login(self) -> str | None:
        """The name the session has on its server; None for a file, which knows nobody."""

    def renew(self) -> bool:
        """Go on with another session after one was lost, outside a transaction.

        False where there is none to lose, or where it held a task. Raises as opening does.
        """

    def close(self) -> None:
        """Let go of the database."""


CHUNK = 500
FEW = 100
"""So many rows are written as they are rather than in the ways that pay for thousands."""


def places_in_chunks(values: Iterable[object]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The values in chunks: the places ``:v0, :v1 …`` for an ``IN (…)``, and what they hold."""
    wanted = list(dict.fromkeys(values))
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        params = {f"v{number}": value for number, value in enumerate(chunk)}
        yield ", ".join(f":{name}" for name in params), params


def query_in_chunks(
    conn: Connection, sql: str, values: Iterable[object], **also: object
) -> Iterator[Row]:
    """The rows of a statement with ``{places}`` where the values go, chunk after chunk.

    ``also`` are the other parameters of the statement.
    """
    for places, params in places_in_chunks(values):
        yield from conn.query(sql.replace("{places}", places), **params, **also)


def fill_id_table(conn: Connection, name: str, ids: Iterable[int]) -> None:
    """A private table ``name`` of the current transaction that holds ``ids`` in column ``id``."""
    conn.temp_table(name, "id BIGINT PRIMARY KEY")
    conn.insert_many(name, ("id",), ((row_id,) for row_id in ids))
    conn.filled(name)


def lock_owner(conn: Connection, table: str, row_id: int) -> None:
    """Lock the client that a row belongs to: who changes what belongs to one waits for the other.

    Before the row is read.
    """
    conn.lock("client", f"id = (SELECT client_id FROM {table} WHERE id = :id)", id=row_id)


def insert_apart(
    conn: Connection,
    table: str,
    columns: Sequence[str],
    row: Values,
    parts: Sequence[tuple[str, Sequence[str], Sequence[Values]]],
    row_id: int | None,
) -> int:
    """What ``Connection.insert_with`` does, by a statement for each table."""
    if row_id is None:
        (row_id,) = conn.next_ids(table, 1)
    conn.insert_many(table, ("id", *columns), [(row_id, *row)])
    for part, names, rows in parts:
        conn.insert_many(part, names, ((row_id, *values) for values in rows))
    return row_id


def schema_of(conn: Connection) -> str:
    """The name of the schema of a server in which our tables are."""
    return str(conn.query("SELECT current_schema() AS name")[0]["name"])


def quoted(name: str) -> str:
    """A name as SQL has it; what means something to us in SQL text is not looked for inside."""
    return '"' + name.replace('"', '""') + '"'


T = TypeVar("T")
ATTEMPT = 0.5  # seconds that others queue at most
PAUSE = 0.5


def in_attempts(
    attempt: Callable[[], T],
    seconds: float,
    refused: Callable[[Exception], bool],
    waiting: Callable[[], object] = bool,
) -> T:
    """What ``attempt`` gives; again for ``seconds`` while it raises what is ``refused``.

    It asks for a lock that keeps others out. Whoever waits for one has everybody else queue behind:
    a reader that takes its time would stop all others. So it is given up soon, others have their
    turn, and it is asked for again. ``waiting`` is called after each attempt that failed.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return attempt()
        except Exception as error:
            if not refused(error) or time.monotonic() >= deadline:
                raise
        waiting()
        time.sleep(min(PAUSE, max(deadline - time.monotonic(), 0)))
