"""What ``--db`` says: a file or a server; and how it may be shown, which is without a password."""

from __future__ import annotations

import re

from interop_cli.domain.errors import ConfigError
from interop_cli.domain.messages import msg
from interop_cli.domain.values.text import pattern

SERVERS = ("postgresql://", "postgres://")
# The other form that libpq knows, KEY=VALUE …; a file of such a name is ./KEY=VALUE.
_PAIRS = pattern(
    r"\s*(host|hostaddr|port|dbname|user|password|passfile|service|options|application_name"
    r"|ssl\w+|connect_timeout|target_session_attrs|load_balance_hosts|require_auth)\s*="
)
_PAIR = pattern(r"\s*(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)(?=\s|$)", re.DOTALL)
_SHOWN = ("service", "user", "host", "hostaddr", "port", "dbname")
# The address of anything else, and one of a server that was mistyped; one letter is a disk: C://
_ADDRESS = pattern(r"\s*['\"]?([a-z][a-z0-9+.-]+://|postgres(ql)?:)", re.IGNORECASE)
_HOST = r"(?:\[[0-9a-f:.%]*\]|[^:@/?#,\[\]]*)(?::\d*)?"
_URL = pattern(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?:(?P<user>[^:@/?#]*)(?::[^@/?#]*)?@)?"
    rf"(?P<rest>{_HOST}(?:,{_HOST})*(?:/[^@/?#]*)?)(?:\?(?:\w+=[^&@#]*(?:&\w+=[^&@#]*)*)?)?",
    re.IGNORECASE,
)


def is_server(location: str) -> bool:
    """Whether it has the form of a server's address."""
    return location.startswith(SERVERS) or bool(_PAIRS.match(location))


def is_url(location: str) -> bool:
    """Whether ``--db`` names a server rather than a file.

    Raises ConfigError ``db.location`` for the address of anything else: nobody means a file that
    lies in a folder called ``mysql:``.
    """
    if is_server(location):
        return True
    if _ADDRESS.match(location):
        raise ConfigError(
            "db.location",
            msg("A database is a file, or a server at postgresql://…; no other address is taken."),
            hint=msg("Check --db and INTEROP_DB; a file is named by its path."),
        )
    return False


def without_password(location: str) -> str:
    """The location as it may be shown: an address without its password and its options.

    Of an address that cannot be taken apart nothing is shown but how it begins: where its password
    ends is anybody's guess.
    """
    if _PAIRS.match(location):
        if _PAIR.sub("", location).strip():
            return "…"
        pairs = [found.groups() for found in _PAIR.finditer(location)]
        shown = [f"{key}={value}" for key, value in pairs if key in _SHOWN and "://" not in value]
        return " ".join(shown) or "…"
    if not (begin := _ADDRESS.match(location)):
        return location
    if not (url := _URL.fullmatch(location)):
        return f"{begin[1]}…"
    user = f"{url['user']}@" if url["user"] else ""
    return f"{url['scheme']}{user}{url['rest']}"
