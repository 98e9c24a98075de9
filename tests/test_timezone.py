"""The company's time zone: written by ``db init``, and what becomes of one that nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from interop_cli import system
from interop_cli.app import App
from interop_cli.store.engines.open import open_database


@pytest.fixture
def shop(tmp_path: Path, invoke) -> Path:  # type: ignore[no-untyped-def]
    """An empty database."""
    place = tmp_path / "shop.db"
    assert invoke("--db", str(place), "db", "init").code == 0
    return place


def test_the_day_is_that_of_the_zone(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days = set()
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # 25 hours apart
        conn = open_database(str(shop), lock_timeout=5)
        conn.execute("UPDATE setting SET value = :zone WHERE name = 'timezone'", zone=zone)
        conn.close()
        app = App([], {"INTEROP_DB": str(shop)})
        days.add(app.today)
        assert app.store.today() == app.today.isoformat()
        app.close()
    assert len(days) == 2


def test_a_zone_that_nobody_knows_is_refused_and_can_be_set(shop: Path, invoke) -> None:  # type: ignore[no-untyped-def]
    conn = open_database(str(shop), lock_timeout=5)
    conn.execute("UPDATE setting SET value = 'Mars/Olympus' WHERE name = 'timezone'")
    conn.close()
    asked = invoke("--db", str(shop), "client", "list", "--filter", "created_at = -0d")
    assert asked.code == 78
    assert invoke("--db", str(shop), "client", "list").code == 0
    assert invoke("--db", str(shop), "config", "set", "timezone", "UTC").code == 0
    again = invoke("--db", str(shop), "client", "list", "--filter", "created_at = -0d")
    assert again.code == 0


def test_the_zone_of_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for typed, name in (("America/Toronto", "America/Toronto"), (":UTC", "UTC"), ("XYZ5", "")):
        monkeypatch.setenv("TZ", typed)
        assert system.system_zone() == name
    monkeypatch.delenv("TZ")
    target = tmp_path / "zoneinfo" / "America" / "Montreal"
    target.parent.mkdir(parents=True)
    target.touch()
    (tmp_path / "localtime").symlink_to(target)
    monkeypatch.setattr(system, "LOCAL", str(tmp_path / "localtime"))
    assert system.system_zone() == "America/Montreal"
    monkeypatch.setattr(system, "LOCAL", str(tmp_path / "nothing"))
    assert system.system_zone() == ""
