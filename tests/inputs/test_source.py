"""Files and standard input as sources: read twice, side by side, and refused by what they are."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from interop_cli.domain.errors import IoFailure, UsageError
from interop_cli.inputs import source as module
from interop_cli.inputs.source import Source, open_source

DATA = b"code,name\nACME,Acme\n" * 20_000


def all_of(source: Source) -> bytes:
    with source.binary() as stream:
        return stream.read()


def piped(data: bytes) -> io.TextIOWrapper:
    """Standard input as Python makes it of a pipe that holds ``data``."""
    reader, writer = os.pipe()

    def feed() -> None:
        with os.fdopen(writer, "wb") as file:
            file.write(data)

    threading.Thread(target=feed).start()
    return io.TextIOWrapper(os.fdopen(reader, "rb"))


@pytest.fixture(params=["file", "bytes", "pipe", "redirected"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    """The same data from everywhere it may come from."""
    path = tmp_path / "clients.csv"
    path.write_bytes(DATA)
    stdin = {
        "bytes": lambda: io.BytesIO(DATA),
        "pipe": lambda: piped(DATA),
        "redirected": lambda: path.open("r", encoding="ascii"),
    }.get(request.param, lambda: None)()
    name = str(path) if stdin is None else "-"
    with open_source(name, stdin) as opened:
        yield opened
    if stdin is not None:
        stdin.close()


def test_it_is_read_again_from_the_start(source: Source) -> None:
    assert all_of(source) == DATA
    assert all_of(source) == DATA
    assert source.size == len(DATA)


def test_two_streams_do_not_disturb_each_other(source: Source) -> None:
    with source.binary() as first, source.binary() as second:
        whole = [b"", b""]
        while piece := first.read(70_000):
            whole[0] += piece
            whole[1] += second.read(50_000)
        whole[1] += second.read()
    assert whole == [DATA, DATA]


def test_position_goes_from_nothing_to_size(source: Source) -> None:
    assert source.position() == 0
    with source.binary() as stream:
        assert source.position() == 0
        stream.read(1)
        assert 0 < source.position() <= source.size
        stream.read()
    assert source.position() == source.size
    source.binary()
    assert source.position() == 0


def test_a_large_pipe_goes_through_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SPOOL_IN_MEMORY", 1000)
    with piped(DATA) as stdin, open_source("-", stdin) as source:
        assert all_of(source) == all_of(source) == DATA


def test_what_was_read_of_a_redirected_file_is_not_given_again(tmp_path: Path) -> None:
    path = tmp_path / "clients.csv"
    path.write_bytes(DATA)
    with path.open("rb") as stdin:
        stdin.read(10)
        with open_source("-", stdin) as source:
            assert all_of(source) == all_of(source) == DATA[10:]
            assert source.size == len(DATA) - 10


def test_a_file_replaced_meanwhile_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clients.csv"
    path.write_bytes(DATA)
    with open_source(str(path), None) as source:
        other = tmp_path / "other"
        other.write_bytes(b"other")
        other.replace(path)
        assert all_of(source) == DATA


def test_a_terminal_is_not_waited_for() -> None:
    pty = pytest.importorskip("pty", reason="there are no terminals of this kind on this system")
    controller, terminal = pty.openpty()
    with (
        os.fdopen(terminal, "rb", buffering=0) as stdin,
        pytest.raises(UsageError) as caught,
        open_source("-", stdin),
    ):
        pass
    os.close(controller)
    assert caught.value.code == "input.terminal"


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom"])
def test_a_device_without_end_is_refused(device: str) -> None:
    if not Path(device).exists():
        pytest.skip(f"there is no {device}")
    with (
        Path(device).open("rb") as stdin,
        pytest.raises(IoFailure) as caught,
        open_source("-", stdin),
    ):
        pass
    assert caught.value.code == "input.not_a_file"


def test_nothing_on_standard_input_is_an_empty_file() -> None:
    with Path(os.devnull).open("rb") as stdin, open_source("-", stdin) as source:
        assert (all_of(source), source.size) == (b"", 0)


@pytest.mark.parametrize("closed", [None, io.BytesIO()])
def test_closed_standard_input(closed: io.BytesIO | None) -> None:
    if closed:
        closed.close()
    with pytest.raises(IoFailure) as caught, open_source("-", closed):
        pass
    assert caught.value.code == "input.read"


def test_a_pipe_that_is_not_ready_is_waited_for() -> None:
    """Another program at the same terminal may have made our end non-blocking."""
    code = (
        "import os, sys\n"
        "from interop_cli.inputs.source import open_source\n"
        "os.set_blocking(0, False)\n"
        "with open_source('-', sys.stdin) as source:\n"
        "    print(source.size)"
    )
    feed = (
        "import sys, time; sys.stdout.write('a'); sys.stdout.flush(); time.sleep(0.3); print('bc')"
    )
    feeder = subprocess.Popen([sys.executable, "-c", feed], stdout=subprocess.PIPE)
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=feeder.stdout, capture_output=True, check=False
    )
    assert (done.stdout, done.stderr) == (b"4\n", b"")
    assert feeder.stdout
    feeder.stdout.close()
    feeder.wait()


def test_an_error_of_the_disk_is_ours(tmp_path: Path) -> None:
    class Broken:
        def seek(self, offset: int) -> int:
            return offset

        def readinto(self, buffer: object) -> int:
            raise OSError(5, "Input/output error")

    with pytest.raises(IoFailure) as caught:
        all_of(Source("clients.csv", Broken(), 10))
    assert caught.value.code == "input.read"
    assert "clients.csv" in str(caught.value)


def test_a_name_that_cannot_be() -> None:
    with pytest.raises(IoFailure) as caught, open_source("a\0b", None):
        pass
    assert caught.value.code == "input.missing"
