"""QuickBooks Online through the real command line: the acceptance cases that are about it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interop_cli.system import Clock
from tests.fakes.qbo import REALM, FakeQuickBooks
from tests.fakes.server import Reply
from tests.support.cli import Result, Run
from tests.support.warm_process import WarmProcess

ADDRESS = ("--line1", "12, rue du Quai", "--city", "Québec", "--postal-code", "G1K 7X2")


@pytest.fixture
def fake() -> Iterator[FakeQuickBooks]:
    with FakeQuickBooks() as company:
        yield company
        assert not company.violations


class Books:
    """A person at the command line, with a target ``books`` on the fake company."""

    def __init__(self, invoke: Run, fake: FakeQuickBooks, **env: str) -> None:
        self.invoke = invoke
        self.fake = fake
        self.env = {
            "INTEROP_BOOKS_BASE_URL": fake.url,
            "INTEROP_BOOKS_TOKEN_URL": f"{fake.url}/token",
            "INTEROP_NO_KEYRING": "1",
            **env,
        }

    def __call__(self, *args: object, code: int = 0, stdin: str = "") -> Result:
        result = self.invoke(*args, env=self.env, stdin=stdin)
        assert result.code == code, result.stderr + result.stdout
        for secret in (self.fake.client_secret, "refresh-token", "access-token", self.fake.token):
            assert secret not in result.stdout + result.stderr
        return result

    def configure(self) -> None:
        """Configure the target and let it in."""
        self("sync", "add", "books", "qbo", "--set", f"realm_id={REALM}")
        secret = {
            "client_id": self.fake.client_id,
            "client_secret": self.fake.client_secret,
            "refresh_token": self.fake.refresh_token,
        }
        self("sync", "connect", "books", "--token-stdin", stdin=json.dumps(secret))

    def create(self, code: str, name: str, *more: str) -> None:
        """A client."""
        self("client", "create", name, "--code", code, *ADDRESS, *more)

    def push(self, *args: str, code: int = 0) -> dict[str, Any]:
        """Push; what became of each client, by code."""
        found = self("sync", "push", *args, "-o", "json", code=code)
        return {item["code"]: item for item in found.json["items"]}

    def why(self, code: str) -> tuple[str, str | None]:
        """Why a plan blocks a client: the code of the reason, and our field."""
        (row,) = self("sync", "plan", code, "--offline", "-o", "json").json
        assert row["action"] == "blocked"
        return row["reason"], row["field"]

    def status(self) -> dict[str, Any]:
        """Where the target stands."""
        status: dict[str, Any] = self("sync", "status", "-o", "json").json[0]
        return status


@pytest.fixture
def books(invoke: Run, fake: FakeQuickBooks, sqlite_ready_url: str) -> Books:
    made = Books(invoke, fake, INTEROP_DB=sqlite_ready_url)
    made.configure()
    return made


@pytest.fixture
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the program waits between its attempts takes no time."""
    monkeypatch.setattr(Clock, "sleep", lambda _clock, _seconds: None)


def writes(fake: FakeQuickBooks) -> list[str]:
    """The calls that changed something, by the last word of their path."""
    return [call.path.rpartition("/")[2] for call in fake.writes()]


def test_clients_go_to_the_books_and_nothing_twice(books: Books, fake: FakeQuickBooks) -> None:
    for n in range(1, 33):
        books.create(f"C-{n}", f"Imprimerie L'Été {n}")
    assert {item["status"] for item in books.push().values()} == {"ok"}
    assert len(fake.held()) == 32
    assert writes(fake) == ["batch", "batch"] or writes(fake) == ["batch", "customer"]
    fake.calls.clear()
    assert books.push() == {}
    assert fake.calls == []
    assert books.status()["in_sync"] == 32


def test_1_response_lost_after_create_is_one_record(books: Books, fake: FakeQuickBooks) -> None:
    for n in (1, 2, 3):
        books.create(f"C-{n}", f"Client {n}")
    fake.fail("drop", when="after", match="/batch")
    assert {item["status"] for item in books.push().values()} == {"ok"}
    assert len(fake.held()) == 3
    assert writes(fake) == ["batch"]


def test_1b_lost_before_it_arrived_is_sent_under_the_same_request_id(
    books: Books, fake: FakeQuickBooks
) -> None:
    books.create("A", "Client A")
    fake.fail("drop", when="before", match="/customer")
    books.push()
    first, again = fake.writes()
    assert first.query["requestid"] == again.query["requestid"]
    assert len(fake.held()) == 1


def stale(books: Books, fake: FakeQuickBooks, *ours: str, **theirs: Any) -> str:
    """Push, let both sides change; the customer's id."""
    books.create("A", "Client A", "--phone", "418 555-0134", "--website", "https://a.example")
    books.push()
    (remote_id,) = fake.held()
    fake.edit(remote_id, **theirs)
    books("client", "edit", "A", *ours)
    return remote_id


def test_6_stale_5010_merges_what_does_not_overlap(books: Books, fake: FakeQuickBooks) -> None:
    remote_id = stale(
        books, fake, "--website", "https://b.example", PrimaryPhone={"FreeFormNumber": "555"}
    )
    assert books.push()["A"]["status"] == "ok"
    held = fake.held()[remote_id]
    assert (held["PrimaryPhone"], held["WebAddr"]) == (
        {"FreeFormNumber": "555"},
        {"URI": "https://b.example"},
    )
    assert books.status()["in_sync"] == 1


def test_6_stale_5010_merges_two_parts_of_one_address(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    books.push()
    (remote_id,) = fake.held()
    fake.edit(remote_id, BillAddr={**fake.held()[remote_id]["BillAddr"], "Line2": "quai 3"})
    address = books("address", "list", "A", "-o", "json").json[0]["id"]
    books("address", "edit", address, "--city", "Lévis")
    assert books.push()["A"]["status"] == "ok"
    held = fake.held()[remote_id]["BillAddr"]
    assert (held["City"], held["Line2"], held["Line1"]) == ("Lévis", "quai 3", "12, rue du Quai")


def test_6b_stale_5010_conflicts_where_it_overlaps(books: Books, fake: FakeQuickBooks) -> None:
    theirs = {"URI": "https://theirs.example"}
    remote_id = stale(books, fake, "--website", "https://ours.example", WebAddr=theirs)
    assert books.push(code=68)["A"]["error"]["code"] == "sync.conflict"
    assert books.why("A")[0] == "sync.conflict"
    again = books.push(code=68)["A"]["error"]  # every time, until somebody decides
    assert (again["code"], again["field"]) == ("sync.conflict", "website")
    (row,) = books("sync", "resolve", "A", "-o", "json", code=10).json
    assert (row["field"], row["ours"], row["theirs"]) == (
        "website",
        "https://ours.example",
        theirs["URI"],
    )
    assert fake.held()[remote_id]["WebAddr"] == theirs
    books("sync", "resolve", "A", "--take", "remote")
    sent = len(fake.writes())
    books.push()
    assert len(fake.writes()) == sent
    card = books("client", "show", "A", "-o", "json").json
    assert card["website"] == "https://theirs.example"
    assert books.status()["in_sync"] == 1


def test_7_6240_of_a_vendor_is_name_taken_and_not_tried_again(
    books: Books, fake: FakeQuickBooks
) -> None:
    fake.vendors = {"Papiers du Nord"}
    books.create("A", "Papiers du Nord")
    item = books.push(code=68)["A"]
    assert (item["error"]["code"], item["error"]["field"]) == ("remote.name_taken", "name")
    calls = len(fake.writes())
    books.push(code=68)  # it is still not there
    assert len(fake.writes()) == calls
    books("client", "edit", "A", "--accounting", "display_name=Papiers du Nord (A)")
    assert books.push()["A"]["status"] == "ok"
    (held,) = fake.held().values()
    assert (held["DisplayName"], held["CompanyName"]) == ("Papiers du Nord (A)", "Papiers du Nord")


def test_7b_a_customer_of_that_name_is_linked_by_hand(books: Books, fake: FakeQuickBooks) -> None:
    theirs = fake.add("Client A", Notes="theirs")
    books.create("A", "Client A")
    assert books.push(code=68)["A"]["error"]["code"] == "sync.name_taken"
    assert books.why("A")[0] == "sync.name_taken"
    books("sync", "link", "A", theirs, "--target", "books")
    assert books.push()["A"]["status"] == "ok"
    (held,) = fake.held().values()
    assert (held["Id"], held["Notes"]) == (theirs, "theirs")
    assert held["BillAddr"]["City"] == "Québec"


def test_8_bad_rows_in_a_batch_fail_alone_with_their_own_message(
    books: Books, fake: FakeQuickBooks
) -> None:
    for n in range(1, 31):
        books.create(f"C-{n}", f"Client {n}", "--phone", f"418 555-01{n:02}")
    bad = ("555-0107", "555-0119", "555-0123")
    fake.refuse = lambda row: (
        "PrimaryPhone"
        if str(row.get("PrimaryPhone")).find("555") >= 0
        and any(number in str(row["PrimaryPhone"]) for number in bad)
        else None
    )
    items = books.push(code=68)
    failed = {code: item["error"] for code, item in items.items() if item["status"] == "error"}
    assert set(failed) == {"C-7", "C-19", "C-23"}
    assert {error["field"] for error in failed.values()} == {"phone"}
    assert len(fake.held()) == 27
    assert writes(fake) == ["batch"]


@pytest.mark.parametrize("status", [400, 413])
def test_a_batch_that_is_refused_without_a_word_goes_in_smaller_ones(
    books: Books, fake: FakeQuickBooks, status: int
) -> None:
    for n in range(1, 9):
        books.create(f"C-{n}", f"Client {n}")
    fake.fail("reply", reply=Reply(status, None), times=2, match="/batch")
    assert {item["status"] for item in books.push().values()} == {"ok"}
    assert writes(fake) == ["batch"] * 5  # 8, 4, 2, 2, 4
    assert len(fake.held()) == 8


def test_what_is_refused_without_a_word_says_each_time_what_to_run(
    books: Books, fake: FakeQuickBooks
) -> None:
    for n in (1, 2):
        books.create(f"C-{n}", f"Client {n}")
    fake.fail("reply", reply=Reply(400, None), times=9, match="POST .*/(batch|customer)")
    for _time in (1, 2):
        told = books("sync", "push", code=68).stderr
        assert "interop sync retry --target books" in told
    fake.mishaps.clear()
    assert books("sync", "push", code=68).stderr == told  # nothing is sent again by itself
    for command in ("plan", "status"):
        assert "interop sync retry --target books" in books("sync", command).stderr
    books("sync", "retry", "--target", "books")
    assert {item["status"] for item in books.push().values()} == {"ok"}
    for command in ("plan", "status", "push"):
        assert "sync retry" not in books("sync", command).stderr


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize("status", [404, 410])
def test_a_404_without_a_fault_says_nothing_of_records(
    books: Books, fake: FakeQuickBooks, status: int
) -> None:
    for n in range(1, 4):
        books.create(f"C-{n}", f"Client {n}")
    fake.fail("reply", reply=Reply(status, "<html>"), times=99, match="/(batch|query)")
    books("sync", "push", "-q", code=69)
    assert books.status()["detached"] == 0
    fake.mishaps.clear()
    books("sync", "retry", "-q")
    books.push()
    books("client", "edit", "C-1", "C-2", "--phone", "418 555-0100", "--yes", "-q")
    fake.fail("reply", reply=Reply(status, "<html>"), times=99, match="/batch")
    books("sync", "push", "-q", code=69)
    assert books.status()["detached"] == 0
    fake.mishaps.clear()
    books("sync", "retry", "-q")
    assert {item["status"] for item in books.push().values()} == {"ok"}
    assert len(fake.held()) == 3


def test_10_a_prospect_never_reaches_the_books(books: Books, fake: FakeQuickBooks) -> None:
    books.create("P", "Somebody", "--prospect")
    assert books.push() == {}
    assert books.why("P") == ("sync.prospect", None)
    assert writes(fake) == []
    books("client", "promote", "P")
    assert books.push()["P"]["status"] == "ok"


def test_11_a_payer_goes_before_those_it_pays_for(books: Books, fake: FakeQuickBooks) -> None:
    books.create("Z", "Payer")
    books.create("A", "Child", "--bill-to", "Z")
    books.push()
    by_name = {row["DisplayName"]: row for row in fake.held().values()}
    assert by_name["Child"]["ParentRef"] == {"value": by_name["Payer"]["Id"]}


def test_15_two_processes_refresh_once(
    run: Run, books: Books, fake: FakeQuickBooks, tmp_path: Path
) -> None:
    assert fake.refreshes == 1
    fake.expire()
    fake.fail("sleep", match="/token", seconds=0.5)
    plan = ["sync", "link", "--target", "books", "-n"]
    env = {**os.environ, **books.env, "PYTHONPATH": str(Path(__file__).parents[2])}
    both = [WarmProcess(one, env=env, cwd=tmp_path, stdout=-1, stderr=-1) for one in (plan, plan)]
    codes = [(process.wait(60), process.communicate()[1]) for process in both]
    assert [code for code, _err in codes] == [0, 0], codes
    assert fake.refreshes == 2
    assert [call.path for call in fake.calls].count("/token") == 2
    (stored,) = (tmp_path / "home").rglob("secrets/*.json")
    secret = json.loads(stored.read_text())
    assert secret["refresh_token"] == fake.refresh_token == "refresh-token-2"
    assert stored.stat().st_mode & 0o077 == 0
    fake.expire()
    books("sync", "link", "--target", "books", "-n")
    assert fake.refreshes == 3


def test_16_a_401_is_replayed_under_the_same_request_id(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    fake.fail("act", match="/customer", act=fake.expire)
    assert books.push()["A"]["status"] == "ok"
    first, again = fake.writes()
    assert first.query["requestid"] == again.query["requestid"]
    assert first.headers["authorization"] != again.headers["authorization"]
    assert len(first.query["requestid"]) <= 50
    assert len(fake.held()) == 1


def test_18_no_update_lacks_sparse(books: Books, fake: FakeQuickBooks) -> None:
    for n in (1, 2):
        books.create(f"C-{n}", f"Client {n}")
    books.push()
    for remote_id in fake.held():
        fake.touch(remote_id)
    for n in (1, 2):
        books("client", "edit", f"C-{n}", "--website", "https://x.example")
    books.push()
    books("client", "deactivate", "C-1")
    books.push()
    books("client", "activate", "C-1")
    books.push()
    updates = []
    for call in fake.writes():
        for item in call.body.get("BatchItemRequest", [{"Customer": call.body}]):
            if "Id" in item["Customer"]:
                updates.append(item["Customer"])
    assert len(updates) >= 6
    assert all(one["sparse"] is True and "SyncToken" in one for one in updates)
    assert {row["Notes"] for row in fake.held().values()} == {"pays late"}
    assert {row["Active"] for row in fake.held().values()} == {True}
    assert {row["DisplayName"] for row in fake.held().values()} == {"Client 1", "Client 2"}


@pytest.mark.usefixtures("without_waiting")
def test_22_no_token_shows_on_any_failing_path(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    for mishap in (
        {"kind": "echo", "reply": Reply(500)},
        {"kind": "echo", "reply": Reply(400)},
        {"kind": "redirect", "reply": Reply(302)},
    ):
        fake.mishaps.clear()
        fake.fail(match="company", times=50, **mishap)  # type: ignore[arg-type]
        books.invoke("sync", "retry", env=books.env)
        result = books.invoke("-vv", "sync", "push", env=books.env)
        assert result.code in (68, 69)
        text = result.stdout + result.stderr
        assert not any(word in text for word in ("access-token-", fake.client_secret))
    fake.mishaps.clear()
    fake.expire()
    fake.fail("echo", match="/token", times=9, reply=Reply(400))
    books.invoke("sync", "retry", env=books.env)
    books("sync", "push", code=69)
    books("sync", "log", "-o", "json")
    assert books.status()["paused_by"] == "auth"


def test_a_recoded_client_leaves_its_code_to_another(books: Books, fake: FakeQuickBooks) -> None:
    books.create("OLD", "First")
    books.push()
    books("client", "recode", "OLD", "NEW", "--confirm", "OLD")
    books.push()
    books.create("OLD", "Second", "--reuse")
    assert books.push()["OLD"]["status"] == "ok"
    assert len(fake.held()) == 2


def test_what_does_not_fit_is_named_and_nobody_is_called(
    books: Books, fake: FakeQuickBooks
) -> None:
    books.create("A", "N" * 101)
    fake.calls.clear()
    books.push()
    assert books.why("A") == ("sync.field.too_long", "name")
    rows = books("sync", "fields", "books", "-o", "json").json
    named = {row["field"]: row for row in rows}
    assert (named["name"]["theirs"], named["name"]["need"]) == ("DisplayName", "required")
    assert (named["name"]["max_length"], named["code"]["need"]) == (100, "unsupported")
    assert fake.calls == []


def test_pull_shows_what_changed_and_was_merged_there(books: Books, fake: FakeQuickBooks) -> None:
    for n in (1, 2, 3):
        books.create(f"C-{n}", f"Client {n}")
    books.push()
    first, second, _third = fake.held()
    books("sync", "pull", "--target", "books")
    fake.edit(first, WebAddr={"URI": "https://new.example"})
    fake.remove(second)
    rows = books("sync", "pull", "--target", "books", "-o", "json", code=10).json
    assert {(row["code"], row["what"], row["field"]) for row in rows} == {
        ("C-1", "changed", "website"),
        ("C-2", "deleted", None),
    }


def test_a_pull_after_longer_than_it_remembers_misses_nobody(
    books: Books, fake: FakeQuickBooks
) -> None:
    for n in (1, 2, 3):
        books.create(f"C-{n}", f"Client {n}")
    books.push()
    books("sync", "pull", "--target", "books")
    fake.remove(list(fake.held())[1])
    books.env["INTEROP_TODAY"] = "2027-06-01"
    rows = books("sync", "pull", "--target", "books", "-o", "json", code=10).json
    assert [(row["code"], row["what"]) for row in rows] == [("C-2", "deleted")]


def test_what_a_person_may_get_wrong(books: Books) -> None:
    wrong = ("sync", "add", "other", "qbo", "--set")
    for realm in ("x", "12/../34", "１２"):
        error = books(*wrong, f"realm_id={realm}", "-o", "json", code=78).error
        assert error["code"] == "sync.setting.value"
    error = books("sync", "fields", "books", "--entity", "contact", "-o", "json", code=2).error
    assert error["code"] == "usage.entity"
    half = json.dumps({"client_id": "abcdefg", "refresh_token": "abcdefg"})
    error = books("sync", "connect", "books", "--token-stdin", "-o", "json", stdin=half, code=65)
    assert error.error["code"] == "sync.secret.format"


def test_a_country_is_the_same_by_its_name_and_its_code(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    books.push()
    (remote_id,) = fake.held()
    assert fake.held()[remote_id]["BillAddr"]["Country"] == "CAN"
    fake.touch(remote_id)
    assert books("sync", "pull", "--full", "-o", "json").json == []
    address = books("address", "list", "A", "-o", "json").json[0]["id"]
    books("address", "edit", address, "--city", "Lévis")
    assert books.push()["A"]["status"] == "ok"
    fake.calls.clear()
    assert books.push() == {}
    assert fake.calls == []


def test_a_country_that_really_is_another_one_is_told(books: Books, fake: FakeQuickBooks) -> None:
    books.create("A", "Client A")
    books.push()
    (remote_id,) = fake.held()
    fake.edit(remote_id, BillAddr={**fake.held()[remote_id]["BillAddr"], "Country": "USA"})
    (row,) = books("sync", "pull", "--full", "-o", "json", code=10).json
    assert (row["field"], row["pushed"], row["theirs"]) == ("country", "Canada", "United States")


def test_what_it_writes_in_its_own_way_is_no_change(
    books: Books, fake: FakeQuickBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = FakeQuickBooks._put

    def particular(self: FakeQuickBooks, row: dict[str, Any], customer: dict[str, Any]) -> None:
        put(self, row, customer)
        for name, part in (("PrimaryPhone", "FreeFormNumber"), ("WebAddr", "URI")):
            if name in customer and name in row:
                row[name] = {part: f" {customer[name][part].upper().replace('-', '.')}"}
        if "BillAddr" in row:
            row["BillAddr"]["CountrySubDivisionCode"] = "Quebec"

    monkeypatch.setattr(FakeQuickBooks, "_put", particular)
    books.create("A", "Atelier", "--phone", "418 555-0100", "--website", "https://a.example/x")
    said = books("sync", "push", "-o", "json").json["warnings"]
    assert [(one["code"], "website" in one["message"]) for one in said] == [("sync.note", True)]
    assert books("sync", "pull", "--full", "-o", "json").json == []
    fake.calls.clear()
    assert books.push("--all") == {}
    assert fake.writes() == []
    books("client", "edit", "A", "--phone", "418 555-0199", "-q")
    books.push()
    (call,) = fake.writes()
    assert call.body["PrimaryPhone"] == {"FreeFormNumber": "418-555-0199"}
    assert "WebAddr" not in call.body
    assert books("sync", "pull", "--full", "-o", "json").json == []
