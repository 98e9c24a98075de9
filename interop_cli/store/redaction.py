"""Redactions: values taken out of the journal, with the journal still telling of tampering.

The journal is append-only by triggers and chained by digest (see ``journal.py``), and yet the law
wants a person gone from it. So a redaction is itself something the journal records:

- An operation that redacts writes, for each operation whose changes it touches, a row of the table
  ``redaction``: what the digest of those changes was before, and what it is since. These rows are
  part of what its own digest covers, and so of the chain.
- ``verify`` follows them: the changes of an operation must have the digest that the last redaction
  left, whose ``before`` must be what the one before it left, and so on to the digest that the
  operation was sealed with. A change edited without a redaction, a redaction added, edited or taken
  away afterwards, or one of an operation that does not exist, shows.
- The triggers let only the text of a change be written, and only while its operation is not sealed
  yet, or while an operation that is not sealed yet has declared that it redacts it: inside one
  transaction, that is. Nothing is dropped and made again, so an admin who does not own the tables
  of a server can do it too, and no crash leaves the journal open.
- What was tampered with before is not laundered: a redaction first checks that the changes have
  the digest they should have.

What remains is a digest over the values of before. It tells nobody what they were; someone who can
guess every field of a change exactly could have the guess confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from interop_cli.domain.errors import UnusableDb
from interop_cli.domain.messages import msg
from interop_cli.store.connection import Connection, Row
from interop_cli.store.journal import digest_of, standing_digest

if TYPE_CHECKING:
    from interop_cli.store.uow import UnitOfWork


def redact(uow: UnitOfWork, texts: Mapping[int, Mapping[int, str]]) -> int:
    """Write texts over the ``before`` of changes; how many.

    ``texts``: operation id -> change id -> text. Raises UnusableDb ``journal.broken`` where the
    changes of one of these operations are not what the journal says.
    """
    if not texts:
        return 0
    conn, ours = uow.conn, uow.operation_id
    for operation_id, changes in sorted(texts.items()):
        if operation_id != ours:
            _declare(conn, ours, operation_id)
        conn.execute_many(
            "UPDATE change SET before = :text WHERE id = :id",
            [{"id": change_id, "text": text} for change_id, text in changes.items()],
        )
        if operation_id != ours:
            conn.execute(
                "UPDATE redaction SET after = :digest"
                " WHERE operation_id = :ours AND redacted_id = :id",
                digest=digest_of(conn, operation_id)[1], ours=ours, id=operation_id,
            )  # fmt: skip
    uow.redacts = True
    return sum(map(len, texts.values()))


def _declare(conn: Connection, ours: int, operation_id: int) -> None:
    operation: Row = conn.query("SELECT digest FROM operation WHERE id = :id", id=operation_id)[0]
    digest = standing_digest(conn, operation_id, operation["digest"])
    if digest is None or digest_of(conn, operation_id)[1] != digest:
        raise UnusableDb(
            "journal.broken",
            msg("The journal is not as it was written; nothing was changed."),
            hint=msg("See: interop journal verify"),
        )
    (row_id,) = conn.next_ids("redaction", 1)
    conn.insert_many(
        "redaction",
        ("id", "operation_id", "redacted_id", "before", "after"),
        [(row_id, ours, operation_id, digest, "")],
    )
