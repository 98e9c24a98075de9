"""Files taken whole: a regular file, no larger than allowed, and nothing behind a link."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from interop_cli.domain.errors import InteropError
from interop_cli.inputs.source import read_whole


def refusal(path: Path | str, limit: int = 100) -> str:
    with pytest.raises(InteropError) as caught:
        read_whole(str(path), limit=limit)
    return caught.value.code


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    content = bytes(range(100))
    (tmp_path / "a").write_bytes(content)
    assert read_whole(str(tmp_path / "a"), limit=100) == content
    (tmp_path / "empty").touch()
    assert read_whole(str(tmp_path / "empty"), limit=0) == b""


def test_a_file_has_a_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(101))
    assert refusal(tmp_path / "a") == "input.too_large"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_nothing_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "input.not_a_file"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "socket"))  # a long path is refused there
        assert refusal(tmp_path / "socket") == "input.not_a_file"
    assert refusal("/dev/zero") == "input.not_a_file"


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"s")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    assert refusal(tmp_path / "link") == refusal(tmp_path / "dangling") == "input.link"


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this system cannot promise it")
def test_a_file_that_becomes_a_link_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_bytes(b"s")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    monkeypatch.setattr(Path, "is_symlink", lambda _path: False)  # it was none a moment ago
    assert refusal(tmp_path / "link") == "input.unreadable"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing") == "input.missing"
    assert refusal(tmp_path) == "input.not_a_file"
    assert refusal("a\0b") == "input.missing"
