"""Invoices and credit notes follow their client to QuickBooks Online."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.qbo import FakeQuickBooks
from tests.fakes.server import Reply
from tests.support.cli import Run
from tests.sync.test_qbo import Books, writes

SETTINGS = ("--set", "item=12", "--set", "tax_codes=CA-QC=9,federal=7,exempt=4,abroad=4")


@pytest.fixture
def fake() -> Iterator[FakeQuickBooks]:
    with FakeQuickBooks() as company:
        yield company
        assert not company.violations


@pytest.fixture
def books(invoke: Run, fake: FakeQuickBooks, sqlite_ready_url: str) -> Books:
    made = Books(invoke, fake, INTEROP_DB=sqlite_ready_url)
    made.configure()
    made("sync", "connect", "books", *SETTINGS)
    fake.calls.clear()
    return made


def invoice(books: Books, code: str, *more: str, price: str = "45.00") -> str:
    """A posted invoice of ten cards; its number."""
    made = books(
        "sales", "invoice", "create", code, "--line", f"Cartes;10;{price}", *more, "-o", "json"
    )
    return str(made.json["items"][0]["number"])


def held(fake: FakeQuickBooks, name: str = "Invoice") -> dict[str, dict[str, Any]]:
    """The documents there, by number."""
    return {row["DocNumber"]: row for row in fake.sales[name].rows.values()}


def papers(books: Books, *args: str, code: int = 0) -> dict[str, dict[str, Any]]:
    """Push; what became of each document, by number."""
    found = books("sync", "push", *args, "-o", "json", code=code)
    return {item["number"]: item for item in found.json["items"] if item["number"]}


def test_an_invoice_follows_its_client(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A", "--terms", "net30")
    number = invoice(books, "A", "--date", "2026-11-20")
    assert papers(books)[number]["status"] == "ok"
    (customer,) = fake.held()
    assert writes(fake) == ["customer", "invoice"]
    (call,) = [call for call in fake.writes() if call.path.endswith("/invoice")]
    assert call.body == {
        "DocNumber": number,
        "TxnDate": "2026-11-20",
        "DueDate": "2026-12-20",
        "CustomerRef": {"value": customer},
        "SalesTermRef": {"value": "3"},
        "ShipAddr": {
            "Line1": "12, rue du Quai",
            "City": "Québec",
            "CountrySubDivisionCode": "QC",
            "PostalCode": "G1K 7X2",
            "Country": "Canada",
        },
        "GlobalTaxCalculation": "TaxExcluded",
        "Line": [
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": 450.0,
                "Description": "Cartes",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "12"},
                    "TaxCodeRef": {"value": "9"},
                    "Qty": 10.0,
                    "UnitPrice": 45.0,
                },
            }
        ],
    }
    assert held(fake)[number]["TotalAmt"] == 517.39
    fake.calls.clear()
    assert papers(books) == {}
    assert fake.calls == []
    assert books.status()["in_sync"] == 2


def test_what_was_imported_or_was_there_before_the_target_stays_here(
    invoke: Run, fake: FakeQuickBooks, tmp_path: Path, sqlite_ready_url: str
) -> None:
    books = Books(invoke, fake, INTEROP_DB=sqlite_ready_url)
    books.create("A", "Client A")
    old = invoice(books, "A")
    books(
        "sales", "document", "add", "A", "--kind", "invoice", "--number", "H-1", "--subtotal", "10"
    )
    time.sleep(1.1)  # times are in seconds
    books.configure()
    books("sync", "connect", "books", *SETTINGS)
    file = tmp_path / "history.csv"
    file.write_text("kind,number,client,date,subtotal\ninvoice,H-2,A,2026-11-23,99.00\n")
    books("sales", "import", file)
    assert papers(books) == {}
    assert books.status()["pending"] == 0
    # A date says otherwise, for those made here.
    books("sync", "connect", "books", "--set", "invoices_from=2020-01-01")
    assert set(papers(books)) == {old}
    books("sync", "connect", "books", "--set", "invoices=false")
    invoice(books, "A")
    assert papers(books) == {}


def test_a_draft_goes_once_it_is_posted(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    draft = books(
        "sales", "invoice", "create", "A", "--draft", "--line", "Cartes;1;5", "-o", "json"
    ).json["items"][0]["id"]
    assert papers(books) == {}
    number = books("sales", "invoice", "post", f"#{draft}", "-o", "json").json["items"][0]["number"]
    assert papers(books)[number]["status"] == "ok"


def test_it_goes_to_who_pays_and_after_them(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    books.create("P", "Payeur P")
    number = invoice(books, "A", "--bill-to", "P")
    (row,) = [
        row for row in books("sync", "plan", "A", "--offline", "-o", "json").json if row["number"]
    ]
    assert (row["entity"], row["number"], row["action"]) == ("invoice", number, "blocked")
    assert (row["reason"], row["waits_for"]) == ("sync.waiting", "P")  # who is not sent with it
    assert papers(books, "A", code=68)[number]["error"]["code"] == "sync.waiting"
    assert papers(books)[number]["status"] == "ok"
    names = {key: row["DisplayName"] for key, row in fake.held().items()}
    assert names[held(fake)[number]["CustomerRef"]["value"]] == "Payeur P"


def test_a_credit_note_follows_its_invoice(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    number = invoice(books, "A")
    note = books("sales", "invoice", "credit", number, "--line", "Cartes;1;45", "-o", "json").json[
        "items"
    ][0]["number"]
    books("sync", "push")
    assert writes(fake) == ["customer", "invoice", "creditmemo"]
    memo = held(fake, "CreditMemo")[note]
    assert (memo["TotalAmt"], memo["PrivateNote"]) == (51.74, f"Invoice {number}")
    assert "DueDate" not in memo


def test_a_missing_setting_blocks_and_is_named(books: Books, fake: FakeQuickBooks) -> None:
    books("sync", "connect", "books", "--set", "item=")
    books.create("A", "Client A")
    invoice(books, "A")
    books("sync", "push")
    (row,) = books("sync", "plan", "--offline", "-o", "json").json
    assert (row["action"], row["reason"], row["field"]) == (
        "blocked",
        "sync.setting.missing",
        "item",
    )
    assert "sync connect TARGET --set item=" in row["message"]
    assert "item" in books("sync", "plan", "--offline").stdout
    books("sync", "connect", "books", "--set", "item=12", "--set", "tax_codes=CA-ON=5")
    (row,) = books("sync", "plan", "--offline", "-o", "json").json
    assert (row["field"], "CA-QC" in row["message"]) == ("tax_codes", True)
    assert books.status()["blocked"] == 1
    books("sync", "connect", "books", "--set", "tax_codes=GST", code=78)
    books("sync", "connect", "books", *SETTINGS)
    books("sync", "push")
    assert len(held(fake)) == 1
    # What is there does not change with the settings, nor wait for them.
    books("sync", "connect", "books", "--set", "item=", "--set", "tax_codes=")
    fake.calls.clear()
    assert papers(books) == {}
    assert books.status()["in_sync"] == 2
    assert fake.writes() == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_lost_is_one_invoice(books: Books, fake: FakeQuickBooks, when: str) -> None:
    books.create("A", "Client A")
    number = invoice(books, "A")
    fake.fail("drop", when=when, match="POST .*/invoice")
    assert papers(books)[number]["status"] == "ok"
    assert list(held(fake)) == [number]
    sent = [call.query["requestid"] for call in fake.writes() if call.path.endswith("/invoice")]
    assert len(set(sent)) == 1
    assert len(sent) == (1 if when == "after" else 2)
    assert books.status()["in_sync"] == 2


def test_thirty_in_a_batch_and_its_answer_lost(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    numbers = [invoice(books, "A") for _n in range(32)]
    fake.fail("drop", when="after", match="/batch")
    assert {item["status"] for item in papers(books).values()} == {"ok"}
    assert sorted(held(fake)) == sorted(numbers)
    assert writes(fake)[:2] == ["customer", "batch"]


def test_a_number_that_is_taken_there_is_left_to_a_person(
    books: Books, fake: FakeQuickBooks
) -> None:
    books.create("A", "Client A")
    number = invoice(books, "A")
    other = fake.add("Un autre")
    detail = {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "4"}}
    line = {"DetailType": "SalesItemLineDetail", "Amount": 5.0, "SalesItemLineDetail": detail}
    theirs = {"DocNumber": number, "CustomerRef": {"value": other}, "Line": [line]}
    fake._sold("Invoice", theirs)
    item = papers(books, code=68)[number]
    assert (item["status"], item["error"]["code"], item["error"]["field"]) == (
        "error",
        "sync.name_taken",
        "number",
    )
    assert held(fake)[number]["CustomerRef"] == {"value": other}
    assert len(fake.sales["Invoice"].rows) == 1
    assert books.status()["failed"] == 1
    # Given another number there, it goes.
    (row,) = fake.sales["Invoice"].rows.values()
    row["DocNumber"] = "X-1"
    books("sync", "retry", "A")
    assert papers(books)[number]["status"] == "ok"


def test_6140_is_said_in_words(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    number = invoice(books, "A")
    refusal = {
        "Error": [{"Message": "Duplicate Document Number Error", "code": "6140"}],
        "type": "ValidationFault",
    }
    fake.fail("reply", match="POST .*/invoice", reply=Reply(400, {"Fault": refusal}))
    error = papers(books, code=68)[number]["error"]
    assert (error["code"], error["field"]) == ("remote.name_taken", "number")
    assert "number" in error["message"]


def test_the_same_invoice_typed_there_is_taken_over(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    number = invoice(books, "A")
    books("sync", "push")
    books("sync", "unlink", "A", "-y")
    fake.calls.clear()
    books("sync", "connect", "books")
    assert papers(books)[number]["status"] == "ok"
    assert len(fake.sales["Invoice"].rows) == 1
    assert fake.writes() == []


def test_void_here_is_void_there(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    number, never = invoice(books, "A"), invoice(books, "A")
    books("sales", "document", "void", never, "-y")
    books("sync", "push")
    assert list(held(fake)) == [number]
    books("sales", "document", "void", number, "-y")
    (row,) = books("sync", "plan", "--offline", "-o", "json").json
    assert (row["action"], row["number"]) == ("deactivate", number)
    fake.fail("drop", when="after", match="POST .*/invoice")
    assert papers(books)[number]["status"] == "ok"
    assert (held(fake)[number]["TotalAmt"], held(fake)[number]["PrivateNote"]) == (0, "Voided")
    assert [call.query.get("operation") for call in fake.writes()][-1] == "void"
    assert papers(books) == {}
    assert books("sync", "pull", "--full", "-o", "json").json == []


def test_a_void_credit_note_is_for_a_person(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    note = books("sales", "invoice", "credit", invoice(books, "A"), "-o", "json").json["items"][0][
        "number"
    ]
    books("sync", "push")
    books("sales", "document", "void", note, "--kind", "credit_note", "-y")
    assert papers(books, code=68)[note]["error"]["code"] == "qbo.credit_note_void"
    (row,) = books("sync", "plan", "--offline", "-o", "json").json
    assert (row["action"], row["reason"]) == ("blocked", "qbo.credit_note_void")
    fake.sales["CreditMemo"].rows.clear()
    books("sync", "retry", "A")
    assert papers(books)[note]["status"] == "ok"
    assert papers(books) == {}
    assert books("sync", "pull", "--full", "-o", "json").json == []


def test_what_somebody_changed_there_is_shown(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    number = invoice(books, "A")
    books("sync", "push")
    (row,) = fake.sales["Invoice"].rows.values()
    fake.sales["Invoice"].edit(row["Id"], row["MetaData"]["LastUpdatedTime"], TxnDate="2026-01-31")
    found = books("sync", "pull", "--full", "-o", "json", code=10).json
    assert [(one["entity"], one["field"], one["theirs"]) for one in found] == [
        ("invoice", "date", "2026-01-31")
    ]
    shown = books("sync", "resolve", "A", "--document", number, "-o", "json", code=10).json
    assert [one["field"] for one in shown] == ["date"]
    books("sync", "resolve", "A", "--document", number, "--take", "remote")
    assert books("sync", "pull", "--full", "-o", "json").json == []
    fake.calls.clear()
    assert papers(books) == {}
    assert fake.writes() == []
    fake.sales["Invoice"].rows.clear()
    books("sync", "pull", "--full", "--accept-empty", code=10)
    assert books.status()["detached"] == 1


def test_a_total_that_differs_is_told(books: Books, fake: FakeQuickBooks) -> None:
    books("sync", "connect", "books", "--set", "tax_codes=CA-QC=7")
    books.create("A", "Client A")
    number = invoice(books, "A")
    (warning,) = books("sync", "push", "-o", "json").json["warnings"]
    assert number in warning["message"]
    assert "472.50" in warning["message"]


def test_numbers_of_their_own_are_refused_before_anything_is_made(
    books: Books, fake: FakeQuickBooks
) -> None:
    fake.sales["Invoice"].keeps_numbers = False
    books.create("A", "Client A")
    number = invoice(books, "A")
    assert papers(books, code=68)[number]["error"]["code"] == "qbo.numbers"
    assert held(fake) == {}


def test_amounts_abroad_and_of_books(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    number = invoice(books, "A", "--line", "Livre;3;0.335;livre")
    books("sync", "push")
    _first, second, _sum = held(fake)[number]["Line"]
    assert (second["Amount"], second["SalesItemLineDetail"]["TaxCodeRef"]) == (1.01, {"value": "7"})
    books(
        "client",
        "create",
        "Maison F",
        "--code",
        "F",
        "--line1",
        "1 rue B",
        "--city",
        "Lyon",
        "--postal-code",
        "69001",
        "--country",
        "FR",
    )
    number = invoice(books, "F")
    books("sync", "push")
    assert held(fake)[number]["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "4"}


def test_an_invoice_that_is_there_cannot_be_undone(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    invoice(books, "A")
    books("sync", "push")
    found = books("journal", "list", "-o", "json").json
    (operation,) = [one["id"] for one in found if one["name"] == "sales.invoice.create"]
    books("journal", "undo", operation, "-y", code=5)
    assert len(held(fake)) == 1


def test_client_send_and_auto_and_the_log(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    books.create("B", "Client B")
    books.create("C", "Client C")
    first, other = invoice(books, "A"), invoice(books, "C")
    dry = books("client", "send", "A", "--dry-run", "-o", "json").json
    assert [(item["entity"], item["number"]) for item in dry["items"]] == [
        ("client", None),
        ("invoice", first),
    ]
    assert fake.writes() == []
    sent = books("client", "send", "A", "-o", "json").json
    assert {item["entity"]: item["status"] for item in sent["items"]} == {
        "client": "ok",
        "invoice": "ok",
    }
    assert list(held(fake)) == [first]
    books("config", "set", "sync.auto", "true")
    last = invoice(books, "A", "--bill-to", "B")
    assert list(held(fake)) == [first, last]
    log = books("sync", "log", "A", "-o", "json").json
    assert [(one["entity"], one["number"]) for one in log] == [
        ("invoice", last),
        ("invoice", first),
        ("client", None),
    ]
    books("sync", "push")
    assert set(held(fake)) == {first, other, last}
    fields = books("sync", "fields", "books", "--entity", "invoice", "-o", "json").json
    assert {"number", "client", "item", "tax_codes"} <= {row["field"] for row in fields}


def sent(fake: FakeQuickBooks, number: str) -> dict[str, Any]:
    """What was sent of an invoice."""
    return next(
        call.body
        for call in fake.writes()
        if call.path.endswith(("/invoice", "/creditmemo")) and call.body.get("DocNumber") == number
    )


def test_an_invoice_says_who_receives_it_where_it_goes_and_what_it_says(
    books: Books, fake: FakeQuickBooks
) -> None:
    books.create("P", "Payer")
    books.create("A", "Client A", "--bill-to", "P")
    for name, email, *flags in (
        ("Ève Roy", "Compta@payer.example", "--billing"),
        ("Jo Roy", "jo@payer.example", "--billing-copy"),
        ("Al Roy", "al@payer.example", "--billing-copy"),
        ("Bo Roy", "bo@payer.example"),
    ):
        books("contact", "create", "P", "--name", name, "--email", email, *flags)
    books("contact", "create", "A", "--name", "Di Roy", "--email", "di@a.example", "--billing")
    place = ("--line1", "8, rue Sud", "--line2", "quai 3", "--city", "Lévis")
    made = books(
        *("address", "create", "A", *place, "--postal-code", "G6V 1A1", "--label", "Entrepôt"),
        *("--attention", "Réception", "--json"),
    )
    address = made.json["items"][0]["id"]
    number = invoice(books, "A", "--ship-to", str(address), "--memo", "Merci! Bon 4711")
    assert papers(books)[number]["status"] == "ok"
    body = sent(fake, number)
    assert body["BillEmail"] == {"Address": "compta@payer.example"}
    assert body["BillEmailCc"] == {"Address": "jo@payer.example, al@payer.example"}
    assert body["CustomerMemo"] == {"value": "Merci! Bon 4711"}
    assert body["ShipAddr"] == {
        "Line1": "8, rue Sud",
        "Line2": "quai 3",
        "City": "Lévis",
        "CountrySubDivisionCode": "QC",
        "PostalCode": "G6V 1A1",
        "Country": "Canada",
    }
    # What changes afterwards is no matter of the invoice any more.
    books("address", "edit", address, "--city", "Québec", "--postal-code", "G1K 7X2")
    books("contact", "create", "P", "--name", "Cy", "--email", "cy@x.example", "--billing-copy")
    fake.calls.clear()
    assert papers(books) == {}
    assert not any(call.path.endswith("/invoice") for call in fake.writes())


def test_an_address_that_is_another_one_now_goes_as_the_document_has_it(
    books: Books, fake: FakeQuickBooks
) -> None:
    books.create("A", "Client A")
    number = invoice(books, "A")
    address = books("address", "list", "A", "--json").json[0]["id"]
    books("address", "edit", address, "--city", "Lévis")
    papers(books)
    assert sent(fake, number)["ShipAddr"] == {"Line1": "12, rue du Quai, Québec QC G1K 7X2, CA"}


def test_recipients_that_do_not_fit_block_with_their_field(
    books: Books, fake: FakeQuickBooks
) -> None:
    books.create("A", "Client A")
    for number in range(8):
        email = f"{'x' * 30}{number}@client-a.example"
        books("contact", "create", "A", "--name", f"N {number}", "--email", email, "--billing-copy")
    invoice(books, "A")
    rows = books("sync", "plan", "--offline", "-o", "json").json
    (blocked,) = [row for row in rows if row["entity"] == "invoice"]
    assert (blocked["reason"], blocked["field"]) == ("sync.field.too_long", "email_cc")
    books("sync", "fields", "books", "--entity", "invoice", "--unset", "email_cc", "-q")
    (done,) = papers(books).values()
    assert done["status"] == "ok"


def test_a_constant_stands_in_each_invoice(books: Books, fake: FakeQuickBooks) -> None:
    chosen = ("--entity", "invoice", "--unset", "memo", "--constant", "CustomerMemo.value=Merci!")
    books("sync", "fields", "books", *chosen, "-q")
    books.create("A", "Client A")
    number = invoice(books, "A")
    papers(books)
    assert sent(fake, number)["CustomerMemo"] == {"value": "Merci!"}
