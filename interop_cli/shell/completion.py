"""What the shell offers for an argument: codes of clients, read from the database.

Silent on any error, and never more than a screenful: a completion must not get in the way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

if TYPE_CHECKING:
    from interop_cli.app import App

F = TypeVar("F", bound=Callable[..., Any])
SHOWN = 50


def client_codes(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Codes of active clients that begin as typed."""
    app = cast("App", ctx.find_root().obj)
    app.options.setdefault("lock_timeout", 0.2)
    try:
        from interop_cli.store.reading.references import codes_beginning

        codes = codes_beginning(app.store.conn, incomplete, SHOWN)
    except Exception:  # noqa: BLE001 - no database, no rights, a lock: nothing to offer
        return []
    finally:
        app.close()
    # What our rules would not take as a code is not put in front of somebody's cursor.
    return [code for code in codes if code.isprintable()]


def client_argument(name: str = "client") -> Callable[[F], F]:
    """An argument that names a client, completed from the database."""
    return click.argument(name, metavar="CODE", shell_complete=client_codes)
