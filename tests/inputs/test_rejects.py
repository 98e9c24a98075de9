"""Files of rejects: they keep the rows as they were, and can be imported again."""

from __future__ import annotations

import csv
import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.errors import IoFailure
from interop_cli.inputs import Layout, Record
from interop_cli.inputs.reading import read_layout, read_records
from interop_cli.inputs.rejects import RejectsWriter
from interop_cli.inputs.source import Source, open_source
from tests.inputs.support import source_of

REASON = "=le code n’est pas « bon », voilà"
cells = st.text(st.sampled_from("ab \"',;=+-\t\r\né\u2028"), max_size=6)


def rejected(source: Source, path: Path, encoding: str | None = None) -> list[Record]:
    """Reject every row of ``source``; the rows."""
    records = list(read_records(source, encoding=encoding))
    with RejectsWriter.like(path, read_layout(source, encoding=encoding)) as writer:
        for record in records:
            writer.write(record, REASON)
        writer.commit()
    assert writer.count == len(records)
    return records


def read(path: Path, encoding: str | None = None) -> tuple[Layout, list[Record]]:
    with open_source(str(path), None) as source:
        return read_layout(source, encoding=encoding), list(read_records(source, encoding=encoding))


@given(
    st.lists(st.lists(cells, min_size=1, max_size=4), max_size=5),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig"]),
)
def test_rows_stay_as_they_were(table: list[list[str]], delimiter: str, encoding: str) -> None:
    from tempfile import TemporaryDirectory

    text = delimiter.join(["code", "'=name", "city"]) + "\n"
    for row in table:
        text += delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n"
    source = source_of(text.encode(encoding))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rejects.csv"
        before = rejected(source, path)
        raw = path.read_text("utf-8")
        assert "'=name" in raw
        assert raw.count("'" + REASON[:5]) == len(before)
        layout, after = read(path)
        assert layout == Layout("csv", ["code", "=name", "city"], delimiter, encoding)
        # The reason stands in its own column, whatever the width of the row, and is not read back:
        # one that was ragged still is, and the others are not.
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = [line[0] for line in csv.reader(file, delimiter=delimiter)]
        assert first == ["reject_reason", *["'" + REASON] * len(before)]
        assert [(r.values, r.cells, bool(r.error)) for r in after] == [
            (r.values, r.cells, bool(r.error)) for r in before
        ]

        again = Path(folder) / "again.csv"
        with open_source(str(path), None) as opened:
            rejected(opened, again)
        assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "latin-1"])
def test_the_encoding_stays(encoding: str, tmp_path: Path) -> None:
    source = source_of("code,name\nA,Été\n".encode(encoding))
    rejected(source, tmp_path / "rejects.csv", encoding)
    layout, (record,) = read(tmp_path / "rejects.csv", encoding)
    assert record.cells == ["A", "Été"]
    assert layout.encoding == encoding
    # The apostrophe is not in Latin-1, and a reason may not stop the rest.
    raw = (tmp_path / "rejects.csv").read_text(encoding)
    assert raw.splitlines()[1].startswith("\"'=le code n")


def test_objects_stay_as_they_were(tmp_path: Path) -> None:
    rows = [
        {"code": "A", "contacts": [{"name": "É", "n": 2**53 + 1}], "x": None, "f": 0.1},
        {"code": "B", "reject_reason": "before"},
    ]
    source = source_of("\n\n".join(json.dumps(row) for row in rows))
    rejected(source, tmp_path / "rejects.ndjson")
    layout, after = read(tmp_path / "rejects.ndjson")
    assert layout.format == "ndjson"
    assert [record.values for record in after] == [{**row, "reject_reason": REASON} for row in rows]
    assert "É" in (tmp_path / "rejects.ndjson").read_text("utf-8")


def test_the_reason_elsewhere_is_replaced_too(tmp_path: Path) -> None:
    source = source_of("code,Reject_Reason,name\nA,old,x\nB,old\nC,old,x,y\n")
    rejected(source, tmp_path / "rejects.csv")
    _, after = read(tmp_path / "rejects.csv")
    assert [record.cells for record in after] == [["A", "x"], ["B"], ["C", "x", "y"]]
    assert [bool(record.error) for record in after] == [False, True, True]


def test_nothing_is_left_of_a_file_that_was_not_finished(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "rejects.csv"
    path.parent.mkdir()
    path.write_text("before")

    def fail(writer: RejectsWriter) -> None:
        writer.write(Record(2, {}, ["A"]), "x")
        raise KeyError

    with pytest.raises(KeyError), RejectsWriter(path, ["code"]) as writer:
        fail(writer)
    with RejectsWriter(path, ["code"]) as writer:
        writer.write(Record(2, {}, ["A"]), "x")  # and no commit
    assert list(path.parent.iterdir()) == [path]
    assert path.read_text() == "before"


def test_it_can_begin_again(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    with RejectsWriter(path, ["code"]) as writer:
        for _ in range(1000):
            writer.write(Record(2, {}, ["A" * 100]), "x")
        writer.restart()
        writer.write(Record(2, {}, ["B"]), "y")
        writer.commit()
    assert writer.count == 1
    assert path.read_bytes() == b"reject_reason,code\r\ny,B\r\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    before = os.umask(0)
    try:
        for mode in (0o600, 0o644):  # one that is there keeps its own
            with RejectsWriter(path, ["code"]) as writer:
                writer.commit()
            assert stat.S_IMODE(path.stat().st_mode) == mode
            path.chmod(0o644)
    finally:
        os.umask(before)


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to("real.csv")
    with RejectsWriter(tmp_path / "link.csv", None) as writer:
        writer.commit()
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == b""


@pytest.mark.parametrize("name", [".", "no/such/folder.csv", "/dev/null", "x" * 300])
def test_what_cannot_be_written(name: str, tmp_path: Path) -> None:
    before = list(tmp_path.rglob("*"))
    with pytest.raises(IoFailure) as caught, RejectsWriter(tmp_path / name, ["code"]):
        pass
    assert caught.value.code == "output.write"
    assert list(tmp_path.rglob("*")) == before


def test_null_stays_a_device() -> None:
    null = Path(os.devnull)
    if not null.is_char_device():
        pytest.skip("the null device is no file here")
    with pytest.raises(IoFailure), RejectsWriter(null, ["code"]) as writer:
        writer.commit()
    assert null.is_char_device()
