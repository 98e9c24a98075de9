"""Whether a database is well looked after (``db doctor``); see ``soundness`` for what is in it."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator
from pathlib import Path

from interop_cli import disk
from interop_cli.domain.messages import counted, msg
from interop_cli.store.engines.address import is_url
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.engines.open import filesystem
from interop_cli.store.engines.soundness import finding
from interop_cli.store.engines.twins import moved, moved_to
from interop_cli.store.totals import stale_count
from interop_cli.store.writing import journal

BACKUP_AGE = 24 * 3600
PULL_AGE = 7 * 24 * 3600


def doctor(conn: Connection, location: str, now: str) -> list[Row]:
    """What could go wrong around it: the library, the file and its folder, backups, rights; locks
    that others wait for, and what is stale ``now``.
    """
    findings = list(_about_file(conn, Path(location))) if not is_url(location) else []
    if conn.engine == "sqlite":
        from interop_cli.store.engines.copies import problems

        findings += [
            finding(row["code"], "error", msg("{what}", what=row["what"]))
            for row in problems(conn, deep=False)
        ]
    if conn.engine == "postgres":
        findings += _about_server(conn)
    return [
        *findings,
        *_about_journal(conn),
        *_about_stale(conn, now),
        *_about_move(conn),
        *_about_erasures(conn),
        *_about_mail(conn),
        *_about_users(conn),
        *_about_layout(conn),
    ]


def _about_layout(conn: Connection) -> Iterator[Row]:
    if not conn.distributed:
        return
    from interop_cli.store.engines import distribute

    if left := distribute.layout(conn).left:
        yield finding(
            "db.layout",
            "warning",
            msg("These tables are not laid out over the nodes: {names}", names=", ".join(left)),
            msg("interop db distribute"),
        )
        return
    count = distribute.nodes(conn)
    what = counted("Rows lie on {count} node", "Rows lie on {count} nodes", count=count)
    yield finding("db.distributed", "info", what)


def _about_server(conn: Connection) -> Iterator[Row]:
    """The way to a server, its backups, and who keeps others waiting there."""
    from interop_cli.store.engines import copies, metrics

    if not metrics.tls(conn):
        yield finding(
            "tls.none",
            "warning",
            msg("What goes to the server over the network is not encrypted"),
            msg("Add sslmode=verify-full to --db; see docs/server.md"),
        )
    for row in metrics.blockers(conn):
        yield finding(
            "lock.held",
            "warning",
            counted(
                "{login} ({program}) keeps {count} session waiting, {seconds} s long",
                "{login} ({program}) keeps {count} sessions waiting, {seconds} s long",
                count=row["waiting"],
                login=row["login"],
                program=row["program"],
                seconds=row["seconds"],
            ),
            msg("Where it does not end: SELECT pg_terminate_backend(…)"),
        )
    if names := copies.kept_schemas(conn):
        yield finding(
            "backup.kept",
            "info",
            counted(
                "{count} schema keeps what was there before a restore: {names}",
                "{count} schemas keep what was there before a restore: {names}",
                count=len(names),
                names=", ".join(names),
            ),
            msg("Where you are sure: DROP SCHEMA {name} CASCADE", name=names[0]),
        )
    if time.time() - metrics.archived(conn) > BACKUP_AGE:
        yield finding(
            "backup.server",
            "info",
            msg("The server archived nothing of its log in 24 hours; its dumps are not seen here"),
            msg("interop db backup FILE, and keep it elsewhere; see docs/server.md"),
        )


def _about_stale(conn: Connection, now: str) -> Iterator[Row]:
    """Totals that are not those of the documents, and targets of sync nobody has pulled."""
    from interop_cli.store.engines.metrics import moment

    if stale := stale_count(conn):
        yield finding(
            "sales.stale",
            "info",
            counted(
                "{count} sales total is older than its documents",
                "{count} sales totals are older than their documents",
                count=stale,
            ),
            msg("interop sales refresh"),
        )
    for row in conn.query("SELECT name, pulled_at FROM sync_target ORDER BY name"):
        if row["pulled_at"] and moment(now) - moment(row["pulled_at"]) > PULL_AGE:
            yield finding(
                "sync.stale",
                "info",
                msg("Nothing was pulled from {target} for a week", target=row["name"]),
                msg("interop sync pull --target {target}", target=row["name"]),
            )


def _about_journal(conn: Connection) -> Iterator[Row]:
    if count := journal.unsealed(conn):
        what = counted(
            "{count} operation of the journal waits for its seal",
            "{count} operations of the journal wait for their seals",
            count=count,
        )
        yield finding("journal.unsealed", "info", what, msg("The next change seals them"))


def _about_move(conn: Connection) -> Iterator[Row]:
    if place := moved_to(conn):
        yield finding("db.moved", "warning", *moved(place))


def _about_erasures(conn: Connection) -> Iterator[Row]:
    from interop_cli.store.writing.erasures import unfinished

    for contact_id in unfinished(conn):
        yield finding(
            "erase.unfinished",
            "warning",
            msg("Contact {id} was erased, but old pages of the files still have it", id=contact_id),
            msg("interop contact erase {id} --confirm {id}", id=contact_id),
        )


def _about_mail(conn: Connection) -> Iterator[Row]:
    from interop_cli.store.reading.mailings import unknown

    if numbers := [number for _id, number in unknown(conn)]:
        yield finding(
            "mail.unknown",
            "warning",
            counted(
                "Nobody knows whether {count} invoice went by e-mail: {numbers}",
                "Nobody knows whether {count} invoices went by e-mail: {numbers}",
                count=len(numbers),
                numbers=", ".join(numbers[:20]),
            ),
            msg("Ask who it is for; once more: interop sales invoice send NUMBER --again"),
        )


def _about_users(conn: Connection) -> Iterator[Row]:
    users = conn.query("SELECT uid, name, role FROM user_role ORDER BY name, uid")
    if not users:
        yield finding(
            "rights.nobody",
            "warning",
            msg("Nobody has a role: everyone may do everything"),
            msg("interop db user set USER admin"),
        )
    if conn.login() is None:
        return
    yield from _about_grants(conn)


def _about_grants(conn: Connection) -> Iterator[Row]:
    """What the table of users promises against what the server enforces."""
    from interop_cli.store.engines import grants

    found = grants.compared(conn)
    if found["above"]:
        yield finding(
            "rights.not_enforced",
            "info",
            msg(
                "The server does not hold these users to their role: {users}",
                users=", ".join(found["above"]),
            ),
            msg("The owner of the tables and superusers may do everything"),
        )
    if wrong := sorted(found["other"] + found["unknown"]):
        yield finding(
            "rights.differ",
            "warning",
            msg(
                "What the server lets these users do is not what their role says: {users}",
                users=", ".join(wrong),
            ),
            msg("As the owner of the tables: interop db grant USER ROLE"),
        )
    if found["unlisted"]:
        yield finding(
            "rights.unlisted",
            "warning",
            msg(
                "These logins have rights on the server, and no role here: {users}",
                users=", ".join(found["unlisted"]),
            ),
            msg("interop db grant USER ROLE, or REVOKE what they have"),
        )
    if found["direct"]:
        yield finding(
            "rights.direct",
            "info",
            msg(
                "These users have their rights from no group, and a restored dump may lose them:"
                " {users}",
                users=", ".join(found["direct"]),
            ),
            msg("ALTER ROLE OWNER CREATEROLE; then, as the owner: interop db grant USER ROLE"),
        )


def _about_file(conn: Connection, path: Path) -> Iterator[Row]:
    from interop_cli.store.engines.copies import newest_backup
    from interop_cli.store.engines.sqlite import LIBRARY, wal_is_safe

    if not wal_is_safe():
        from interop_cli.installation import how_to_add

        version = ".".join(map(str, LIBRARY))
        yield finding(
            "sqlite.old",
            "info",
            msg(
                "SQLite {version}: WAL is unsafe in it, so readers keep writers waiting",
                version=version,
            ),
            how_to_add("sqlite"),
        )
    if temporary_in_memory(conn):
        yield finding(
            "sqlite.memory",
            "info",
            msg("This SQLite library sorts long lists in memory, and keeps temporary tables there"),
            msg("Where memory is short: pip uninstall pysqlite3"),
        )
    yield from _about_access(path)
    kind = filesystem(path)
    if kind is None:
        yield finding(
            "file.system",
            "info",
            msg("This system does not tell on what kind of disk the file lies"),
            msg("Keep it on a local disk: on that of a network its locks fail"),
        )
    if kind in ("vfat", "exfat"):
        yield finding("file.system", "warning", msg("The file system {kind} is fragile", kind=kind))
    if time.time() - newest_backup(conn) > BACKUP_AGE:
        yield finding(
            "backup.age",
            "warning",
            msg("No sound backup of the last 24 hours lies beside the database"),
            msg("interop db backup FILE"),
        )
    yield finding(
        "rights.advice",
        "info",
        msg("Whoever can write the file can change everything in it: rights are advice here"),
        msg("Keep the file to one user, or use a PostgreSQL server"),
    )


def _about_access(path: Path) -> Iterator[Row]:
    """Who else can get at the file, where the mode of a file says it."""
    if disk.WINDOWS:
        return
    status = path.stat()
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield finding(
            "file.mode",
            "warning",
            msg("Others can read or write the file"),
            msg("chmod 600 {path}", path=str(path)),
        )
    folder = path.resolve().parent
    if folder.stat().st_mode & stat.S_IWOTH and not folder.stat().st_mode & stat.S_ISVTX:
        yield finding("file.folder", "warning", msg("Others can write in the folder"))


def temporary_in_memory(conn: Connection) -> bool:
    """Whether the library was built to keep temporary files in memory, whatever a pragma says."""
    built = {row["compile_options"] for row in conn.query("PRAGMA compile_options")}
    return "TEMP_STORE=3" in built
