"""The company's settings, kept in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interop_cli.store.uow import UnitOfWork


class SettingRepository:
    """Reads and writes settings as text; their types are the business of ``settings.py``."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    def set(self, name: str, value: str) -> bool:
        """Store a setting; whether it differed."""
        rows = self.uow.conn.query("SELECT * FROM setting WHERE name = :name", name=name)
        if not rows:
            self.uow.insert("setting", [{"name": name, "value": value}])
            return True
        return self.uow.save("setting", [(rows[0], {"name": name, "value": value})]) == 1

    def unset(self, name: str) -> bool:
        """Forget a setting; whether there was one."""
        return self.uow.delete("setting", "name = :name", name=name) == 1
