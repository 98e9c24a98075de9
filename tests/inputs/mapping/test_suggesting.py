"""A mapping that is guessed from a file reads that file."""

from __future__ import annotations

import csv
import io
import tomllib
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.commands.client.files import fields
from interop_cli.commands.sales.documents import FIELDS as DOCUMENTS
from interop_cli.domain.fields import NEEDED
from interop_cli.inputs.mapping import suggesting
from interop_cli.inputs.mapping.guessing import shape_of
from interop_cli.inputs.mapping.headings import MEANT, headings
from interop_cli.inputs.mapping.loading import read_map
from interop_cli.inputs.mapping.suggesting import suggestion
from tests.inputs.mapping.sources import FILES
from tests.inputs.support import source_of
from tests.support.cli import Run

HERE = "1 rue A,Québec,QC,G1K 4A1"
PERSONS = (
    "Account,Contact,Email,Street,City,Postal\n"
    "DOYON,Luc Doyon,luc@doyon.example,2 rue B,Lévis,G6V 6R1\n"
    "DOYON,Anne Roy,anne@doyon.example,2 rue B,Lévis,G6V 6R1\n"
    ",Paul Cyr,paul@doyon.example,,,\n"
)
TITLES = (
    'Imprimerie Exemple,,,\nListe des clients,,,\n"Au 30 novembre 2026",,,\n'
    "Customer,Phone,Email,Billing Address\n"
    'Atelier Doyon,418 555-0101,info@doyon.example,"1 rue A, Québec QC G1K 4A1"\nTotal,,,\n'
)
FRENCH = (
    "Prénom;Nom;Entreprise;Courriel;Tél. (bureau);Adresse;Ville;Prov.;Code postal;Langue;"
    "Catégories\n"
    'Luc;Roy;;"luc@x.example; roy@x.example";418 555-0101;1 rue A;Québec;QC;G1K 4A1;Anglais;A;B\n'
).replace("Anglais;A;B", 'Anglais;"A;B"')
LINES = (
    "Invoice No,Customer,Date,Item,Qty,Rate\n1001,DOYON,27/11/2026,Cartes,2,45.00\n"
    '1001,DOYON,27/11/2026,Enveloppes,100,"0,25"\n1002,DOYON,28/11/2026,Affiche,1,90.00\n'
)
WORDS = (
    "number,client,date,subtotal,status,kind\n"
    "F-1,DOYON,2026-01-05,10.00,Voided,Invoice\nF-2,DOYON,2026-01-06,10.00,Ouverte,Facture\n"
    "F-3,DOYON,2026-01-07,10.00,Overdue,Credit Memo\n"
    "F-4,DOYON,2026-01-08,10.00,Open,Bon de livraison\nF-5,DOYON,2026-01-09,10.00,Open,Estimate\n"
)


def lines_of(text: str, entity: str = "client") -> list[str]:
    known = fields() if entity == "client" else DOCUMENTS
    found = suggestion(source_of(text.encode()), entity, known, format="csv")
    return [line if isinstance(line, str) else f"# {line}" for line in found]


def guessed(text: str, entity: str = "client") -> dict[str, Any]:
    return tomllib.loads("\n".join(lines_of(text, entity)))


@pytest.fixture
def database(sqlite_ready_url: str) -> Path:
    return Path(sqlite_ready_url)


def as_workbook(text: str) -> bytes:
    """The same table as a sheet of Excel."""
    dialect = csv.Sniffer().sniff(text.splitlines()[-1], ",;")
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=dialect.delimiter)):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)
    return file.getvalue()


def imported(
    invoke: Run, database: Path, text: str | bytes, *command: str, options: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The result of importing a file with the mapping that is suggested for it."""
    data = text.encode() if isinstance(text, str) else text
    file = database.parent / ("export.csv" if isinstance(text, str) else "export.xlsx")
    mapping = database.parent / "map.toml"
    file.write_bytes(data)
    before = invoke("--db", database, "journal", "list", "--json").stdout
    suggested = invoke("--db", database, *command, "import", file, "--suggest")
    assert (suggested.code, suggested.stderr) == (0, "")
    assert invoke("--db", database, "journal", "list", "--json").stdout == before
    mapping.write_text(suggested.stdout, "utf-8")
    done = invoke(
        "--db", database, *command, "import", file, "--mapping", mapping, *options, "--json"
    )
    assert done.code == 0, done.stderr + suggested.stdout
    result: dict[str, Any] = done.json
    return result


@pytest.mark.parametrize("source", FILES)
def test_the_files_of_known_systems(source: str, invoke: Run, database: Path) -> None:
    assert imported(invoke, database, FILES[source], "client")["created"] == 1
    assert imported(invoke, database, FILES[source], "client")["changed"] == 0
    sheet = as_workbook(FILES[source])
    assert imported(invoke, database, sheet, "client")["changed"] == 0


@pytest.mark.parametrize("text", [PERSONS, TITLES, FRENCH])
def test_a_sheet_is_guessed_as_its_table_is(text: str, invoke: Run, database: Path) -> None:
    assert imported(invoke, database, as_workbook(text), "client")["created"] == 1
    assert imported(invoke, database, text, "client")["changed"] == 0


@pytest.mark.parametrize(
    "source",
    ["sage50", "hubspot", "shopify", "salesforce", "google", "outlook", "outlook-fr", "northwind"],
)
def test_they_are_guessed_too_where_the_system_is_not_known(
    source: str, monkeypatch: pytest.MonkeyPatch, invoke: Run, database: Path
) -> None:
    monkeypatch.setattr(suggesting, "SIGNS", {})
    assert imported(invoke, database, FILES[source], "client")["created"] == 1
    (client,) = invoke("--db", database, "client", "list", "--json").json
    assert (client["name"], client["line1"]) == ("Atelier Doyon inc.", "1 rue A")


def test_a_row_a_person(invoke: Run, database: Path) -> None:
    assert imported(invoke, database, PERSONS, "client")["created"] == 1
    contacts = invoke("--db", database, "contact", "list", "DOYON", "--json").json
    assert [one["email"] for one in contacts] == [
        "luc@doyon.example",
        "anne@doyon.example",
        "paul@doyon.example",
    ]
    assert imported(invoke, database, PERSONS, "client")["changed"] == 0


def test_titles_a_total_and_an_address_in_one_cell(invoke: Run, database: Path) -> None:
    assert imported(invoke, database, TITLES, "client")["created"] == 1
    assert guessed(TITLES)["header"] == 4


def test_french_headings(invoke: Run, database: Path) -> None:
    assert imported(invoke, database, FRENCH, "client")["created"] == 1
    (client,) = invoke("--db", database, "client", "list", "--json").json
    assert (client["name"], client["language"], client["email"], client["tags"]) == (
        "Luc Roy",
        "en",
        "luc@x.example",
        ["A", "B"],
    )
    (note,) = invoke("--db", database, "note", "list", "--json").json
    assert "roy@x.example" in note["text"]


def test_documents(invoke: Run, database: Path) -> None:
    imported(invoke, database, PERSONS, "client")
    kind = ("--kind", "invoice")
    assert imported(invoke, database, LINES, "sales", options=kind)["created"] == 2
    assert imported(invoke, database, WORDS, "sales")["created"] == 5
    listed = invoke("--db", database, "sales", "document", "list", "--json").json
    found = {one["number"]: (one["kind"], one["status"]) for one in listed}
    assert found["F-1"] == ("invoice", "void")
    assert found["F-3"] == ("credit_note", "posted")
    assert found["F-4"] == ("packing_slip", "posted")
    assert found["F-5"] == ("quote", "posted")


def test_what_is_left_to_say() -> None:
    said = "\n".join(lines_of("Nom,Fax\nDoyon,\n"))
    for wanted in ("line1", "city", "Fax: no field", 'others = "ignore"'):
        assert wanted in said
    dates = "\n".join(lines_of("Facture,Date\n1,01/02/2026\n", "document"))
    for wanted in ("%d/%m/%Y", "%m/%d/%Y", "client", "--kind"):
        assert wanted in dates
    odd = lines_of("number,status\n1,Zut\n", "document")
    assert '# "Zut" = ""' in odd
    assert "no mapping" in "\n".join(lines_of(f"name,line1,city,province,postal_code\nA,{HERE}\n"))


@pytest.mark.parametrize(
    ("entity", "text", "said"),
    [
        ("client", WORDS, "interop sales import FILE --suggest"),
        ("client", LINES, "interop sales import FILE --suggest"),
        ("client", "Numéro,Client,Date,Montant\n1,A,2026-11-27,1.00\n", "interop sales import"),
        ("document", FRENCH, "interop client import FILE --suggest"),
        ("client", FRENCH, ""),
        ("client", "No,Nom,Adresse,Ville,Date,Total\n1,A,1 rue A,Alma,2026-11-27,1\n", ""),
        ("document", LINES, ""),
        ("document", "Facture,Adresse,Ville\n1,1 rue A,Alma\n", ""),
    ],
)
def test_a_file_of_other_records_than_the_command_takes(entity: str, text: str, said: str) -> None:
    shown = "\n".join(lines_of(text, entity))
    assert said in shown
    assert bool(said) is (" FILE --suggest" in shown)
    targets = {*guessed(text, entity).get("values", {})}
    known = fields() if entity == "client" else DOCUMENTS
    assert all(map(known.has, targets))


@pytest.mark.parametrize(
    ("cells", "shape"),
    [
        (["2026-11-27", "2026-11-28"], None),
        (["27-11-2026"], None),
        (["27.11.2026"], None),
        (["1 250 000.00", "99999.95"], None),
        (["7012345678901"], None),
        (["418 555-0101", "(418) 555-0101 poste 12", "+33 1 23 45 67 89"], "phone"),
        (["4185550101", "14185550101", "555-0101"], "phone"),
    ],
)
def test_what_has_the_form_of_a_telephone(cells: list[str], shape: str | None) -> None:
    assert shape_of(cells) == shape


def test_what_the_options_said_of_the_file_is_in_the_mapping() -> None:
    book = io.BytesIO()
    with xlsxwriter.Workbook(book, {"in_memory": True}) as made:
        made.add_worksheet("Lisez-moi").write_row(0, 0, ["A", "B"])
        made.add_worksheet("Clients").write_row(0, 0, ["Nom", "Adresse"])
    source = source_of(book.getvalue())
    found = map(str, suggestion(source, "client", fields(), format="xlsx", sheet="Clients"))
    assert 'sheet = "Clients"' in list(found)
    first = "\n".join(map(str, suggestion(source, "client", fields(), format="xlsx")))
    assert "sheets that were not read (--sheet NAME): Clients" in first


def test_a_file_without_a_header_shows_nobody() -> None:
    text = "Luc Doyon,luc@doyon.example,G1K 4A1\nAnne Roy,anne@doyon.example,G1K 4A1\n"
    said = "\n".join(lines_of(text))
    assert "doyon" not in said.lower()
    assert guessed(text)["header"] is False
    assert guessed(text)["columns"] == {"#2": "email", "#3": "postal_code"}


@pytest.mark.parametrize("text", [PERSONS, TITLES, FRENCH, *FILES.values()])
def test_no_value_of_the_file_is_repeated(text: str) -> None:
    said = "\n".join(lines_of(text))
    for person in ("Doyon", "Roy", "@", "555-0101", "rue A"):
        assert person not in said.replace("@doyon", "")


def test_every_heading_has_a_field() -> None:
    for entity, needed in NEEDED.items():
        assert set(headings(entity))
        assert needed
    assert set(MEANT) == {"status", "kind", "active", "language"}
    known = fields()
    ours = set(headings("client").values()) - {"first name", "last name"}
    assert not [field for field in ours if not known.has(field)]
    assert not [field for field in headings("document").values() if not DOCUMENTS.has(field)]


HEADINGS = st.sampled_from(
    [
        *headings("client"),
        *headings("document"),
        "",
        "x",
        '"',
        "a[1]",
        "{",
        "#2",
        "Email",
        "é=",
        "'",
    ]
)
CELLS = st.sampled_from(
    ["", "a@x.example", "a@x; b@x", "1,234", "01/02/2026", "Doyon", "Total", "A ::: B", "G1K 4A1"]
)


@given(
    st.sampled_from(["client", "document"]),
    st.lists(HEADINGS, min_size=1, max_size=9),
    st.lists(st.lists(CELLS, min_size=9, max_size=9), max_size=4),
)
def test_what_is_guessed_is_always_a_mapping(
    entity: str, columns: list[str], rows: list[list[str]]
) -> None:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows(row[: len(columns)] for row in rows)
    text = "\n".join(lines_of(file.getvalue(), entity))
    said = read_map("m.toml", text.encode())
    known = fields() if entity == "client" else DOCUMENTS
    for target in (*said.columns.values(), *said.fields):
        assert not target or known.has(target)


def test_the_encoding_is_said_for_a_known_system_too(
    tmp_path: Path, invoke: Run, database: Path
) -> None:
    file, mapping = tmp_path / "export.csv", tmp_path / "map.toml"
    file.write_bytes(FILES["sage50"].encode("cp1252"))
    command = ("--db", database, "client", "import", file)
    mapping.write_text(invoke(*command, "--encoding", "cp1252", "--suggest").stdout, "utf-8")
    assert "Canadian" in mapping.read_text("utf-8")
    done = invoke(*command, "--mapping", mapping, "--json")
    assert (done.code, done.json["created"]) == (0, 1), done.stderr
