"""The mappings that come with the program read the files of their systems."""

from __future__ import annotations

import configparser
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from interop_cli.commands.client.files import fields
from interop_cli.commands.sales.documents import FIELDS as DOCUMENTS
from interop_cli.inputs.mapping.loading import ENTRIES, READY, load_map, read_map, ready
from tests.inputs.mapping.sources import FILES
from tests.support.cli import Run

NAMED = {
    "quickbooks",
    "sage50",
    "hubspot",
    "shopify",
    "odoo",
    "salesforce",
    "xero",
    "google",
    "outlook",
    "dolibarr",
    "northwind",
}


@pytest.fixture
def database(sqlite_ready_url: str) -> Path:
    return Path(sqlite_ready_url)


@pytest.mark.parametrize("source", FILES)
def test_a_file_of_that_system_comes_in(
    source: str, tmp_path: Path, invoke: Run, database: Path
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(FILES[source], "utf-8")
    name = source.partition("-")[0]
    done = invoke("--db", database, "client", "import", path, "--mapping", name, "--json")
    assert (done.code, done.json["created"]) == (0, 1), done.stderr
    shown = invoke("--db", database, "client", "list", "--json")
    (client,) = shown.json
    where = ("name", "line1", "city", "province", "postal_code", "country", "phone")
    assert [client[field] for field in where] == [
        "Atelier Doyon inc.",
        "1 rue A",
        "Québec",
        "QC",
        "G1K 4A1",
        "CA",
        "+14185550101",
    ]
    again = invoke("--db", database, "client", "import", path, "--mapping", name, "--json")
    assert (again.code, again.json["changed"]) == (0, 0), again.stderr
    contacts = invoke("--db", database, "contact", "list", "--json").json
    assert {contact["name"] for contact in contacts} <= {"Luc Doyon", "Anne Roy"}
    undone = invoke("--db", database, "journal", "undo", "1", "-y", "--json")
    assert undone.code == 0, undone.stderr
    for group in ("client", "contact", "address", "note"):
        assert invoke("--db", database, group, "list", "--json").json == []


def test_all_of_them_are_there() -> None:
    assert set(ready()) == NAMED
    assert ready("document") == ["northwind"]
    assert ready("contact") == ["hubspot"]


def test_contacts_of_companies_that_are_there(tmp_path: Path, invoke: Run, database: Path) -> None:
    companies, people = tmp_path / "companies.csv", tmp_path / "contacts.csv"
    companies.write_text(FILES["hubspot"], "utf-8")
    people.write_text(
        "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Associated Company\n"
        "501,Luc,Doyon,luc@doyon.example,418 555-0102,,Atelier Doyon inc.\n"
        "502,Anne,Roy,anne@x.example,,,\n",
        "utf-8",
    )
    options = ("--mapping", "hubspot", "--json")
    assert invoke("--db", database, "client", "import", companies, *options).code == 0
    done = invoke("--db", database, "contact", "import", people, *options)
    assert (done.code, done.json["changed"]) == (0, 1), done.stderr
    codes = {warning["code"] for warning in done.json["warnings"]}
    assert {"import.rows.left_out", "import.columns.ignored"} <= codes
    assert invoke("--db", database, "contact", "import", people, *options).json["changed"] == 0


@pytest.mark.parametrize("path", sorted(READY.glob("*.toml")), ids=lambda path: path.name)
def test_each_says_where_its_columns_are_from_and_ships(path: Path, root: Path) -> None:
    assert "# Columns taken from: " in path.read_text("utf-8")
    config = configparser.ConfigParser()
    config.read(root / "setup.cfg", "utf-8")
    shipped = config["options.package_data"]["interop_cli"].split()
    place = path.relative_to(root / "interop_cli").as_posix()
    assert any(fnmatch(place, pattern) for pattern in shipped)


def test_a_name_that_is_none(tmp_path: Path, invoke: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = invoke("client", "import", "x.csv", "--mapping", "quickbook", "--json")
    assert (done.code, done.error["code"]) == (2, "import.map.ready")
    assert "quickbooks" in done.error["hint"]
    Path("quickbook").write_text("key = 'email'\n", "utf-8")
    assert load_map("quickbook").key == "email"


def test_names_are_completed(invoke: Run) -> None:
    asked = {"client import --mapping s": "sage50", "sales import --mapping n": "northwind"}
    for words, found in asked.items():
        env = {"_INTEROP_COMPLETE": "bash_complete", "COMP_LINE": f"interop {words}"}
        assert found in invoke(env=env).stdout


@pytest.mark.parametrize("page", ["mapping.md", "mapping.fr.md"])
def test_the_documentation_is_true(page: str, root: Path, invoke: Run) -> None:
    text = (root / "docs" / page).read_text("utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 7
    for block in blocks:
        said = read_map(page, block.encode())
        known = DOCUMENTS if "line." in block else fields()
        assert all(known.has(to) for to in (*said.columns.values(), *said.fields) if to)
    for name in NAMED:
        assert f"--mapping {name}`" in text
    shown = invoke("help", "mapping").stdout
    assert all(name in shown for name in NAMED)
    assert all(entry in shown for entry in ENTRIES)


def test_what_the_file_has_no_column_for_stays(tmp_path: Path, invoke: Run, database: Path) -> None:
    whole, few, nameless = (tmp_path / name for name in ("whole.csv", "few.csv", "nameless.csv"))
    whole.write_text(FILES["hubspot"], "utf-8")
    few.write_text("Record ID,Company name,City\n9001,Atelier Doyon inc.,Québec\n", "utf-8")
    nameless.write_text(
        "Company name,Street Address,City,Postal Code,Description\n"
        "Atelier Doyon inc.,1 rue A,Québec,G1K 4A1,Ancien\n",
        "utf-8",
    )
    for path, changed in ((whole, 1), (few, 0), (nameless, 1)):
        done = invoke("--db", database, "client", "import", path, "--mapping", "hubspot", "--json")
        assert (done.code, done.json["changed"]) == (0, changed), done.stderr
    (client,) = invoke("--db", database, "client", "list", "--json").json
    assert (client["phone"], client["website"], client["external_id"], client["province"]) == (
        "+14185550101",
        "doyon.example",
        "9001",
        "QC",
    )
    asked = ("--mapping", "hubspot", "--key", "external_id")
    refused = invoke("--db", database, "client", "import", nameless, *asked, "--json")
    assert (refused.code, refused.error["code"]) == (65, "import.key.column")


@pytest.mark.parametrize(
    ("word", "active"),
    [("TRUE", False), ("Oui", False), ("1", False), ("No", True), ("0", True), ("Faux", True)],
)
def test_sage_says_who_is_inactive(
    word: str, active: bool, tmp_path: Path, invoke: Run, database: Path
) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(FILES["sage50-ca"].replace(",No\n", f",{word}\n"), "utf-8")
    done = invoke("--db", database, "client", "import", path, "--mapping", "sage50", "--json")
    assert done.code == 0, done.stderr
    (client,) = invoke("--db", database, "client", "list", "--status", "all", "--json").json
    assert client["active"] is active


def test_salesforce_s_deleted_accounts_and_ids_that_differ_by_case(
    tmp_path: Path, invoke: Run, database: Path
) -> None:
    head = "Account Name,Account ID,Billing Street,Billing City,Billing Zip/Postal Code,"
    head += "Billing Country,IsDeleted\n"
    rows = [
        f"{name},0015e00000{code},{number} rue A,Québec,G1K 4A1,Canada,{deleted}\n"
        for number, (name, code, deleted) in enumerate(
            [
                ("Doyon inc.", "QxABc", ""),
                ("Roy inc.", "QxabC", "false"),
                ("Parti inc.", "QxABd", "true"),
                ("Parti ltée", "QxABe", "1"),
            ]
        )
    ]
    path = tmp_path / "accounts.csv"
    for lines, created in ((rows[:1], 1), (rows, 1), (rows, 0)):
        path.write_text(head + "".join(lines), "utf-8")
        options = ("--mapping", "salesforce", "--json")
        done = invoke("--db", database, "client", "import", path, *options)
        assert (done.code, done.json["created"]) == (0, created), done.stderr
    listed = invoke("--db", database, "client", "list", "--json").json
    assert {client["name"] for client in listed} == {"Doyon inc.", "Roy inc."}
