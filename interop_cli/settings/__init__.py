"""Settings: where a value comes from, and what it may be.

``Settings`` resolves option > environment > company (in the database) > user file > default.
``SETTINGS`` is the one table of names; a new setting is one row there.
"""

from __future__ import annotations

from interop_cli.settings.resolve import Settings, format, parse
from interop_cli.settings.table import SETTINGS, Setting, SettingScope, SettingType, setting

__all__ = [
    "SETTINGS",
    "Setting",
    "SettingScope",
    "SettingType",
    "Settings",
    "format",
    "parse",
    "setting",
]
