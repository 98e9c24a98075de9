"""The company's settings, and the roles of users, as the services write them."""

from __future__ import annotations

from interop_cli.domain.rights import User
from interop_cli.store.engines.connection import Row
from interop_cli.store.writing.writer import Writer


class SettingRepository:
    """Reads and writes settings as text; their types are the business of ``settings.py``."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def set(self, name: str, value: str) -> bool:
        """Store a setting; whether it differed."""
        conn = self.writer.conn
        sql = f"SELECT * FROM setting WHERE name = :name{conn.locked}"
        rows = conn.query(sql, name=name)
        if not rows:
            self.writer.insert("setting", [{"name": name, "value": value}])
            return True
        return self.writer.save("setting", [(rows[0], {"name": name, "value": value})]) == 1

    def unset(self, name: str) -> bool:
        """Forget a setting; whether there was one."""
        return self.writer.delete("setting", "name = :name", name=name) == 1


class UserRepository:
    """Finds and writes roles; on a server the GRANTs follow them."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.conn = writer.conn

    def find(self, uid: str) -> Row | None:
        """The row of a user, or None."""
        rows = self.conn.query("SELECT * FROM user_role WHERE uid = :uid", uid=uid)
        return rows[0] if rows else None

    def set(self, user: User, role: str) -> bool:
        """Give a user a role; whether it differed."""
        before = self.find(user.uid)
        row = {"uid": user.uid, "name": user.name, "role": role}
        if before is None:
            self.writer.insert("user_role", [row])
        changed = before is None or self.writer.save("user_role", [(before, row)]) == 1
        if self.conn.engine == "postgres":
            from interop_cli.store.engines import grants

            grants.give(self.conn, user.uid, role)
        return changed

    def remove(self, uid: str) -> None:
        """Forget a user's role."""
        self.writer.delete("user_role", "uid = :uid", uid=uid)
        if self.conn.engine == "postgres":
            from interop_cli.store.engines import grants

            grants.take(self.conn, uid)

    def without_admin(self) -> bool:
        """Whether there are users, and no admin among them: of two who go, one is the last."""
        self.conn.in_turn("admin")
        rows = self.conn.query("SELECT role FROM user_role")
        return bool(rows) and all(row["role"] != "admin" for row in rows)
