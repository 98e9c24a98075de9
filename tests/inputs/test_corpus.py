"""Every file of the corpus ends as it must: the code, the line, and never what was written."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from interop_cli.domain.errors import InteropError
from interop_cli.i18n import translate
from interop_cli.inputs import Record
from interop_cli.inputs.mapping import Fields
from interop_cli.inputs.mapping.columns import ColumnMap
from interop_cli.inputs.reading import read_layout, read_records
from interop_cli.inputs.source import Source, open_source
from interop_cli.output.notices import detail_text
from tests import corpus
from tests.corpus import CANARY, CASES, HEADER, Case

FIELDS = HEADER.split(",")
OPTIONS = {"--encoding": "encoding", "--delimiter": "delimiter"}


def made(case: Case, folder: Path) -> Path:
    """The file; the test is skipped where this system cannot make it."""
    if case.name == "unreadable" and os.geteuid() == 0:
        pytest.skip("root may read everything")
    return case.write(folder)


def read(case: Case, source: Source) -> Iterator[Record]:
    """All rows, as the import asks for them: the columns first; a fault of a row is raised."""
    given = dict(zip(case.options[::2], case.options[1::2], strict=True))
    options = {OPTIONS[name]: value for name, value in given.items()}
    layout = read_layout(source, **options)
    ColumnMap().place(layout.header, Fields(FIELDS), file=source.name)
    for record in read_records(source, **options):
        if record.error:
            raise InteropError(record.error.code, record.error.message, details=[record.error])
        yield record


def words(error: InteropError) -> str:
    """Everything that a user would see of the error, and its data."""
    shown = [error.message, error.hint] if error.hint else [error.message]
    details = [detail_text(detail) for detail in error.details]
    return "\n".join([*map(translate, shown), *details, repr(error.data)])


@pytest.mark.parametrize("case", [case for case in CASES if case.exit_code], ids=lambda c: c.name)
def test_what_cannot_be_read_is_said(case: Case, tmp_path: Path) -> None:
    path = made(case, tmp_path)
    if case in corpus.EMPTY:
        with open_source(str(path), None) as source:
            assert list(read(case, source)) == []
        return
    with pytest.raises(InteropError) as caught, open_source(str(path), None) as source:
        list(read(case, source))
    error = caught.value
    assert error.code == case.code
    assert error.exit_code in (case.exit_code, 1)  # 1: the fault of a row, raised above
    assert [detail.line for detail in error.details if detail.line] == [case.line][
        : bool(case.line)
    ]
    assert CANARY not in words(error)
    assert "{" not in words(error).replace(repr(error.data), "")  # a place that nothing filled


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case.exit_code], ids=lambda c: c.name
)
def test_what_is_only_odd_is_read(case: Case, tmp_path: Path) -> None:
    with open_source(str(made(case, tmp_path)), None) as source:
        records = list(read(case, source))
    assert len(records) == case.rows
    for record in records:
        assert set(record.values) == set(FIELDS)
        assert CANARY in record.values["name"]
        assert record.values["city"].strip() in ("Montréal", "Québec")


@pytest.mark.parametrize(
    "case", [case for case in CASES if isinstance(case.content, bytes)], ids=lambda c: c.name
)
def test_standard_input_is_read_alike(case: Case, tmp_path: Path) -> None:
    assert isinstance(case.content, bytes)

    def outcome(name: str, stdin: io.BytesIO | None) -> object:
        try:
            with open_source(name, stdin) as source:
                return [record.values for record in read(case, source)]
        except InteropError as error:
            return error.code, [detail.line for detail in error.details]

    path = tmp_path / "piped"  # no extension: the first character decides
    path.write_bytes(case.content)
    assert outcome("-", io.BytesIO(case.content)) == outcome(str(path), None)


def test_the_corpus_is_whole() -> None:
    names = Counter(case.name for case in CASES)
    assert names.total() >= 100
    assert names.most_common(1)[0][1] == 1
