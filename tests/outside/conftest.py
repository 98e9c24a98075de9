"""A small shop that every test here starts from: one client of each kind."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import FOLDER, NewDatabase, lent, url_of
from tests.support.warm import warm_command

PLACE = {"line1": "12, rue du Quai", "city": "Québec", "postal_code": "G1K 7X2"}
CLIENTS = (
    {"code": "ACME", "name": "Acmé inc.", "email": "info@acme.example", "external_id": "X-1"},
    {"code": "BETA", "name": "Bêta ltée", "tags": ["vip"], "external_id": "X-2"},
    {"code": "PAYER", "name": "Celui qui paie", "terms": "net30"},
    {"code": "PAID", "name": "Celle qui ne paie pas", "bill_to": "PAYER"},
    {"code": "MAYBE", "name": "Peut-être", "prospect": True},
    {"code": "SLEEPY", "name": "Au repos", "active": False},
    {"code": "OLD", "name": "Nouveau nom"},
)


def furnish(url: str) -> None:
    """Fill a database that ``db init`` has made: clients 1 to 7, of which OLD is now NEW."""
    lines = "".join(json.dumps({**client, **PLACE}) + "\n" for client in CLIENTS)
    for words, stdin in (
        (["client", "import", "-", "--format", "ndjson"], lines),
        (["client", "recode", "OLD", "NEW", "--confirm", "OLD"], ""),
        (
            [
                "address",
                "create",
                "ACME",
                "--label",
                "Entrepôt",
                "--line1",
                "5, rue du Port",
                "--city",
                "Québec",
                "--postal-code",
                "G1K 4A1",
            ],
            "",
        ),
    ):
        command = [*warm_command(), "--db", url, "-q", *words]
        subprocess.run(command, input=stdin.encode(), check=True)


@pytest.fixture(scope="session")
def _sqlite_shop(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "interop.db"
    shutil.copy(sqlite_template, path)
    furnish(str(path))
    return path


@pytest.fixture(scope="session")
def _postgres_shop(
    postgres_server: NewDatabase, postgres_template: str, pytestconfig: pytest.Config
) -> str:
    name = postgres_server(postgres_template)
    furnish(url_of(pytestconfig.stash[FOLDER], name))
    return name


@pytest.fixture
def shop(_sqlite_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop in a file that this test has for itself; ``INTEROP_DB`` names it."""
    path = Path(shutil.copy(_sqlite_shop, tmp_path / "interop.db"))
    monkeypatch.setenv("INTEROP_DB", str(path))
    return path


@pytest.fixture
def postgres_shop(
    _postgres_shop: str,
    postgres_server: NewDatabase,
    pytestconfig: pytest.Config,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """The shop in a PostgreSQL database that this test has for itself."""
    with lent(postgres_server, _postgres_shop, pytestconfig.stash[FOLDER]) as url:
        monkeypatch.setenv("INTEROP_DB", url)
        yield url


@pytest.fixture
def shop_url(engine: str, request: pytest.FixtureRequest) -> str:
    """The shop on each engine in turn; ``INTEROP_DB`` names it."""
    return str(request.getfixturevalue("shop" if engine == "sqlite" else f"{engine}_shop"))
