"""Documents, their lines and their numbers, as the services write them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from interop_cli.domain.document import Document, DocumentLine
from interop_cli.domain.values.text import fold
from interop_cli.store.engines.connection import Row, lock_owner, query_in_chunks
from interop_cli.store.reading.documents import document_named
from interop_cli.store.writing.tables import DOCUMENT, DOCUMENT_LINE, Ordered
from interop_cli.store.writing.writer import Writer

_PLAIN = tuple(
    name for name in DOCUMENT.columns if name not in ("number_key", "year", "taxes", "issued")
)

BY_CLIENT = {"document": ("document_client", "document_sales"), "change": ("change_client",)}
"""The indexes, by table, into which the rows of a file of documents come in no order."""
BELONGING = ("document_line", "mailing")  # tables of rows that are of a document and its client


def to_row(document: Document) -> Row:
    """The columns of a document, the folded number among them."""
    values = document.__dict__
    row = {name: values[name] for name in _PLAIN}
    number, taxes = row["number"], values["taxes"]
    row["number_key"] = fold(number) if number else None
    row["year"] = int(row["date"][:4])
    row["taxes"] = json.dumps(taxes, ensure_ascii=False) if taxes else "[]"
    row["issued"] = int(values["issued"])
    return row


def ordered(document: Document) -> Ordered:
    """The same in the order of the columns of the table."""
    (row,) = DOCUMENT.ordered((to_row(document),))
    return row


def to_document(row: Row) -> Document:
    """The entity of a stored row."""
    values = {name: row[name] for name in Document.model_fields}
    values.update(taxes=json.loads(row["taxes"]), issued=bool(row["issued"]))
    return Document.stored(values)


class DocumentRepository:
    """Finds and writes documents inside a unit of work."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.conn = writer.conn

    # -- finding ----------------------------------------------------------------------------

    def row(self, ref: str, kind: str | None = None) -> Row:
        """The stored row of a document named by its number, or ``#id``.

        Raises NotFound ``document.not_found``, Conflict ``document.ambiguous`` where documents of
        several kinds have this number.
        """
        return self.by_id(document_named(self.conn, ref, kind))

    def by_id(self, document_id: int) -> Row:
        """The stored row of a document known to exist."""
        lock_owner(self.conn, "document", document_id)
        rows = self.conn.query("SELECT * FROM document WHERE id = :id", id=document_id)
        return rows[0] if rows else self.row(f"#{document_id}")  # gone meanwhile: says so

    def by_numbers(self, kind: str, keys: Iterable[str]) -> dict[str, Row]:
        """The rows of these folded numbers: number key -> row."""
        condition, among = self.conn.among("number_key", keys)
        sql = f"SELECT * FROM document WHERE kind = :kind AND {condition}"
        return {row["number_key"]: row for row in self.conn.query(sql, among=among, kind=kind)}

    def by_uids(self, uids: Iterable[object]) -> dict[object, Row]:
        """The rows of these uids: uid -> row."""
        sql = "SELECT * FROM document WHERE uid IN ({places})"
        return {row["uid"]: row for row in query_in_chunks(self.conn, sql, uids)}

    def entity(self, row: Row) -> Document:
        """The document of a stored row."""
        return to_document(row)

    def lines_of(self, document_ids: Iterable[int]) -> dict[int, list[Row]]:
        """The lines of these documents, in order: document id -> rows."""
        found: dict[int, list[Row]] = {}
        sql = (
            "SELECT * FROM document_line WHERE document_id IN ({places})"
            " ORDER BY document_id, position"
        )
        for row in query_in_chunks(self.conn, sql, document_ids):
            found.setdefault(row["document_id"], []).append(row)
        return found

    def corrections(self, document_id: int) -> list[Row]:
        """The credit notes on an invoice that are not void: ``number``, amounts, ``taxes``."""
        rows = self.conn.query(
            "SELECT id, number, status, subtotal_cents, tax_cents, total_cents, taxes FROM document"
            " WHERE corrects_id = :id AND status <> 'void' ORDER BY id",
            id=document_id,
        )
        return [{**row, "taxes": json.loads(row["taxes"])} for row in rows]

    def jobs_of(self, client_ids: Iterable[int]) -> dict[int, int]:
        """How many jobs of these clients are not void, where there is one."""
        condition, ids = self.conn.among("client_id", client_ids)
        rows = self.conn.query(
            f"SELECT client_id, COUNT(*) AS n FROM document WHERE {condition}"
            " AND kind = 'job' AND status <> 'void' GROUP BY client_id",
            among=ids,
        )
        return {row["client_id"]: int(row["n"]) for row in rows}

    def has_lines(self, document_id: int, client_id: int, lines: Sequence[DocumentLine]) -> bool:
        """Whether these are the lines of a document of this client."""
        stored = self.lines_of([document_id]).get(document_id, [])
        old = [{name: row[name] for name in DOCUMENT_LINE.columns} for row in stored]
        return old == self._line_rows(document_id, client_id, lines)

    # -- writing ----------------------------------------------------------------------------

    def expect_many(self) -> None:
        """Prepare for a great many: where there are few yet, indexes are made of all at the end."""
        for table, names in BY_CLIENT.items():
            self.writer.dropped += self.conn.drop_indexes(table, names)

    def add(self, documents: Sequence[Document]) -> list[int]:
        """Insert documents that passed their rules; their ids."""
        return self.add_ordered([ordered(document) for document in documents])

    def add_ordered(self, rows: Sequence[Ordered]) -> list[int]:
        """The same of what is stored of them: see ``ordered``."""
        return self.writer.insert_ordered("document", rows)

    def save(self, pairs: Sequence[tuple[Row, Document]]) -> int:
        """Write changed documents over the rows they were read from; how many differed.

        What belongs to one that goes to another client goes along: its lines and mailings.
        """
        for row, document in pairs:
            if document.client_id != row["client_id"]:
                for table in BELONGING:
                    self.writer.update(
                        table, {"client_id": document.client_id}, "document_id = :id", id=row["id"]
                    )
        return self.writer.save("document", [(row, to_row(document)) for row, document in pairs])

    def set_lines(self, document_id: int, client_id: int, lines: Sequence[DocumentLine]) -> bool:
        """Make these the lines of a document; whether they are others than before."""
        if self.has_lines(document_id, client_id, lines):
            return False
        self.writer.delete("document_line", "document_id = :id", id=document_id)
        self.writer.insert("document_line", self._line_rows(document_id, client_id, lines))
        return True

    def add_lines(self, added: Iterable[tuple[int, int, Sequence[DocumentLine]]]) -> None:
        """Insert the lines of new documents: the id of each, its client's, and the lines."""
        rows = [
            row for id_, client_id, lines in added for row in self._line_rows(id_, client_id, lines)
        ]
        self.writer.insert("document_line", rows)

    def void(self, document_id: int) -> None:
        """Make a document count no more."""
        self.writer.update("document", {"status": "void"}, "id = :id", id=document_id)

    def end_prospects(self, client_id: int | None = None) -> list[str]:
        """Make clients with a job, or this one, no prospects any more; the codes of those who were.

        In the order of their codes.
        """
        where, params = "prospect = 1", {}
        if client_id is not None:
            where, params = "prospect = 1 AND id = :client", {"client": client_id}
        prospects = self.conn.query(f"SELECT id FROM client WHERE {where}", **params)
        condition, among = self.conn.among("id", self.jobs_of(row["id"] for row in prospects))
        sql = f"SELECT code FROM client WHERE {condition} ORDER BY code_key"
        codes = [str(row["code"]) for row in self.conn.query(sql, among=among)]
        if codes:
            self.writer.update("client", {"prospect": 0}, condition, among=among)
        return codes

    # -- numbers ----------------------------------------------------------------------------

    def next_number(self, kind: str) -> str:
        """The next number of the counter of ``kind``, without gaps; taken ones are passed over.

        The first time, the one after the highest number in use. The counter is journaled with the
        document, so an undo takes both back, or neither. Others wait for their number until this is
        done: ask for it last.
        """
        sql = f"SELECT * FROM counter WHERE name = :kind{self.conn.locked}"
        rows = self.conn.query(sql, kind=kind)
        last = rows[0]["last"] if rows else self._highest(kind)
        number = last + 1
        while self.by_numbers(kind, [str(number)]):
            number += 1
        if rows:
            self.writer.save("counter", [(rows[0], {"name": kind, "last": number})])
        else:
            self.writer.insert("counter", [{"name": kind, "last": number}])
        return str(number)

    def _highest(self, kind: str) -> int:
        rows = self.conn.query(
            "SELECT MAX(CASE WHEN LTRIM(number_key, '0123456789') = '' AND LENGTH(number_key) < 16"
            " THEN CAST(number_key AS BIGINT) END) AS n FROM document WHERE kind = :kind",
            kind=kind,
        )
        return int(rows[0]["n"] or 0)

    @staticmethod
    def _line_rows(document_id: int, client_id: int, lines: Sequence[DocumentLine]) -> list[Row]:
        own = {"document_id": document_id, "client_id": client_id}
        return [
            {name: getattr(line, name) for name in DOCUMENT_LINE.columns}
            | {**own, "position": position}
            for position, line in enumerate(lines, 1)
        ]
