"""vCards of contacts, in and out: versions 3 and 4, and what old telephones write."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.errors import InvalidData
from interop_cli.inputs import Record
from interop_cli.inputs.vcards import read_vcards
from interop_cli.output.rows import VERSIONS, card
from tests.inputs.support import source_of
from tests.support.cli import Run

ANNE = """BEGIN:VCARD
VERSION:3.0
N:Roy;Anne;;;
FN:Anne Roy
ORG:Atelier Doyon
TITLE:Acheteuse
TEL;TYPE=WORK,VOICE:+1 418 555 0101
TEL;TYPE=CELL:+1 418 555 0199
EMAIL;TYPE=INTERNET:anne@doyon.example
ADR;TYPE=WORK:;;1 rue A;Québec;QC;G1K 4A1;Canada
END:VCARD
"""
LUC = """BEGIN:VCARD
VERSION:4.0
FN:Luc Côté
UID:urn:uuid:01A22175-99EC-4662-BF31-A681B2562B0B
TEL;VALUE=uri;TYPE="fax,work":tel:+1-418-555-0100
TEL;VALUE=uri;TYPE="voice,home":tel:+1-418-555-0102;ext=22
TEL;VALUE=uri;TYPE=cell:tel:+1-418-555-0103
item1.EMAIL:autre@doyon.example
EMAIL;PREF=1:luc@doyon.example
LANG;PREF=2:en
LANG;PREF=1:fr-CA
NOTE:une ligne\\, puis u
 ne autre
END:VCARD
"""
OLD = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:C=C3=B4t=C3=A9;Ève;;;
TEL;WORK;VOICE:418 555-0104
END:VCARD
"""


def cards(text: str) -> list[Record]:
    return list(read_vcards(source_of(text.replace("\n", "\r\n"))))


def test_what_a_card_says_of_a_contact() -> None:
    anne, luc, old = cards(ANNE + "\n" + LUC + OLD)
    assert (anne.line, luc.line, old.line) == (1, 13, 27)
    assert anne.values == {
        "name": "Anne Roy",
        "title": "Acheteuse",
        "email": "anne@doyon.example",
        "phone": "+1 418 555 0101",
        "mobile": "+1 418 555 0199",
        "client.name": "Atelier Doyon",
    }
    assert anne.raw == ["ADR"]
    assert luc.values == {
        "name": "Luc Côté",
        "language": "fr",
        "email": "luc@doyon.example",
        "phone": "+1-418-555-0102 ext. 22",
        "mobile": "+1-418-555-0103",
        "uid": "01a22175-99ec-4662-bf31-a681b2562b0b",
    }
    assert luc.raw == ["NOTE", "EMAIL", "TEL"]
    assert old.values == {"name": "Ève Côté", "phone": "418 555-0104"}


@pytest.mark.parametrize(
    ("text", "line"), [("nom;tel\n", 1), (ANNE + "x\n", 12), (ANNE + "BEGIN:VCARD\nFN:x\n", 12)]
)
def test_what_is_no_file_of_cards(text: str, line: int) -> None:
    with pytest.raises(InvalidData) as caught:
        cards(text)
    assert caught.value.code == "input.vcard"
    assert caught.value.data["line"] == line


def test_a_card_that_is_none_is_a_fault_of_its_own() -> None:
    anne, bad, luc = cards(ANNE + "BEGIN:VCARD\nVERSION:3.0\n:x\nEND:VCARD\n" + LUC)
    assert (anne.error, luc.error) == (None, None)
    assert bad.error is not None
    assert (bad.error.code, bad.error.line) == ("input.vcard", 12)


@given(st.text(st.sampled_from('AB;:,=\\"\n é\t.0'), max_size=60))
def test_any_card_is_read_or_refused(text: str) -> None:
    try:
        found = cards(f"BEGIN:VCARD\nVERSION:3.0\n{text}\nEND:VCARD\n")
    except InvalidData:
        return
    assert all(record.line for record in found)


WORDS = st.text(st.sampled_from("abcÉé,;:\\\"' «»&-."), min_size=1, max_size=30).filter(
    lambda text: text == text.strip() and not text.endswith("\\")
)


@given(WORDS, WORDS, st.sampled_from(sorted(VERSIONS)))
def test_a_contact_goes_out_and_comes_back(name: str, title: str, form: str) -> None:
    contact = {
        "uid": "01a22175-99ec-4662-bf31-a681b2562b0b",
        "client": "DOYON",
        "client_name": "Atelier; Doyon, inc.",
        "name": name,
        "title": title,
        "email": "a@doyon.example",
        "phone": "+14185550101;ext=22",
        "mobile": "poste 12",
        "language": "fr",
    }
    text = card(contact, VERSIONS[form])
    assert f"VERSION:{VERSIONS[form]}\r\n" in text
    (found,) = read_vcards(source_of(text))
    assert found.raw == []
    del contact["client_name"]
    assert found.values == {**contact, "phone": "+14185550101 ext. 22"}


# -- through the command line --------------------------------------------------------------------


@pytest.fixture
def base(invoke: Run, tmp_path: Path, sqlite_ready_url: str) -> Callable[..., Any]:
    def run(*args: object) -> Any:
        return invoke("--db", sqlite_ready_url, *args)

    place = ("--line1", "1 rue A", "--city", "Québec", "--postal-code", "G1K 4A1")
    assert run("client", "create", "Atelier Doyon", "--code", "DOYON", *place, "-q").code == 0
    (tmp_path / "contact.vcf").write_text(ANNE, "utf-8", newline="\r\n")
    return run


def test_contacts_out_of_cards(base: Callable[..., Any]) -> None:
    done = base("contact", "import", "--client", "DOYON", "contact.vcf", "--json")
    assert done.code == 0, done.stderr
    assert [w["code"] for w in json.loads(done.stdout)["warnings"]] == ["import.vcard.left_out"]
    # By the company of the card, and again nothing changes.
    again = base("contact", "import", "contact.vcf", "--json")
    assert (again.code, json.loads(again.stdout)["changed"]) == (0, 0)
    listed = base("contact", "list", "DOYON", "-o", "csv", "--fields", "name,title,phone,mobile")
    assert listed.stdout.splitlines()[1:] == ["Anne Roy,Acheteuse,'+14185550101,'+14185550199"]


@pytest.mark.parametrize("form", sorted(VERSIONS))
def test_contacts_go_out_as_cards(base: Callable[..., Any], tmp_path: Path, form: str) -> None:
    assert base("contact", "import", "contact.vcf", "-q").code == 0
    assert base("contact", "export", "--format", form, "--out", "out.vcf").code == 0
    text = (tmp_path / "out.vcf").read_text("utf-8")
    assert base("contact", "list", "-o", form).stdout.splitlines() == text.splitlines()
    again = base("contact", "import", "out.vcf", "--json")
    assert (again.code, json.loads(again.stdout)["changed"]) == (0, 0)
    assert base("contact", "delete", "1", "--yes", "-q").code == 0
    assert base("contact", "import", "out.vcf", "-q").code == 0
    assert base("contact", "list", "-o", form).stdout.splitlines() == text.splitlines()


def test_a_file_of_contacts_comes_back(base: Callable[..., Any]) -> None:
    assert base("contact", "import", "contact.vcf", "-q").code == 0
    for form in ("csv", "ndjson", "xlsx"):
        assert base("contact", "export", "--format", form, "--out", f"all.{form}").code == 0
        again = base("contact", "import", f"all.{form}", "--json")
        assert (again.code, json.loads(again.stdout)["unchanged"]) == (0, 1), again.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["client", "list", "-o", "vcard"],
        ["contact", "list", "-o", "vcard", "--fields", "name"],
        ["contact", "edit", "1", "--title", "x", "-o", "vcard"],
        ["client", "import", "contact.vcf"],
    ],
)
def test_only_contacts_are_cards(base: Callable[..., Any], args: list[str]) -> None:
    assert base("contact", "import", "contact.vcf", "-q").code == 0
    assert base(*args).code == 2
