"""Sales totals, as ``sales refresh`` writes them."""

from __future__ import annotations

from functools import cached_property

from interop_cli.store import totals
from interop_cli.store.engines.connection import Row
from interop_cli.store.totals import years_table
from interop_cli.store.writing.repositories.selection import Selection
from interop_cli.store.writing.writer import Writer

SPAN = "year BETWEEN :first AND :last"


class TotalRepository:
    """Recomputes totals inside a unit of work, with one set-based statement for all of them."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.conn = writer.conn

    @cached_property
    def run_id(self) -> int:
        """This refresh, as its totals refer to it."""
        (run_id,) = self.conn.next_ids("sales_run", 1)
        self.conn.execute(
            "INSERT INTO sales_run (id, at) VALUES (:id, :now)", id=run_id, now=self.writer.now
        )
        self.writer.derived = True
        return run_id

    def computed(self, first: int, last: int) -> bool:
        """Whether each of these years has been computed for all clients before."""
        rows = self.conn.query(
            f"SELECT COUNT(*) AS n FROM sales_year WHERE {SPAN}", first=first, last=last
        )
        return int(rows[0]["n"]) == last - first + 1

    def refresh_all(self, first: int, last: int) -> None:
        """Compute the totals of all clients anew for these years."""
        span = {"first": first, "last": last}
        outside = self.conn.query(
            f"SELECT 1 AS x FROM sales_total WHERE NOT ({SPAN}) LIMIT 1", **span
        )
        # Before anything is read: what is written meanwhile is marked anew.
        self.conn.execute(f"DELETE FROM sales_stale WHERE {SPAN}", **span)
        # Emptying the whole table is cheap, deleting its rows one by one is not.
        if outside:
            self.conn.execute(f"DELETE FROM sales_total WHERE {SPAN}", **span)
        else:
            self.conn.execute("DELETE FROM sales_total")
        self.conn.execute(totals.INSERT + totals.ALL_SOLD, **span, run=self.run_id)
        self.conn.execute(totals.INSERT + totals.ALL_BILLED + totals.ADD, **span, run=self.run_id)
        self.record_run(first, last)

    def refresh_due(self) -> None:
        """Compute the totals of the clients and years in ``due``."""
        # The marks before anything is read: what is written meanwhile is marked anew.
        self._delete_due("sales_stale")
        self._delete_due("sales_total")
        self.conn.execute(totals.INSERT + totals.DUE_SOLD, run=self.run_id)
        self.conn.execute(totals.INSERT + totals.DUE_BILLED + totals.ADD, run=self.run_id)
        self.conn.execute(totals.DUE_ZEROS, run=self.run_id)

    def _delete_due(self, table: str) -> None:
        """Delete the rows of what is ``due``, year by year: few years, many clients."""
        due: dict[int, list[int]] = {}
        for row in self.conn.query("SELECT client_id, year FROM due ORDER BY year, client_id"):
            due.setdefault(row["year"], []).append(row["client_id"])
        for year, clients in due.items():
            condition, among = self.conn.among("client_id", clients)
            self.conn.execute(
                f"DELETE FROM {table} WHERE year = :year AND {condition}", year=year, among=among
            )

    def record_run(self, first: int, last: int) -> None:
        """Remember that all clients' totals of these years are up to date as of now."""
        run_id = self.run_id  # not asked for while the rows are being sent
        self.conn.execute("UPDATE sales_year SET latest = 0 WHERE latest = 1")
        self.conn.execute_many(
            "INSERT INTO sales_year (year, run_id, latest) VALUES (:year, :run, 1)"
            " ON CONFLICT (year) DO UPDATE SET run_id = excluded.run_id, latest = 1",
            ({"year": year, "run": run_id} for year in range(first, last + 1)),
        )

    # -- what is due ------------------------------------------------------------------------

    def find_stale(self, first: int, last: int, selection: Selection | None = None) -> None:
        """Fill ``due`` with what was marked; of the picked clients only, where asked."""
        picked = selection and selection.ids_sql
        self._due(
            "SELECT DISTINCT client_id, year FROM sales_stale WHERE year BETWEEN :first AND :last"
            + (f" AND client_id IN ({picked})" if picked else ""),
            first,
            last,
        )
        if picked:  # and what was never computed
            self._due(
                f"SELECT p.id, y.year FROM ({picked}) p"
                f" CROSS JOIN ({years_table(first, last)}) y"
                " WHERE NOT EXISTS (SELECT 1 FROM sales_year r WHERE r.year = y.year)"
                " AND (p.id, y.year) NOT IN (SELECT t.client_id, t.year FROM sales_total t"
                f" WHERE t.client_id IN ({picked})) ON CONFLICT DO NOTHING",
                first,
                last,
                more=True,
            )

    def find_picked(self, first: int, last: int, selection: Selection) -> None:
        """Fill ``due`` with every year of the picked clients."""
        self._due(
            f"SELECT p.id, y.year FROM ({selection.ids_sql}) p"
            f" CROSS JOIN ({years_table(first, last)}) y",
            first,
            last,
        )

    def due_clients(self, limit: int) -> tuple[int, list[Row]]:
        """How many clients are due, and the first of them: ``id``, ``code``."""
        count = self.conn.query("SELECT COUNT(DISTINCT client_id) AS n FROM due")[0]["n"]
        rows = self.conn.query(
            "SELECT id, code FROM client WHERE id IN (SELECT client_id FROM due)"
            " ORDER BY code_key LIMIT :n",
            n=limit,
        )
        return int(count), rows

    def clients(self, first: int, last: int) -> int:
        """How many clients have totals in these years."""
        rows = self.conn.query(
            "SELECT COUNT(*) AS n FROM (SELECT DISTINCT client_id FROM sales_total"
            f" WHERE {SPAN}) clients",
            first=first,
            last=last,
        )
        return int(rows[0]["n"])

    def _due(self, select: str, first: int, last: int, *, more: bool = False) -> None:
        if not more:
            self.conn.temp_table(
                "due", "client_id BIGINT, year BIGINT, PRIMARY KEY (client_id, year)"
            )
        self.conn.execute(f"INSERT INTO due (client_id, year) {select}", first=first, last=last)
        self.conn.filled("due")
