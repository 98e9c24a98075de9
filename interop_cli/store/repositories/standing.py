"""Which of an operation's rows are as it left them, although they were written since.

Taking an operation back writes its rows again, one version later. So a row whose later changes
were all taken back themselves is as it was, and does not stand in the way of an undo.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from interop_cli.store.connection import Connection

LATER = (
    "SELECT change.entity, change.entity_id, change.operation_id, operation.undoes FROM change"
    " JOIN operation ON operation.id = change.operation_id"
    " JOIN undoing ON undoing.entity = change.entity AND undoing.entity_id = change.entity_id"
    " WHERE change.operation_id > :operation AND undoing.stale = 1 AND undoing.action <> 'insert'"
    " ORDER BY change.entity, change.entity_id, change.operation_id"
)


def as_it_was(conn: Connection, operation_id: int) -> Iterator[tuple[str, int]]:
    """Of the rows in ``undoing`` that were written since, those that are as they were left."""
    rows = conn.query(LATER, operation=operation_id)
    for key, changes in groupby(rows, lambda row: (row["entity"], row["entity_id"])):
        later = {change["operation_id"]: change["undoes"] for change in changes}
        if not any(counts(later, operation_id)):
            yield key


def counts(later: Mapping[int, int | None], operation_id: int) -> Iterator[bool]:
    """For each later operation on a row (id -> what it undoes), whether its change still counts.

    One that was taken back does not, nor does what took it back, provided that it is a later one
    too: together they changed nothing.
    """
    standing: dict[int, bool] = {}
    for operation in sorted(later, reverse=True):  # an undo comes after what it undoes
        undone = any(standing[other] for other in standing if later[other] == operation)
        standing[operation] = not undone
        takes_back = later[operation]
        yield standing[operation] and not (takes_back is not None and takes_back > operation_id)
