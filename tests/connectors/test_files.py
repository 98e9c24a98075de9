"""Profiles and the bytes they make: golden files, quoting, and what is refused before writing."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.connectors.files import connector
from interop_cli.connectors.files.connector import Files
from interop_cli.connectors.files.profile import SHIPPED, Profile, load, shipped
from interop_cli.domain.errors import ConfigError
from interop_cli.output.rows import guard
from tests.connectors.support import client, target, tools

GOLDEN = Path(__file__).parent / "files"
CLIENTS = [
    client(1, accounting={"rep": "MT"}),
    client(
        2,
        name="L'Œuvre d'Été ltée",
        phone="+33142685300",
        country="FR",
        province=None,
        postal_code="75001",
        city="Paris",
        line2=None,
        billing_name=None,
        billing_email=None,
        email="Info@Oeuvre.Example",
        terms=None,
        active=False,
    ),
]
TEXT = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cc", "Cs")),
    max_size=30,
)


def made(profile: Profile, clients: list[Any]) -> bytes:
    payloads = [connector.payload_of(profile, one) for one in clients]
    return connector.content(profile, [connector.line(profile, payload) for payload in payloads])


@pytest.mark.parametrize("name", shipped())
def test_the_shipped_profiles_make_these_bytes(name: str) -> None:
    assert made(load(name), CLIENTS) == (GOLDEN / f"{name}.golden").read_bytes()


@pytest.mark.parametrize("name", shipped())
def test_their_clients_have_no_problem(name: str) -> None:
    profile = load(name)
    for one in CLIENTS:
        assert connector.descriptor_of(profile).problems(connector.payload_of(profile, one)) == []


def problems(profile: Profile, **changes: Any) -> dict[str, str]:
    found = connector.payload_of(profile, client(1, **changes))
    return {one.field: one.code for one in connector.descriptor_of(profile).problems(found)}


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"name": "x" * 53}, "name", "sync.field.too_long"),
        ({"name": "Łódź"}, "name", "sync.field.encoding"),
        ({"line1": "12 rue du 🐟"}, "line1", "sync.field.encoding"),
        ({"city": "Qué\x07bec"}, "city", "sync.field.character"),
        ({"name": "x\x81"}, "name", "sync.field.encoding"),
        ({"billing_name": "y" * 31}, "billing_name", "sync.field.too_long"),
        ({"phone": "demander Luc"}, "phone", "sync.field.pattern"),
        ({"name": None}, "name", "sync.field.missing"),
    ],
)
def test_sage_refuses_before_writing(changes: Any, field: str, code: str) -> None:
    assert problems(load("sage50"), **changes) == {field: code}


def test_sage_gets_what_its_import_takes() -> None:
    profile = load("sage50")
    one = client(1, name='Chez "Léo"', postal_code="04103-1234", country="US", province="ME")
    payload = connector.payload_of(profile, one)
    assert (payload["name"], payload["postal_code"]) == ("Chez Léo", "041031234")
    assert connector.descriptor_of(profile).problems(payload) == []


def test_a_quotation_mark_is_refused_where_the_profile_says_so() -> None:
    assert problems(replace(load("sage50"), quotes_inside="refuse"), name='Chez "Léo"') == {
        "name": "sync.field.character"
    }


def mapped(folder: Path, map_: str, field: str = "terms") -> Profile:
    text = (SHIPPED / "csv.toml").read_text("utf-8")
    old = f'field = "{field}"'
    path = folder / "mapped.toml"
    path.write_text(text.replace(old, f"{old}\nmap = {{ {map_} }}", 1), "utf-8")
    return load(str(path))


@pytest.mark.parametrize(
    ("terms", "cell", "problem"),
    [
        ("net30", "3", None),
        ("cod", "1", None),
        (None, "0", None),
        ("net45", "net45", "sync.field.choice"),
    ],
)
def test_values_are_mapped_and_one_without_a_place_is_refused(
    tmp_path: Path, terms: str | None, cell: str, problem: str | None
) -> None:
    profile = mapped(tmp_path, 'net30 = "3", cod = "1", "" = "0"')
    payload = connector.payload_of(profile, client(1, terms=terms))
    assert payload["terms"] == cell
    assert problems(profile, terms=terms) == ({"terms": problem} if problem else {})


def test_flags_are_mapped_by_their_names(tmp_path: Path) -> None:
    profile = mapped(tmp_path, 'true = "A", false = "I"', "active")
    found = [
        connector.payload_of(profile, client(1, active=active))["active"]
        for active in (True, False)
    ]
    assert found == ["A", "I"]


def test_the_limits_are_inclusive() -> None:
    assert problems(load("sage50"), name="é" * 52) == {}


def test_a_refusal_names_the_characters_and_not_the_value() -> None:
    profile = load("sage50")
    payload = connector.payload_of(profile, client(1, name="Secret Łukasz"))
    message = connector.descriptor_of(profile).problems(payload)[0].message
    assert message.params["characters"] == "U+0141"
    assert "Secret" not in str(message)


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+14185550134", "4185550134"),
        ("+14185550134;ext=22", "418555013422"),
        ("+33142685300", "33142685300"),
        ("(418) 555-01", "41855501"),
        (None, None),
    ],
)
def test_phones_in_digits(phone: str | None, shown: str | None) -> None:
    assert connector.payload_of(load("sage50"), client(1, phone=phone))["phone"] == shown


@given(cells=st.lists(TEXT, min_size=2, max_size=5), all_=st.booleans(), guarded=st.booleans())
def test_what_is_quoted_reads_back(cells: list[str], all_: bool, guarded: bool) -> None:
    profile = replace(load("csv"), quoting="all" if all_ else "minimal", guard=guarded)
    columns = tuple(replace(profile.columns[0], field="", value=cell) for cell in cells)
    profile = replace(profile, columns=columns, header=False)
    data = connector.content(profile, [connector.line(profile, {}), connector.line(profile, {})])
    read = list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
    expected = [guard(cell) if guarded else cell for cell in cells]
    assert read == [expected, expected]


@given(TEXT)
def test_cells_are_guarded_as_everywhere_else(cell: str) -> None:
    assert connector.guarded(cell) == guard(cell)


@given(TEXT, TEXT)
def test_what_passes_without_quotes_reads_back_by_splitting(name: str, city: str) -> None:
    profile = load("avantage")
    payload = connector.payload_of(profile, client(1, name=name, city=city, line1="x"))
    if connector.descriptor_of(profile).problems(payload):
        return
    data = connector.content(profile, [connector.line(profile, payload)]).decode("cp1252")
    header, row, end = data.split("\r\n")
    found = dict(zip(header.split("\t"), row.split("\t"), strict=True))
    assert end == ""
    assert (found["Nom"], found["Ville"]) == (payload["name"], payload["city"] or "")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('newline = "crlf"', 'newline = "cr"', "newline"),
        ('encoding = "utf-8"', 'encoding = "utf-99"', "utf-99"),
        ('file = "{batch}.csv"', 'file = "../{batch}.csv"', "file"),
        ('file = "{batch}.csv"', 'file = "clients.csv"', "file"),
        ('key = "code"', 'key = "qst2"', "key"),
        ("guard = true", "guard = 1", "guard"),
        ("guard = true", "gard = true", "gard"),
        ('delimiter = ","', 'delimiter = ""', "delimiter"),
        ('field = "qst"', 'field = "nope"', "nope"),
        ('field = "qst"', 'field = "gst"', "two columns"),
        ('field = "qst"', 'field = "qst"\nform = "shout"', "form"),
        ('field = "qst"', 'field = "qst"\npattern = "("', "qst"),
        ('field = "qst"', 'field = "qst"\nvalue = ""', "either"),
        ('field = "qst"', 'field = "qst"\nmap = { a = 3 }', "map"),
        ('title = "CSV"', "title", "TOML"),
    ],
)
def test_a_profile_that_cannot_be_used_says_why(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    shipped_text = (Path(connector.__file__).parent / "profiles" / "csv.toml").read_text("utf-8")
    assert old in shipped_text
    path = tmp_path / "mine.toml"
    path.write_text(shipped_text.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(str(path))
    assert caught.value.code == "sync.profile.invalid"
    assert why in str(caught.value.message)


def test_there_is_no_such_profile() -> None:
    with pytest.raises(ConfigError) as caught:
        load("/nowhere/mine.toml")
    assert caught.value.code == "sync.profile.unknown"


def test_another_profile_is_another_form(tmp_path: Path) -> None:
    text = (Path(connector.__file__).parent / "profiles" / "csv.toml").read_text("utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text + '\n[[columns]]\ntitle = "Rep"\nfield = "accounting.rep"\nmax = 3\n')
    mine = Files(target("file", profile=str(path)), tools("http://127.0.0.1", None))
    theirs = Files(target("file", profile="csv"), tools("http://127.0.0.1", None))
    assert mine.form != theirs.form
    assert mine.payload(CLIENTS[0])["accounting.rep"] == "MT"
    field = mine.descriptor("client").named("accounting.rep")
    assert field is not None
    assert field.max_length == 3
