"""Where data goes: files that are whole or untouched, full disks, closed pipes, slow readers."""

from __future__ import annotations

import io
import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interop_cli.domain.errors import IoFailure
from interop_cli.output import Column, Output, sink
from tests.output.terminals import Kept
from tests.support.outside import PATIENCE

CODE = [Column("code")]
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX only")


def batches(count: int = 3, size: int = 10) -> Iterator[list[tuple[str]]]:
    for number in range(count):
        yield [(f"C{number}-{row}",) for row in range(size)]


def broken() -> Iterator[list[tuple[str]]]:
    yield [("A",)]
    raise OSError(5, "the database broke")


# --out


def test_out_file_gets_the_data_and_stdout_nothing(tmp_path: Path) -> None:
    path = tmp_path / "data.ndjson"
    kept = Kept("ndjson", out=path)
    kept.output.rows(CODE, [[("É",)]])
    assert path.read_bytes() == '{"code":"É"}\n'.encode()
    assert kept.out == ""
    assert sorted(file.name for file in tmp_path.iterdir()) == [path.name, "home"]


def test_a_dash_is_stdout() -> None:
    kept = Kept("codes", out=Path("-"))
    kept.output.rows(CODE, [[("A",)]])
    assert kept.out == "A\n"


@pytest.mark.parametrize("error", [OSError(5, "x"), KeyboardInterrupt(), ValueError()])
def test_after_a_failure_the_old_file_stands(tmp_path: Path, error: BaseException) -> None:
    def rows() -> Iterator[list[tuple[str]]]:
        yield [("A",)] * 100_000
        raise error

    path = tmp_path / "data.csv"
    path.write_text("old")
    with pytest.raises(type(error)) as caught:
        Kept("csv", out=path).output.rows(CODE, rows())
    assert caught.value is error, "an error of the data is not one of the output"
    assert path.read_text() == "old"
    assert not list(tmp_path.glob(".*"))


def test_nothing_is_there_before_all_is(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"

    def rows() -> Iterator[list[tuple[str]]]:
        yield [("A",)] * 100_000
        assert not path.exists()

    Kept("csv", out=path).output.rows(CODE, rows())
    assert len(path.read_text()) == 200_005


@posix
def test_modes(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    old.write_text("")
    old.chmod(0o640)
    umask = os.umask(0o027)
    try:
        for path in (new, old):
            Kept("codes", out=path).output.rows(CODE, batches())
    finally:
        os.umask(umask)
    assert stat.S_IMODE(new.stat().st_mode) == 0o640
    new.chmod(0o666)
    old.chmod(0o604)
    for path in (new, old):
        Kept("codes", out=path).output.rows(CODE, batches())
    assert stat.S_IMODE(new.stat().st_mode) == 0o666
    assert stat.S_IMODE(old.stat().st_mode) == 0o604


@posix
def test_a_link_is_followed_and_a_device_is_written_to(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    Kept("codes", out=link).output.rows(CODE, [[("A",)]])
    assert link.is_symlink()
    assert real.read_text() == "A\n"
    Kept("codes", out=Path("/dev/null")).output.rows(CODE, batches())
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none/data", "there is no such folder"),
        ("folder", "it is a folder"),
        ("file/data", "there is no such folder"),
    ],
)
def test_a_path_that_cannot_be_written(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(IoFailure) as caught:
        Kept("codes", out=tmp_path / name).output.rows(CODE, broken())
    assert caught.value.code == "output.write"
    assert caught.value.exit_code == 74
    assert str(tmp_path / name) in str(caught.value.message)
    assert str(caught.value.message.params["reason"]) == reason


@posix
def test_a_full_device_as_out() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(IoFailure) as caught:
        Kept("codes", out=Path("/dev/full")).output.rows(CODE, batches())
    assert "no space left" in str(caught.value.message)


# stdout


@posix
@pytest.mark.parametrize("count", [1, 100_000])
def test_a_full_stdout(count: int) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("w") as full:
        output = Output("codes", stdout=full, environ={})
        with pytest.raises(IoFailure) as caught:
            output.rows(CODE, [[("A",)] * count])
        assert caught.value.code == "output.write"
        sink.discard(full)


@posix
def test_a_full_stdout_at_the_end() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("w") as full:
        full.write("from someone else")
        output = Output("codes", stdout=full, environ={})
        with pytest.raises(IoFailure):
            output.finish()
        sink.discard(full)


@posix
@pytest.mark.parametrize("format", ["ndjson", "table", "csv"])
@pytest.mark.parametrize("spool", [False, True])
def test_a_closed_pipe_is_told_as_such_and_the_reader_is_closed(format: str, spool: bool) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    closed = []

    def rows() -> Iterator[list[tuple[str]]]:
        try:
            while True:
                yield [("A",)] * 1000
                if spool:
                    return
        finally:
            closed.append(True)

    with os.fdopen(writer, "w") as pipe:
        output = Output(format, stdout=pipe, environ={})
        source = rows()
        with pytest.raises(BrokenPipeError):
            output.rows(CODE, source, spool=spool)
        assert closed == [True]
        sink.discard(pipe)


@pytest.mark.parametrize("stream", ["none", "closed", "read-only"])
def test_no_stdout(stream: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    out: Any = None
    if stream == "none":
        monkeypatch.setattr("sys.stdout", None)
    elif stream == "closed":
        out = io.TextIOWrapper(io.BytesIO())
        out.close()
    else:
        handle = os.open(tmp_path / "x", os.O_RDONLY | os.O_CREAT)
        out = os.fdopen(handle, "w")
    output = Output("codes", stdout=out, environ={})
    with pytest.raises(IoFailure) as caught:
        output.rows(CODE, batches())
    assert str(caught.value.message) == "The output cannot be written: it is closed."
    sink.discard(out)
    output.finish()
    if out is not None and not out.closed:
        out.close()


def test_nothing_to_say_needs_no_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    output = Output("table", quiet=True, environ={})
    output.result({"changed": 1})
    output.finish()


def test_a_stream_of_text_alone() -> None:
    stream = io.StringIO()
    Output("ndjson", stdout=stream, environ={}).rows([Column("é")], [[("\udc80é",)]])
    assert stream.getvalue() == '{"é":"\\udc80é"}\n'


def test_what_others_wrote_before_comes_before() -> None:
    kept = Kept("codes")
    stream = kept.output._stdout
    assert stream is not None
    stream.write("first|")
    kept.output.rows(CODE, [[("A",)]])
    assert kept.out == "first|A\n"


@posix
@pytest.mark.parametrize("spool", [False, True])
def test_a_pipe_that_another_program_made_non_blocking(spool: bool) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    got: list[bytes] = []

    def drain() -> None:
        while piece := os.read(reader, 10_000):
            got.append(piece)
            time.sleep(0.001)

    thread = threading.Thread(target=drain)
    with os.fdopen(writer, "w") as pipe:
        thread.start()
        Output("codes", stdout=pipe, environ={}).rows(
            CODE, ([(f"{number:09}",)] * 5000 for number in range(20)), spool=spool
        )
    thread.join(PATIENCE)
    os.close(reader)
    expected = "".join(f"{number:09}\n" * 5000 for number in range(20))
    assert b"".join(got).decode() == expected


# Spool


@posix
@pytest.mark.parametrize("spool", [False, True])
def test_spool_reads_all_before_a_slow_reader_takes_anything(spool: bool) -> None:
    reader, writer = os.pipe()
    read_all = threading.Event()

    def rows() -> Iterator[list[tuple[str]]]:
        yield from batches(30, 1000)  # more than a pipe takes in
        read_all.set()

    def write() -> None:
        with os.fdopen(writer, "w") as pipe:
            Output("codes", stdout=pipe, environ={}).rows(CODE, rows(), spool=spool)

    thread = threading.Thread(target=write)
    thread.start()
    assert read_all.wait(PATIENCE if spool else 0.3) is spool
    with os.fdopen(reader) as pipe:
        lines = pipe.read().splitlines()
    thread.join(PATIENCE)
    assert lines == [code for batch in batches(30, 1000) for (code,) in batch]


def test_spool_gives_nothing_of_a_read_that_failed() -> None:
    kept = Kept("codes")
    with pytest.raises(OSError, match="the database broke"):
        kept.output.rows(CODE, broken(), spool=True)
    assert kept.out == ""
    kept = Kept("codes")
    with pytest.raises(OSError, match="the database broke"):
        kept.output.rows(CODE, broken())
    assert kept.out == "A\n"


def test_spool_goes_to_a_file_when_it_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink, "SPOOL_IN_MEMORY", 1000)
    monkeypatch.setattr(sink, "PIECE", 777)
    kept = Kept("codes")
    kept.output.rows(CODE, batches(50), spool=True)
    assert kept.out == "".join(f"{code}\n" for batch in batches(50) for (code,) in batch)


@posix
def test_no_spool_for_a_file_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink, "spooled", lambda write: pytest.fail("spooled"))
    with (tmp_path / "x").open("w") as file:
        Output("codes", stdout=file, environ={}).rows(CODE, batches(), spool=True)
    Kept("codes", out=tmp_path / "y").output.rows(CODE, batches(), spool=True)
    assert (tmp_path / "x").read_text() == (tmp_path / "y").read_text() != ""
