"""Which encoding a file is in, told by its French letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.errors import InvalidData
from interop_cli.inputs.lines import ENCODINGS, TextLines, better_encoding, likely_encoding
from tests.inputs.support import source_of

TEXTS = [
    "Imprimerie Léger & fils",
    "12, rue de l'Hôtel-de-Ville, Montréal",
    "Éditions de l’Île",
    "ÉDITIONS DU CHÂTEAU",
    "« Chez Noël »",
    "Façade à côté du CÉGEP",
    "Québec, Lévis",
    "Maïté Lapointe-Bédard",
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", TEXTS)
def test_the_letters_tell(text: str, encoding: str) -> None:
    try:
        data = f"code,name\nA,{text}\n".encode(encoding)
    except UnicodeEncodeError:
        pytest.skip("not all of it exists there")
    found = likely_encoding(data)
    assert found is not None
    assert data.decode(found) == data.decode(encoding)


@given(
    st.lists(st.sampled_from(" ".join(TEXTS).replace("’", "'").split()), min_size=4, max_size=20),
    st.sampled_from(ENCODINGS[:3]),
)
def test_what_is_named_reads_the_same_text(words: list[str], encoding: str) -> None:
    data = ("Léger " + " ".join(words)).encode(encoding)
    found = likely_encoding(data)
    assert found is not None
    assert data.decode(found) == data.decode(encoding)


@pytest.mark.parametrize("data", [b"", b"abc", b"\xc3", b"\xa6\xa6"])
def test_where_nothing_is_french_none_is_named(data: bytes) -> None:
    assert likely_encoding(data) is None


def refused(data: bytes, encoding: str | None = None) -> InvalidData:
    with pytest.raises(InvalidData) as caught:
        list(TextLines(source_of(data), encoding, option=True))
    assert caught.value.code == "input.encoding"
    return caught.value


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac_roman", "utf-16-le", "utf-16-be"])
def test_the_hint_names_it(encoding: str) -> None:
    text = "code,name\nL1,Imprimerie Léger\n"
    hint = refused(text.encode(encoding)).hint
    assert str(hint).endswith(f"--encoding {encoding}")
    assert "".join(TextLines(source_of(text.encode(encoding)), encoding)) == text


def test_a_file_that_is_utf_8_but_for_a_line_is_not_said_to_be_another() -> None:
    error = refused("Léger\nHôtel\nNoël\n".encode() + "Québec\n".encode("cp1252"))
    assert error.data["line"] == 4
    assert "--encoding" not in str(error.hint)


@pytest.mark.parametrize("others", ["Québec, Lévis, Noël", "Québec", "Ça va"])
def test_a_file_of_two_encodings_is_not_said_to_be_in_one(others: str) -> None:
    error = refused("Léger,".encode() + others.encode("cp1252"))
    assert "--encoding" not in str(error.hint)
    assert "UTF-8" in str(error.hint)


def test_where_it_is_not_known_no_encoding_is_named() -> None:
    assert str(refused(b"code\n\xc3").hint).endswith("--encoding NAME")


def test_a_wrong_choice_that_reads_is_known() -> None:
    for right in ("cp850", "mac_roman"):
        data = "Imprimerie Léger, Hôtel Noël".encode(right)
        assert better_encoding(data, "cp1252") == right
        assert better_encoding(data, right) is None
    assert better_encoding("Łódź Škoda".encode("cp1250"), "cp1250") is None
    assert better_encoding(b"Leger", "cp1252") is None
    assert better_encoding("Léger".encode("cp850"), "nowhere") is None
