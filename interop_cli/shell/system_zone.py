"""The time zone of this machine, by the name that every system knows it by."""

from __future__ import annotations

import os
from pathlib import Path

LOCAL = "/etc/localtime"


def system_zone() -> str:
    """The zone's name, such as ``America/Toronto``; "" where the system does not tell.

    Out of ``TZ``, else from the file of zones that ``/etc/localtime`` leads to.
    """
    from interop_cli.domain.values.days import zone_named

    name = os.environ.get("TZ", "").removeprefix(":")
    if not name:
        try:
            _, _, name = str(Path(LOCAL).resolve(strict=True)).partition("zoneinfo/")
        except (OSError, RuntimeError):
            return ""
    try:
        zone_named(name)
    except ValueError:
        return ""
    return name
