"""Saving under a name somebody gave: that file, whole, and no other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from interop_cli.domain.errors import InteropError
from interop_cli.output.sink import save_file


def refusal(path: Path, *, overwrite: bool = False) -> str:
    with pytest.raises(InteropError) as caught:
        save_file(path, b"new", overwrite=overwrite)
    return caught.value.code


def test_a_file_is_written_whole_and_for_its_owner(tmp_path: Path) -> None:
    save_file(tmp_path / "a", b"content")
    assert (tmp_path / "a").read_bytes() == b"content"
    assert os.name == "nt" or (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["a"]


def test_nothing_is_overwritten_unless_asked(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    assert refusal(tmp_path / "a") == "output.exists"
    assert (tmp_path / "a").read_bytes() == b"old"
    save_file(tmp_path / "a", b"new", overwrite=True)
    assert (tmp_path / "a").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["a"]


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "dangling").symlink_to(tmp_path / "elsewhere")
    assert refusal(tmp_path / "link") == refusal(tmp_path / "dangling") == "output.exists"
    assert refusal(tmp_path / "link", overwrite=True) == "output.not_a_file"
    assert refusal(tmp_path / "dangling", overwrite=True) == "output.not_a_file"
    assert (tmp_path / "target").read_bytes() == b"old"
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert refusal(tmp_path / "folder", overwrite=True) == "output.not_a_file"
    assert refusal(tmp_path / "missing" / "a") == "output.write"


def test_a_file_that_appeared_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(os.path, "lexists", lambda _path: False)  # it was not there a moment ago
    assert refusal(tmp_path / "a") == "output.exists"
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["a"]
