"""TLS: servers that are not who they say are refused, and no option makes it otherwise."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from interop_cli.connectors.http import Http
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.system import Clock
from tests.connectors.support import START

pytestmark = pytest.mark.skipif(
    not shutil.which("openssl"), reason="openssl is not installed: no certificates can be made"
)


class Handler(BaseHTTPRequestHandler):
    """Answers everything, and notes what it was told."""

    seen: list[str] = []  # noqa: RUF012 - one list for all

    def do_POST(self) -> None:
        self.seen.append(str(self.headers.get("Authorization")))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b'{"ok": true}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Silence."""


class QuietServer(ThreadingHTTPServer):
    """A caller that hangs up is what this is about."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silence."""


def certificate(folder: Path, name: str, subject: str) -> tuple[Path, Path]:
    """A self-signed certificate for a host name or address, and its key."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    alternative = f"IP:{subject}" if subject[0].isdigit() else f"DNS:{subject}"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-keyout",
            key,
            "-out",
            cert,
            "-subj",
            f"/CN={subject}",
            "-addext",
            f"subjectAltName={alternative}",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    folder = tmp_path_factory.mktemp("tls")
    return {
        "good": certificate(folder, "good", "127.0.0.1"),
        "elsewhere": certificate(folder, "elsewhere", "api.example.com"),
    }


@pytest.fixture
def served(
    request: pytest.FixtureRequest, certificates: dict[str, tuple[Path, Path]]
) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificates[request.param])
    Handler.seen.clear()
    server = QuietServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def call(url: str, ca_bundle: Path | None) -> Any:
    http = Http(
        url,
        Clock(START),
        authorize=lambda: {"Authorization": "Bearer secret-token"},
        max_seconds=5,
        ca_bundle=str(ca_bundle) if ca_bundle else None,
    )
    try:
        return http.call("POST", "/", json={}).data
    finally:
        http.close()


@pytest.mark.parametrize("served", ["good"], indirect=True)
def test_a_certificate_that_nobody_vouches_for(served: str) -> None:
    with pytest.raises(Trouble) as trouble:
        call(served, None)
    assert (trouble.value.kind, trouble.value.code) == (TroubleKind.FORBIDDEN, "remote.tls")
    assert Handler.seen == []


@pytest.mark.parametrize("served", ["elsewhere"], indirect=True)
def test_a_certificate_of_another_host(
    served: str, certificates: dict[str, tuple[Path, Path]]
) -> None:
    with pytest.raises(Trouble) as trouble:
        call(served, certificates["elsewhere"][0])
    assert trouble.value.code == "remote.tls"
    assert Handler.seen == []


@pytest.mark.parametrize("served", ["good"], indirect=True)
def test_one_that_the_bundle_vouches_for_is_taken(
    served: str, certificates: dict[str, tuple[Path, Path]]
) -> None:
    assert call(served, certificates["good"][0]) == {"ok": True}
    assert Handler.seen == ["Bearer secret-token"]


def test_nobody_speaks_tls_there(certificates: dict[str, tuple[Path, Path]]) -> None:
    Handler.seen.clear()
    server = QuietServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        with pytest.raises(Trouble):
            call(f"https://127.0.0.1:{server.server_address[1]}", certificates["good"][0])
    finally:
        server.shutdown()
        server.server_close()
    assert Handler.seen == []
