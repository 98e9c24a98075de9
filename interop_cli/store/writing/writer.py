"""The writer: the only way to write, so that nothing escapes the journal.

Four verbs, each set-based: ``insert``, ``save`` (rows that differ), ``update`` (the same values for
many rows), ``delete``. Each writes the rows and their changes; ``version`` goes up by one at every
write of a row. The operation itself is written last, when its changes are known. It knows tables;
what they mean is said by the repositories, which write through it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import cast

from interop_cli.domain.errors import Conflict, InteropError
from interop_cli.domain.messages import msg
from interop_cli.store import totals
from interop_cli.store.engines.connection import FEW, Connection, Row
from interop_cli.store.writing import journal, taken
from interop_cli.store.writing.search_index import SearchIndex
from interop_cli.store.writing.tables import TABLES, Ordered, Table


class Writer:
    """Writes one operation into the transaction of ``conn``."""

    def __init__(
        self, conn: Connection, operation: journal.Operation, *, again: bool = False
    ) -> None:
        self.conn = conn
        self.operation = operation
        self.now = operation.at
        self.again = again
        """Whether it is tried again: others were in the way, and may be once more."""
        self._operation_id: int | None = None
        self._changes = journal.Changes(conn)
        self._search = SearchIndex(conn)
        self._marked = totals.Marked()
        self.dropped: list[str] = []
        """The SQL of indexes that are made again at the end: see ``Connection.drop_indexes``."""
        self.touched: set[tuple[str, int]] = set()
        """Rows that ``save`` found different and wrote: (table, id)."""
        self.digest = ""
        """The digest of the operation, once it is written."""
        self.derived = False  # whether something was written that is not journaled: totals

    # -- the four verbs ---------------------------------------------------------------------

    def insert(self, table: str, rows: Sequence[Row]) -> list[int]:
        """Insert rows (without system columns); their new ids, in order.

        A row of a table that is ``named`` gets its uid, where it brings none.
        """
        if not rows:
            return []
        if TABLES[table].named:
            taken.give_uids(rows, "uid")
        return self.insert_ordered(table, TABLES[table].ordered(rows))

    def insert_ordered(
        self, table: str, rows: Sequence[Ordered], words: Sequence[str | None] = ()
    ) -> list[int]:
        """As ``insert``; what is not said yet is written into the rows.

        ``words`` are those that the client of each row is found by, this row among what has them,
        where that is known already.
        """
        if not rows:
            return []
        spec = TABLES[table]
        if spec.named:
            taken.give_uids(rows, spec.place("uid"))
        now = self.now
        for row in rows:
            row[1:4] = 1, now, now
        if len(rows) == 1:
            rows[0][0] = self.conn.insert_with(table, spec.all_columns[1:], rows[0][1:])
            ids = [rows[0][0]]
        else:
            ids = self.conn.next_ids(table, len(rows))
            for row_id, row in zip(ids, rows, strict=True):
                row[0] = row_id
            self.conn.insert_many(table, spec.all_columns, rows)
        if taken.concerns(self.conn, table, spec.columns):
            names = spec.all_columns
            taken.take(self.conn, table, (dict(zip(names, row, strict=True)) for row in rows))
        owner = itemgetter(spec.place(spec.client or "id"))
        found = self._these(ids)
        self._made(spec, map(owner, rows) if spec.client else [None] * len(ids), ids, found)
        if spec.counts and (unmarked := self._marked.those_not(spec.all_columns, rows)):
            totals.mark(self.conn, self.operation_id, *self._these(unmarked))
        self._search.made(spec, rows, words)
        return ids

    def _made(
        self,
        spec: Table,
        owners: Iterable[int | None],
        ids: Sequence[int],
        found: tuple[str, Mapping[str, object]],
    ) -> None:
        """Note that rows were inserted, which ``found`` finds."""
        pairs = list(zip(ids, owners, strict=True))
        if len(ids) <= FEW:
            self._note((spec.name, id_, owner, "insert", None, 1) for id_, owner in pairs)
            return
        owner = spec.client or "CAST(NULL AS BIGINT)"
        rows = f"SELECT id, {owner} AS owner FROM {spec.name} WHERE {found[0]}"
        self._changes.made(self.operation_id, spec.name, pairs, rows, found[1])

    def _these(self, ids: Sequence[int]) -> tuple[str, dict[str, object]]:
        """A condition for rows of these ids, ascending, and what it binds.

        Of a list alone a server, which has no statistics of new rows, reads the whole table.
        """
        condition = "id BETWEEN :low AND :high"
        between: dict[str, object] = {"low": ids[0], "high": ids[-1]}
        if ids[-1] - ids[0] + 1 == len(ids):
            return condition, between
        listed, among = self.conn.among("id", ids)  # another writer has some of those between
        return f"{condition} AND {listed}", {**between, "among": among}

    def save(self, table: str, pairs: Sequence[tuple[Row, Row]]) -> int:
        """Write each pair's second row over its first; the number of rows that differed.

        The first row is as it was read, with ``id`` and ``version``: raises Conflict
        ``conflict.version`` where someone changed it since; whoever reads it again may write it.
        """
        spec = TABLES[table]
        changes: list[journal.Change] = []
        written: set[str] = set()
        updates: list[tuple[Row, Row]] = []
        counted: list[Row] = []
        moves: list[tuple[Row, Row]] = []
        renamed: list[tuple[Row, Row]] = []
        # In the order of their ids, so that two who write the same rows do not block each other.
        for before, after in sorted(pairs, key=lambda pair: pair[0]["id"]):
            old = {name: before[name] for name in spec.columns if before[name] != after[name]}
            if not old:
                continue
            row_id, version = before["id"], before["version"]
            owner = before[spec.client] if spec.client else None
            text = json.dumps(old, ensure_ascii=False)
            changes.append((table, row_id, owner, "update", text, version + 1))
            self.touched.add((table, row_id))
            if self._moves(spec, old):
                moves.append((before, after))
            else:
                updates.append((before, after))
                written |= old.keys()
            if taken.concerns(self.conn, table, old):
                renamed.append((before, after))
            if owner is not None and spec.search & old.keys():
                self._search.touch({owner, after.get(spec.client or "") or owner})
            if spec.counts and totals.COLUMNS & old.keys():
                counted += [before, after]
        if not changes:
            return 0
        taken.give_up(self.conn, table, [before for before, _after in renamed])
        taken.take(self.conn, table, [after for _before, after in renamed])
        if counted:
            totals.mark_rows(self.conn, self.operation_id, counted)
        touched = self._relay(spec, moves) + self._overwrite(spec, sorted(written), updates)
        if touched != len(changes):
            raise changed_meanwhile(again=self.conn.side_by_side)
        self._note(changes)  # now that the rows are ours: a row has its changes in their order
        return touched

    def _overwrite(
        self, spec: Table, names: Sequence[str], pairs: Sequence[tuple[Row, Row]]
    ) -> int:
        """Write these columns of rows over what they were; how many were as read."""
        if not pairs:
            return 0
        sets = "".join(f"{name} = :{name}, " for name in names)
        return self.conn.execute_many(
            f"UPDATE {spec.name} SET {sets}version = version + 1, updated_at = :now"
            " WHERE id = :id AND version = :version",
            (
                {name: after[name] for name in names}
                | {"id": before["id"], "version": before["version"], "now": self.now}
                for before, after in pairs
            ),
        )

    def update(self, table: str, values: Mapping[str, object], where: str, **params: object) -> int:
        """Set the same values in every row that meets ``where``; the number of rows.

        ``where`` names the columns of that table alone and must not depend on those it sets
        while they are being set.
        """
        spec = TABLES[table]
        pinned = self.conn.pin(table, where, params)
        if pinned is None:
            return 0
        where, given, few = pinned
        if spec.search & values.keys():
            self._index_owners(spec, where, given)
            if spec.client and spec.client in values:  # they go from one client to another
                self._search.touch((cast(int, values[spec.client]),))
        if spec.counts and totals.COLUMNS & values.keys():
            totals.mark_change(self.conn, self.operation_id, where, given, values)
        before = self.conn.json_object(list(values))
        count = self._journal(spec, "update", before, where, given, bump=1, few=few)
        if taken.concerns(self.conn, table, values):
            rows = self._rows(table, where, given)
            taken.give_up(self.conn, table, rows)
            taken.take(self.conn, table, [{**row, **values} for row in rows])
        if self._moves(spec, values):
            rows = self._rows(table, where, given)
            if len(rows) != self._relay(spec, [(row, {**row, **values}) for row in rows]):
                raise RuntimeError("rows were moved behind our back")
        else:
            sets = ", ".join(f"{name} = :set_{name}" for name in values)
            self.conn.execute(
                f"UPDATE {table} SET {sets}, version = version + 1, updated_at = :now"
                f" WHERE {where}",
                **given,
                **{f"set_{name}": value for name, value in values.items()},
                now=self.now,
            )
        return count

    def delete(self, table: str, where: str, **params: object) -> int:
        """Delete every row that meets ``where``; the number of rows.

        Raises Conflict ``db.constraint`` where other rows still refer to one of them.
        """
        spec = TABLES[table]
        pinned = self.conn.pin(table, where, params, deleting=True)
        if pinned is None:
            return 0
        where, given, few = pinned
        self._index_owners(spec, where, given)
        if spec.counts:
            totals.mark(self.conn, self.operation_id, where, given)
        before = self.conn.json_object(spec.all_columns)
        count = self._journal(spec, "delete", before, where, given, few=few)
        if taken.concerns(self.conn, table, spec.columns):
            taken.give_up(self.conn, table, self._rows(table, where, given))
        self.conn.execute(f"DELETE FROM {table} WHERE {where}", **given)
        return count

    def restore(self, table: str, rows: Sequence[Row]) -> None:
        """Put deleted rows back under the ids they had, one version later (undo only)."""
        if not rows:
            return
        spec, columns = TABLES[table], TABLES[table].all_columns
        restored = [
            {**row, "version": row["version"] + 1, "updated_at": self.now}
            for row in taken.as_today(self.conn, spec, rows)
        ]
        self.conn.insert_many(table, columns, ([row[name] for name in columns] for row in restored))
        taken.take(self.conn, table, restored)
        owner = _owner(spec)
        self._note(
            (table, row["id"], owner(row), "insert", None, row["version"]) for row in restored
        )
        if spec.search and spec.client:
            self._search.touch(row[spec.client] for row in restored)
        if spec.counts:
            totals.mark_rows(self.conn, self.operation_id, restored)

    def redact(self, texts: Mapping[int, Mapping[int, str]]) -> int:
        """Write texts over the ``before`` of journaled changes; how many.

        ``texts``: operation id -> change id -> text. Raises UnusableDb ``journal.broken``.
        """
        if not texts:
            return 0
        self._changes.redacted = True
        return journal.redact(self.conn, self.operation_id, texts)

    # -- the operation ----------------------------------------------------------------------

    @property
    def operation_id(self) -> int:
        """The id of this operation, given when it is first asked for."""
        if self._operation_id is None:
            (self._operation_id,) = self.conn.next_ids("operation", 1)
        return self._operation_id

    def give_back(self) -> None:
        """Let another operation have the id of this one, which was rolled back."""
        if self._operation_id is not None:
            self.conn.give_back("operation", self._operation_id)

    def given_up(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Give the id back where an error has ended the operation before its commit.

        Not of one that is run again, which may have met another one of this id.
        """
        if isinstance(error, InteropError) and error.applied is False and not error.again:
            self.give_back()

    def close(self) -> int | None:
        """Bring the search index up to date and write the operation.

        Its id, or None where nothing was changed.
        """
        self._search.renew()
        if self._operation_id is not None or self._changes.waiting:
            self._operation_id, self.digest = journal.record(
                self.conn, self._operation_id, self.operation, self._changes
            )
            if not self.conn.side_by_side:
                journal.seal(self.conn)
        for sql in self.dropped:
            self.conn.execute(sql)
        return self._operation_id

    def _note(self, changes: Iterable[journal.Change]) -> None:
        self._changes.waiting.extend(changes)
        if len(self._changes.waiting) >= journal.CHUNK:
            self.flush()

    def flush(self) -> None:
        """Write what is noted of this operation's changes, for whoever reads the journal in it."""
        if self._changes.waiting:
            self._changes.flush(self.operation_id)

    def _journal(
        self,
        spec: Table,
        action: str,
        before: str,
        where: str,
        params: Mapping[str, object],
        *,
        few: bool,
        bump: int = 0,
    ) -> int:
        """Note the change of the rows that meet ``where``, which is still to be made; how many."""
        changes = (
            f"'{spec.name}' AS entity, id, {spec.client or 'NULL'} AS owner,"
            f" '{action}' AS action, {before} AS before, version + {bump} AS version"
            f" FROM {spec.name} WHERE {where} ORDER BY id"
        )
        if few:
            rows = self.conn.query(f"SELECT {changes}", **params)
            self._note(tuple(row.values()) for row in rows)
            return len(rows)
        self.flush()
        self._changes.unknown = True
        names = ", ".join(journal.CHANGE_COLUMNS)
        return self.conn.execute(
            f"INSERT INTO change ({names}) SELECT :operation_id, {changes}",
            **params,
            operation_id=self.operation_id,
        )

    def _rows(self, table: str, where: str, params: Mapping[str, object]) -> list[Row]:
        return self.conn.query(f"SELECT * FROM {table} WHERE {where}", **params)

    def _moves(self, spec: Table, columns: Iterable[str]) -> bool:
        """Whether to write these columns takes rows from where those of their client lie."""
        return self.conn.distributed and spec.grows and "client_id" in columns

    def _relay(self, spec: Table, pairs: Sequence[tuple[Row, Row]]) -> int:
        """Write rows over what they were, among those of another client; how many were as read.

        A distributed engine refuses to change what a row is spread by, so it is deleted there and
        inserted here. It keeps its id, its uid and its history.
        """
        if not pairs:
            return 0
        gone = self.conn.execute_many(
            f"DELETE FROM {spec.name}"
            " WHERE id = :id AND version = :version AND client_id = :client_id",
            (
                {name: before[name] for name in ("id", "version", "client_id")}
                for before, _ in pairs
            ),
        )
        self.conn.insert_many(
            spec.name,
            spec.all_columns,
            (
                (
                    before["id"],
                    before["version"] + 1,
                    before["created_at"],
                    self.now,
                    *(after[name] for name in spec.columns),
                )
                for before, after in pairs
            ),
        )
        return gone

    def _index_owners(self, spec: Table, where: str, params: Mapping[str, object]) -> None:
        if spec.client and spec.search:
            rows = self.conn.query(
                f"SELECT DISTINCT {spec.client} AS id FROM {spec.name} WHERE {where}", **params
            )
            self._search.touch(row["id"] for row in rows)


def changed_meanwhile(*, again: bool) -> Conflict:
    """Another one wrote what was read; ``again`` where it may be read and written once more."""
    reason = msg("Someone changed this meanwhile; nothing was written.")
    return Conflict("conflict.version", reason, again=again)


def _owner(spec: Table) -> Callable[[Row], int | None]:
    """What gives the client on whose history a change of a row is shown."""
    return itemgetter(spec.client) if spec.client else lambda _row: None
