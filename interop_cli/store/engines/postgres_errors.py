"""The errors of a PostgreSQL server in interop's words.

A statement fails with an SQLSTATE. While connecting the driver has none, only words: libpq's own,
which are English, and those of the server, in the language it is set to. English and French are
known here; what is not known is shown as the server said it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psycopg

from interop_cli.domain.errors import (
    Busy,
    ConfigError,
    Conflict,
    Denied,
    InteropError,
    IoFailure,
    RemoteFailure,
    UnusableDb,
)
from interop_cli.domain.messages import N_, Message, msg


class Silent(psycopg.OperationalError):
    """The server has said nothing for too long."""


class Reason(NamedTuple):
    """Why the server does not do what it was asked; ``message`` and ``hint`` are msgids."""

    kind: type[InteropError]
    code: str
    message: str
    hint: str

    def error(self) -> InteropError:
        """An error that says so."""
        return self.kind(self.code, Message(self.message), hint=Message(self.hint))


UNREACHABLE = Reason(
    RemoteFailure,
    "db.unreachable",
    N_("The database server cannot be reached."),
    N_("Check host and port in --db, and that the server runs and listens there."),
)
SILENT = Reason(
    RemoteFailure,
    "db.silent",
    N_("The database server does not answer."),
    N_("Try again, or wait longer with --lock-timeout."),
)
STARTING = Reason(
    RemoteFailure,
    "db.starting",
    N_("The database server is starting or stopping."),
    N_("Try again in a moment."),
)
NO_SUCH_SESSION = Reason(
    RemoteFailure,
    "db.session",
    N_("None of the database servers in --db is of the kind that is asked for."),
    N_("Try again after a failover; target_session_attrs=any reads from whichever there is."),
)
TOO_MANY = Reason(
    Busy,
    "db.connections",
    N_("The database server has too many connections."),
    N_("Try again; max_connections, or the limit of the role or database, may be too low."),
)
CANCELLED = Reason(
    Busy,
    "db.cancelled",
    N_("The database server gave the statement up."),
    N_("Its statement_timeout may be too short; see the options of --db, and PGOPTIONS."),
)
PASSWORD = Reason(
    Denied,
    "db.password",
    N_("The database server does not accept this user and password."),
    N_("Check the user in --db, and the password: in --db, PGPASSWORD or the file ~/.pgpass."),
)
NO_PASSWORD = Reason(
    Denied,
    "db.password",
    N_("The database server asks for a password, and none was given."),
    N_("Give it in PGPASSWORD or the file ~/.pgpass, which only you can read."),
)
ROLE = Reason(
    Denied,
    "db.role",
    N_("The database server has no such user, or none that may log in."),
    N_("Check the user in --db; its administrator makes one: CREATE ROLE … LOGIN"),
)
PEER = Reason(
    Denied,
    "db.peer",
    N_("The database server takes the system's word for who you are: you are another user."),
    N_("Run it as that user of the system, or see pg_hba.conf and pg_ident.conf of the server."),
)
HBA = Reason(
    Denied,
    "db.hba",
    N_("The database server does not let this user into this database from here."),
    N_("See pg_hba.conf of the server."),
)
DENIED = Reason(
    Denied,
    "db.denied",
    N_("The database server does not allow this to the user it knows."),
    N_("Ask an admin for a role: interop db grant USER ROLE"),
)
NO_CONNECT = Reason(
    Denied,
    "db.denied",
    N_("The database server does not let this user into this database."),
    N_("Its owner can: GRANT CONNECT ON DATABASE … TO …"),
)
UNKNOWN = Reason(
    ConfigError,
    "db.unknown",
    N_("The server has no such database."),
    N_("Check the name in --db, or make it there: createdb NAME"),
)
CLOSED = Reason(
    ConfigError,
    "db.closed",
    N_("The database takes no connections."),
    N_("Its owner can: ALTER DATABASE … ALLOW_CONNECTIONS true"),
)
NO_SCHEMA = Reason(
    ConfigError,
    "db.schema",
    N_("The search path names no schema that this user may use."),
    N_("Check search_path in --db or PGOPTIONS; CREATE SCHEMA, or GRANT USAGE ON SCHEMA."),
)
OPTIONS = Reason(
    ConfigError,
    "db.options",
    N_("The database server does not know a parameter of --db or PGOPTIONS, or its value."),
    N_("Check options= in --db, and PGOPTIONS."),
)
MALFORMED = Reason(
    ConfigError,
    "db.address",
    N_("The address of the database server cannot be read."),
    N_("postgresql://USER@HOST:5432/NAME; what is special in it is percent-encoded."),
)
POOLER_OPTIONS = Reason(
    ConfigError,
    "db.options",
    N_("The pooler before the database server refuses an option of --db or PGOPTIONS."),
    N_("Set it on the server, as ALTER ROLE … SET search_path = …; or let the pooler pass it on."),
)
SERVICE = Reason(
    ConfigError,
    "db.service",
    N_("There is no such service of PostgreSQL on this machine."),
    N_("Check PGSERVICE, and the file that PGSERVICEFILE names (~/.pg_service.conf)."),
)
TLS_REQUIRED = Reason(
    ConfigError,
    "db.tls.required",
    N_("The database server lets this user in only with TLS, or from elsewhere."),
    N_("Ask for TLS: sslmode=verify-full in --db; else see pg_hba.conf of the server."),
)
NO_TLS = Reason(
    ConfigError,
    "db.tls.missing",
    N_("The database server speaks no TLS, and --db asks for it."),
    N_("Turn ssl on there; with sslmode=disable, everybody on the way can read along."),
)
CERTIFICATE = Reason(
    ConfigError,
    "db.tls.certificate",
    N_("The certificate of the database server is another host's, or nobody trusted signed it."),
    N_("Name the host as its certificate does; sslrootcert in --db is the authority to trust."),
)
AUTHORITY = Reason(
    ConfigError,
    "db.tls.authority",
    N_("A certificate or key that the address asks for is not there, or cannot be read."),
    N_("Check sslrootcert, sslcert, sslkey in --db; sslrootcert=system trusts the system's own."),
)
SSLMODE = Reason(
    ConfigError,
    "db.tls.mode",
    N_("The address asks for TLS in a way that does not exist."),
    N_("sslmode is disable, allow, prefer, require, verify-ca or verify-full."),
)
DISK_FULL = Reason(
    IoFailure,
    "io.disk_full",
    N_("The disk of the database server is full."),
    N_("Nothing was changed; make room there, and try again."),
)
READ_ONLY = Reason(
    IoFailure,
    "io.read_only",
    N_("This database server, or this user of it, only reads."),
    N_("It is a standby, or default_transaction_read_only is on: name the one to write to."),
)

UNSUPPORTED = Reason(
    ConfigError,
    "db.unsupported",
    N_("The database server refuses a statement that PostgreSQL by itself takes."),
    N_("See how its tables lie: interop db doctor. On Citus: interop db distribute"),
)

FAILED = Reason(
    RemoteFailure,
    "db.server",
    N_("The database server met an error of its own."),
    N_("Its log says which. On Citus, see how its tables lie: interop db doctor"),
)
DAMAGED = Reason(
    UnusableDb,
    "db.corrupt",
    N_("The database server found its own files damaged."),
    N_("Its log says which; have its administrator see to its disk, and restore a backup."),
)

# By SQLSTATE, or by its first two characters.
_STATES = {
    "57014": CANCELLED,
    "53300": TOO_MANY,
    "28": HBA,
    "42501": DENIED,
    "3D000": UNKNOWN,
    "3F000": NO_SCHEMA,
    "25006": READ_ONLY,
    "53100": DISK_FULL,
    "0A": UNSUPPORTED,  # it does not do this at all, or not with tables that lie so
    "42P01": UNSUPPORTED,  # a node does not know a table that another one has
    "42883": UNSUPPORTED,
    "XX001": DAMAGED,
    "XX002": DAMAGED,
    "XX": FAILED,  # what Citus refuses without saying a state is among them
    "53": FAILED,  # no memory
    "54": FAILED,
    "55": FAILED,
    "58": FAILED,
    "08": UNREACHABLE,
    "57": UNREACHABLE,
    "25P03": UNREACHABLE,
    "": UNREACHABLE,
}

# By the words, in this order; of several hosts, what one of them said tells more than that others
# are not there.
_WORDS = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"no password supplied", NO_PASSWORD),
        (r"password authentication failed|authentification par mot de passe échouée", PASSWORD),
        (r"([Pp]eer|[Ii]dent) authentication failed|authentification (peer|ident) échouée", PEER),
        (r"role .+ (does not exist|is not permitted to log in)", ROLE),
        (r"le rôle .+ (n'existe pas|n'est pas autorisé à se connecter)", ROLE),
        (r"pg_hba\.conf.*\[local\]", HBA),
        (r"pg_hba\.conf.*(no encryption|SSL off|aucun chiffrement|SSL inactif)", TLS_REQUIRED),
        (r"FATAL:.*SSL connection is required", TLS_REQUIRED),
        (r"pg_hba\.conf", HBA),
        (r"database .+ does not exist|base de données .+ n'existe pas", UNKNOWN),
        (r"database .+ is not currently accepting|base de données .+ n'accepte", CLOSED),
        (r"permission denied for database|droit refusé pour la base de données", NO_CONNECT),
        (r"too many (clients|connections)|remaining connection slots", TOO_MANY),
        (r"trop de (clients|connexions)|emplacements de connexions? restants", TOO_MANY),
        (r"database system is|système de bases? de données", STARTING),
        (r"unrecognized configuration parameter|paramètre de configuration .+ non", OPTIONS),
        (r"unsupported startup parameter", POOLER_OPTIONS),
        (r"invalid value for parameter|valeur invalide pour le paramètre", OPTIONS),
        (r"FATAL:.*(requires a value|requiert une valeur)", OPTIONS),
        (r"permission denied to set parameter|droit refusé pour initialiser", OPTIONS),
        (r"does not support SSL, but SSL was required", NO_TLS),
        (r"root certificate file|certificate file .+(not|open)|private key file", AUTHORITY),
        (r"certificate verify failed|does not match host name|self.signed", CERTIFICATE),
        (r"(invalid|weak) sslmode|invalid ssl\w+ value", SSLMODE),
        (r"session is (not )?read-only|hot standby mode", NO_SUCH_SESSION),
        (r"definition of service", SERVICE),
        (r"connection is bad: (invalid|could not (match|look))|bad value for", MALFORMED),
        (r"timeout expired", SILENT),
    )
)


def translated(error: psycopg.Error) -> InteropError:
    """A server's error in interop's words, by its SQLSTATE."""
    state = error.sqlstate or ""
    if state in ("40001", "40P01", "55P03"):
        return Busy(
            "db.busy",
            msg("The database is locked by another program."),
            hint=msg("Try again, or wait longer with --lock-timeout."),
            again=state.startswith("40"),
        )
    if state.startswith("23"):
        rule = error.diag.constraint_name or state
        refused = msg("The database refused the change: {rule}.", rule=rule)
        # A double, or a reference to nothing, may be of what another one wrote meanwhile.
        return Conflict("db.constraint", refused, again=state in ("23505", "23503"))
    if state == "22003":
        return Conflict("db.integer_range", msg("A number is too large for the database."))
    if isinstance(error, Silent):
        return SILENT.error()
    if reason := _STATES.get(state) or _STATES.get(state[:2]):
        return reason.error()
    return InteropError("db.error", msg("The database answered with an error: {name}.", name=state))


def is_locked(error: Exception) -> bool:
    """Whether a lock was not to be had in time."""
    return isinstance(error, psycopg.errors.LockNotAvailable)


@contextmanager
def translating() -> Iterator[None]:
    """Turn psycopg's errors into interop's."""
    try:
        yield
    except psycopg.Error as error:
        raise translated(error) from error


def refusal(text: str) -> InteropError:
    """Why there is no connection, from the words of the driver and the server."""
    for pattern, reason in _WORDS:
        if pattern.search(text):
            return reason.error()
    said = re.search(r"FATAL:\s*(.+)", text)
    if said is None:
        return UNREACHABLE.error()
    return Denied(
        "db.refused",
        msg("The database server refused the connection."),
        hint=msg("It says: {text}", text=said[1].strip()),
    )
