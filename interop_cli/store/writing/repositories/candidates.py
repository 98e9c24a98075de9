"""Looking up the clients that rows of a file may be about: a few statements for many rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from interop_cli.domain.matching import Candidate, Identity, bare_postal_code
from interop_cli.store.engines.connection import Connection, Row

_SELECTED = (
    "SELECT c.id, c.code, c.uid, c.code_key, c.external_id_key, c.email_key, c.name_key,"
    " c.core_key, c.merged_into_id, a.postal_code, a.line_key, a.city_key"
)
_FROM = " FROM client c LEFT JOIN address a ON a.client_id = c.id AND a.main = 1"
# The journal has it: the last that was done about the winner's external id was to take one over.
_INHERITED = (
    "SELECT w.id FROM client w JOIN change c ON c.client_id = w.id AND c.entity = 'client'"
    " AND c.entity_id = w.id JOIN operation o ON o.id = c.operation_id"
    " WHERE {condition} AND EXISTS (SELECT 1 FROM client l WHERE l.merged_into_id = w.id)"
    " AND o.name = 'client.merge' AND c.before LIKE '%\"external_id\": null%'"
    " AND NOT EXISTS (SELECT 1 FROM change n WHERE n.client_id = w.id AND n.entity = 'client'"
    " AND n.entity_id = w.id AND n.id > c.id AND n.before LIKE '%\"external_id\":%')"
)


class Candidates:
    """The clients found so far: each once, with what it is known by."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self._found: dict[int, Candidate] = {}
        self._losers: dict[int, int] = {}

    def by_column(self, column: str, values: Iterable[str]) -> Iterator[tuple[str, Candidate]]:
        """Clients whose folded ``column`` is given: the value, and whom it finds.

        A client that was merged into another is that other one.
        """
        if not (asked := dict.fromkeys(values)):
            return
        condition, wanted = self.conn.among(f"c.{column}", asked)
        rows = self.conn.query(f"{_SELECTED}{_FROM} WHERE {condition} ORDER BY c.id", among=wanted)
        for row in rows:
            self._note(row)
        self._find_winners(rows)
        self._find_inherited(rows)
        for row in rows:
            client_id: int = row["id"]
            yield row[column], self._found[self._losers.get(client_id, client_id)]

    def by_former_code(self, values: Iterable[str]) -> Iterator[tuple[str, Candidate]]:
        """Clients that had these folded codes, or whose losers had them."""
        if not (asked := dict.fromkeys(values)):
            return
        condition, wanted = self.conn.among("f.code_key", asked)
        rows = self.conn.query(
            f"{_SELECTED}, f.code_key AS former, f.merged{_FROM}"
            f" JOIN client_code f ON f.client_id = c.id WHERE {condition} ORDER BY c.id",
            among=wanted,
        )
        for row in rows:
            found = self._note(row)
            one = Identity(code=row["former"])
            if row["merged"]:
                found.absorbed = (*found.absorbed, one)
            else:
                found.former = (*found.former, one)
            yield row["former"], found

    def _note(self, row: Row) -> Candidate:
        found = self._found.get(row["id"])
        if found is None:
            found = Candidate(row["id"], row["code"], _identity(row))
            self._found[row["id"]] = found
            if row["merged_into_id"] is not None:
                self._losers[row["id"]] = row["merged_into_id"]
        return found

    def _find_winners(self, rows: Iterable[Row]) -> None:
        """Let the losers among these rows be known as their winners."""
        losers = {row["id"]: row["merged_into_id"] for row in rows if row["merged_into_id"]}
        missing = set(losers.values()) - self._found.keys()
        if missing:
            condition, wanted = self.conn.among("c.id", missing)
            for row in self.conn.query(f"{_SELECTED}{_FROM} WHERE {condition}", among=wanted):
                self._note(row)
        for loser, winner in losers.items():
            found, own = self._found[winner], self._found[loser].own
            if own not in found.absorbed:
                found.absorbed = (*found.absorbed, own)

    def _find_inherited(self, rows: Iterable[Row]) -> None:
        """Let external ids that a merge gave to a client be known as those of its losers."""
        named = [row["id"] for row in rows if row["external_id_key"]]
        if not named:
            return
        condition, wanted = self.conn.among("w.id", named)
        for row in self.conn.query(_INHERITED.format(condition=condition), among=wanted):
            found = self._found[row["id"]]
            own = Identity(external_id=found.own.external_id)
            if found.own.external_id:
                found.own = found.own._replace(external_id="")
                found.absorbed = (*found.absorbed, own)


def _identity(row: Row) -> Identity:
    return Identity(
        row["uid"],
        row["code_key"],
        row["external_id_key"] or "",
        row["email_key"] or "",
        row["name_key"],
        row["core_key"],
        bare_postal_code(row["postal_code"] or ""),
        row["line_key"] or "",
        row["city_key"] or "",
    )
