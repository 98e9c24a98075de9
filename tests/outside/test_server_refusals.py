"""What a PostgreSQL server, or the way to it, refuses: each in its own words, and no password."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from interop_cli.domain.errors import Busy, Denied
from interop_cli.i18n import set_language, translate
from tests.connectors.test_tls import certificate
from tests.support.cli import Run
from tests.support.outside import error_of
from tests.support.postgres import server_apart
from tests.support.proxy import Proxy, Way

SECRET = "geheim-Ohr7"
HBA = """
local all postgres,ghost trust
local all stranger reject
local all peered peer
local all all scram-sha-256
"""
SETUP = f"""
CREATE ROLE marie LOGIN PASSWORD '{SECRET}' CONNECTION LIMIT 1;
CREATE ROLE paul LOGIN PASSWORD '{SECRET}';
CREATE ROLE sleeper PASSWORD '{SECRET}';
CREATE DATABASE closed;
ALTER DATABASE closed ALLOW_CONNECTIONS false;
CREATE DATABASE private;
REVOKE CONNECT ON DATABASE private FROM PUBLIC;
CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'
"""


@pytest.fixture(scope="module")
def guarded() -> Iterator[Path]:
    """The folder of a server that lets in whom it knows."""
    import psycopg

    with server_apart() as data:
        with psycopg.connect(
            f"postgresql://postgres@/postgres?host={data}", autocommit=True
        ) as conn:
            for statement in SETUP.split(";\n"):
                conn.execute(statement)  # type: ignore[call-overload]
            (data / "pg_hba.conf").write_text(HBA)
            conn.execute("SELECT pg_reload_conf()")
        yield data


MARIE = f"marie:{SECRET}"
PAUL = f"paul:{SECRET}"
AT = "{server}"
REFUSALS = {
    # name: address, exit code, dotted code
    "password": (f"postgresql://paul:{SECRET}x@/postgres?host={AT}", 4, "db.password"),
    "no password": (f"postgresql://paul@/postgres?host={AT}", 4, "db.password"),
    "no such user": (f"postgresql://ghost@/postgres?host={AT}", 4, "db.role"),
    "may not log in": (f"postgresql://sleeper:{SECRET}@/postgres?host={AT}", 4, "db.role"),
    "from here": (f"postgresql://stranger:{SECRET}@/postgres?host={AT}", 4, "db.hba"),
    "peer": (f"postgresql://peered:{SECRET}@/postgres?host={AT}", 4, "db.peer"),
    "no such database": (f"postgresql://{PAUL}@/nope?host={AT}", 78, "db.unknown"),
    "closed": (f"postgresql://{PAUL}@/closed?host={AT}", 78, "db.closed"),
    "private": (f"postgresql://{PAUL}@/private?host={AT}", 4, "db.denied"),
    "encoding": (f"postgresql://{PAUL}@/latin?host={AT}", 78, "db.encoding"),
    "parameter": (f"postgresql://{PAUL}@/postgres?host={AT}&options=-cx%3D1", 78, "db.options"),
    "value": (
        f"host={AT} dbname=postgres user=paul password={SECRET} options=-cwork_mem=x",
        78,
        "db.options",
    ),
    "sslmode": (f"postgresql://{PAUL}@/postgres?host={AT}&sslmode=sometimes", 78, "db.tls.mode"),
    "port": (f"postgresql://{PAUL}@localhost:99999999/postgres", 78, "db.address"),
    "percent": (f"postgresql://paul:%zz{SECRET}@/postgres?host={AT}", 78, "db.address"),
    "unknown key": (f"postgresql://{PAUL}@/postgres?host={AT}&hots=x", 78, "db.address"),
    "at sign": (f"postgresql://paul:x@{SECRET}/y@localhost/postgres", 69, "db.unreachable"),
    "no pair": (f"host={AT} password {SECRET}", 78, "db.address"),
    "service": (f"postgresql://{PAUL}@/?service=nowhere", 78, "db.service"),
    "nobody there": (f"postgresql://{PAUL}@127.0.0.1:1/postgres", 69, "db.unreachable"),
    "no socket": (f"postgresql://{PAUL}@/postgres?host=/nowhere", 69, "db.unreachable"),
    "no interop": (f"postgresql://{PAUL}@/postgres?host={AT}", 3, "db.missing"),
    "mistyped": (f"postgresql:/{PAUL}@localhost/postgres", 78, "db.location"),
    "capitals": (f"POSTGRESQL://{PAUL}@localhost/postgres", 78, "db.location"),
    "quoted": (f"'postgresql://{PAUL}@localhost/postgres'", 78, "db.location"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_each_reason_has_its_words(name: str, guarded: Path, invoke: Run, tmp_path: Path) -> None:
    address, code, dotted = REFUSALS[name]
    address = address.replace(AT, str(guarded))
    told = set()
    for language in ("en", "fr"):
        for more in ([], ["--debug"]):
            env = {"TMPDIR": str(tmp_path), "PGPASSWORD": ""} if more else {}
            words = ["--db", address, "--lang", language, "client", "list", "--json", *more]
            result = invoke(*words, env=env)
            error = error_of(result.stderr)["error"]
            assert (result.code, error["code"]) == (code, dotted), error
            assert error["hint"]
            assert (error["applied"], error["retryable"]) == (False, code in (69, 75))
            assert SECRET not in result.stderr + result.stdout
            if not more:
                told.add(error["message"])
    assert len(told) == 2
    for file in tmp_path.glob("interop-*.txt"):
        assert SECRET not in file.read_text()
    for words in (["config", "get", "db"], ["config", "list"], ["config", "set", "db", address]):
        result = invoke(*words, "--json", env={"INTEROP_DB": address})
        assert SECRET not in result.stderr + result.stdout
    assert SECRET not in invoke("db", "init", env={"INTEROP_DB": address}).stderr or code == 3


def test_the_sentences_differ() -> None:
    from interop_cli.store.engines import postgres_errors

    reasons = [value for value in vars(postgres_errors).values() if hasattr(value, "hint")]
    reasons = [reason for reason in reasons if isinstance(reason, postgres_errors.Reason)]
    assert len({reason.message for reason in reasons}) == len(reasons) > 20


def test_no_place_is_left(guarded: Path, invoke: Run) -> None:
    import psycopg

    address = f"postgresql://{MARIE}@/postgres?host={guarded}"
    with psycopg.connect(address):
        result = invoke("--db", address, "client", "list", "--json")
        assert (result.code, result.error["code"]) == (75, "db.connections")
        assert result.error["retryable"] is True


def test_a_password_of_the_environment(guarded: Path, invoke: Run) -> None:
    address = f"postgresql://paul@/postgres?host={guarded}"
    for secret, dotted in ((SECRET, "db.missing"), (f"{SECRET}x", "db.password")):
        result = invoke("--db", address, "client", "list", "--json", env={"PGPASSWORD": secret})
        assert result.error["code"] == dotted
        assert SECRET not in result.stderr


@pytest.mark.parametrize(
    ("text", "kind", "dotted"),
    [
        (
            "authentification par mot de passe échouée pour l'utilisateur « x »",
            Denied,
            "db.password",
        ),
        ("désolé, trop de clients sont déjà connectés", Busy, "db.connections"),
        ("le rôle « x » n'existe pas", Denied, "db.role"),
        ("Passwort-Authentifizierung für Benutzer »x« fehlgeschlagen", Denied, "db.refused"),
    ],
)
def test_a_server_that_speaks_another_language(text: str, kind: type, dotted: str) -> None:
    from interop_cli.store.engines.postgres_errors import refusal

    error = refusal(
        f'connection failed: connection to server at "127.0.0.1" failed: FATAL:  {text}'
    )
    assert (type(error), error.code) == (kind, dotted)
    if dotted == "db.refused":  # in its own words
        set_language("en")
        assert error.hint
        assert translate(error.hint) == f"It says: {text}"


# TLS, which a proxy in front of the server speaks


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed: no certificates can be made")
    folder = tmp_path_factory.mktemp("certificates")
    names = {"right": "localhost", "stranger": "db.example", "self-made": "localhost"}
    return {name: certificate(folder, name, host) for name, host in names.items()}


@pytest.mark.parametrize(
    ("served", "trusted", "code", "dotted"),
    [
        ("right", "right", 3, "db.missing"),  # connected
        ("stranger", "stranger", 78, "db.tls.certificate"),
        ("self-made", "right", 78, "db.tls.certificate"),
        ("right", "missing", 78, "db.tls.authority"),
        ("", "right", 78, "db.tls.missing"),
    ],
)
def test_certificates(
    served: str,
    trusted: str,
    code: int,
    dotted: str,
    guarded: Path,
    certificates: dict[str, tuple[Path, Path]],
    invoke: Run,
) -> None:
    context = None
    if served:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificates[served])
    root = certificates[trusted][0] if trusted in certificates else Path("/nowhere/root.crt")
    with ExitStack() as stack:
        proxy = Proxy(Way(f"{guarded}/.s.PGSQL.5432", "postgres"), context)
        stack.callback(proxy.close)
        address = (
            f"postgresql://{PAUL}@localhost:{proxy.port}/postgres"
            f"?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={root}"
        )
        result = invoke("--db", address, "client", "list", "--json")
    assert (result.code, result.error["code"]) == (code, dotted), result
    assert SECRET not in result.stderr
