"""How the tables lie on a distributed engine (Citus): what grows by client, the small everywhere.

The tables of clients and what is as small have a copy on every node, those that grow with documents
are spread by client, and the rest stays on the coordinator: it is read and written by itself.
"""

from __future__ import annotations

from typing import NamedTuple

from interop_cli.domain.errors import ConfigError
from interop_cli.domain.messages import msg
from interop_cli.store.engines.connection import Connection, Row

EVERYWHERE = ("blob", "client", "client_code", "address", "contact")
BY_CLIENT = (
    *("document", "document_line", "mailing", "note", "attachment"),
    *("sales_total", "sales_stale"),
)
KEYS = {**dict.fromkeys(BY_CLIENT, "client_id"), "taken": "name"}
"""What the rows of a table are spread by."""

_LAID = """
SELECT c.relname AS name, p.partmethod AS method, p.repmodel AS model,
  CASE WHEN p.partmethod = 'h' THEN column_to_column_name(p.logicalrelid, p.partkey) END AS key
  FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
  WHERE c.relnamespace = CAST(current_schema() AS regnamespace)
"""
_REFERENCES = """
SELECT t.relname AS name, k.conname AS reference, pg_get_constraintdef(k.oid) AS rule
  FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid
  WHERE k.contype = 'f' AND t.relnamespace = CAST(current_schema() AS regnamespace)
  ORDER BY t.relname, k.conname
"""
# What refers to a table that is everywhere must not be written by several connections at once.
ONE_BY_ONE = "SET LOCAL citus.multi_shard_modify_mode TO 'sequential'"


class Layout(NamedTuple):
    """How the tables lie, by name: ``left`` do not lie yet as they should."""

    everywhere: list[str]
    spread: list[str]
    local: list[str]
    left: list[str]


def layout(conn: Connection) -> Layout:
    """How the tables lie on such an engine, ours alone."""
    found = _laid(conn)
    everywhere = [name for name in EVERYWHERE if found.get(name) == ""]
    spread = [name for name in KEYS if found.get(name) == KEYS[name]]
    left = [name for name in (*EVERYWHERE, *KEYS) if name not in {*everywhere, *spread}]
    return Layout(everywhere, spread, sorted(conn.tables() - {*EVERYWHERE, *KEYS}), left)


def nodes(conn: Connection) -> int:
    """On how many nodes rows may lie."""
    sql = "SELECT COUNT(*) AS n FROM pg_dist_node WHERE isactive AND shouldhaveshards"
    return int(conn.query(sql)[0]["n"])


def distribute(conn: Connection, *, dry_run: bool = False) -> Layout:
    """Lay out the tables that do not lie as they should yet, all or none; how it was before.

    Raises ConfigError ``db.not_distributed`` on another engine, ``db.coordinator`` where the
    coordinator is not among the nodes, ``db.layout`` where a table is spread in another way.
    """
    if not conn.distributed:
        raise ConfigError(
            "db.not_distributed",
            msg("This database is on one machine: there is nothing to distribute it over."),
            hint=msg("It takes a PostgreSQL server with Citus: CREATE EXTENSION citus"),
        )
    if not conn.query("SELECT 1 AS x FROM pg_dist_node WHERE groupid = 0 LIMIT 1"):
        raise ConfigError(
            "db.coordinator",
            msg("The coordinator is not among the nodes of the cluster."),
            hint=msg("As its administrator: SELECT citus_set_coordinator_host('HOST', 5432)"),
        )
    with conn.write(alone=True):
        before = layout(conn)
        laid = _laid(conn)
        if wrong := [name for name in before.left if name in laid]:
            raise ConfigError(
                "db.layout",
                msg("Tables are laid out in another way: {names}.", names=", ".join(wrong)),
                hint=msg("SELECT undistribute_table('NAME'), then again."),
            )
        if before.left and not dry_run:
            _lay_out(conn, before.left)
    return before


def _lay_out(conn: Connection, names: list[str]) -> None:
    """Lay out these tables; what refers to what is told again once both lie where they belong."""
    conn.patient()
    conn.execute(ONE_BY_ONE)
    references = [row for row in conn.query(_REFERENCES) if row["name"] in {*EVERYWHERE, *KEYS}]
    for row in references:
        conn.execute(f"ALTER TABLE {row['name']} DROP CONSTRAINT {row['reference']}")
    for name in EVERYWHERE:
        if name in names:
            conn.query(f"SELECT create_reference_table('{name}')")
    for name, key in KEYS.items():
        if name in names:
            beside = "document" if key == "client_id" and name != "document" else "none"
            conn.query(
                f"SELECT create_distributed_table('{name}', '{key}', colocate_with => '{beside}')"
            )
    for row in references:
        conn.execute(f"ALTER TABLE {row['name']} ADD CONSTRAINT {row['reference']} {row['rule']}")


def _laid(conn: Connection) -> dict[str, str]:
    """The tables that lie on nodes: what by; nothing for those that are everywhere."""
    return {row["name"]: _by(row) for row in conn.query(_LAID)}


def _by(row: Row) -> str:
    if row["method"] == "h":
        return str(row["key"])
    return "" if (row["method"], row["model"]) == ("n", "t") else "?"
