"""Invoices by e-mail, against a real server: each goes once, or is said not to have gone."""

from __future__ import annotations

import io
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from pypdf import PdfReader

from tests.fakes.mail import PASSWORD, USER, Authority, MailBox, free_port, mail_server
from tests.paper.test_print import Shop
from tests.support.cli import Run
from tests.support.engines import MadeOnce

SETTINGS = {
    "company.name": "Atelier Zéphyrin",
    "company.gst": "123456782RT0001",
    "company.qst": "1099877827TQ0001",
    "mail.host": "127.0.0.1",
    "mail.security": "none",
    "mail.from": "factures@zephyrin.example",
    "mail.enabled": "true",
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    ca = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return Authority(ca, str(path))


@pytest.fixture
def box() -> Iterator[MailBox]:
    with mail_server() as found:
        yield found


def opened(invoke: Run, made_once: MadeOnce, folder: Path, port: int, **more: str) -> Shop:
    """A shop that sends mail to a server on this port, and has a client and its people."""
    shop = Shop(invoke, made_once("mail", lambda url: furnish(Shop(invoke, url, folder))), folder)
    for name, value in {"mail.port": str(port), **more}.items():
        shop("config", "set", name, value, "-q")
    return shop


def furnish(shop: Shop) -> None:
    for name, value in SETTINGS.items():
        shop("config", "set", name, value, "-q")
    client = ("--code", "BOR", "--line1", "12, rue du Quai", "--city", "Québec", "--terms", "net30")
    shop("client", "create", "Imprimerie Boréale", *client, "--postal-code", "G1K 7X2", "-q")
    ana = ("--name", "Ana Roy", "--email", "ana@boreale.example", "--billing")
    shop("contact", "create", "BOR", *ana, "-q")
    luc = ("--name", "Luc Roy", "--email", "luc@boreale.example", "--billing-copy")
    shop("contact", "create", "BOR", *luc, "-q")


@pytest.fixture
def shop(made_once: MadeOnce, invoke: Run, tmp_path: Path, box: MailBox) -> Shop:
    return opened(invoke, made_once, tmp_path, box.port)


def invoice(shop: Shop, client: str = "BOR", **how: Any) -> str:
    line = ("--line", "Dépliants;250;0.4015", "--date", "2026-05-01")
    made = shop.json("sales", "invoice", "create", client, *line, *how.get("more", ()))
    return str(made["items"][0]["number"] or f"#{made['items'][0]['id']}")


SEND = ("sales", "invoice", "send")


def mailings(shop: Shop, number: str) -> list[Any]:
    found: list[Any] = shop.json("sales", "invoice", "show", number)["mailings"]
    return found


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_invoice_goes_once_with_its_pdf(shop: Shop, box: MailBox, language: str) -> None:
    shop("client", "edit", "BOR", "--language", language, "-q")
    number = invoice(shop)
    done = shop.json(*SEND, number)
    assert (done["changed"], done["failed"]) == (1, 0)
    (item,) = done["items"]
    assert item["to"] == ["ana@boreale.example"]
    assert item["cc"] == ["luc@boreale.example"]
    (message,) = box.messages
    assert box.got[0].rcpt_tos == ["ana@boreale.example", "luc@boreale.example"]
    assert message["To"] == "ana@boreale.example"
    assert message["Cc"] == "luc@boreale.example"
    assert message["From"] == "Atelier Zéphyrin <factures@zephyrin.example>"
    uid = shop.json("sales", "invoice", "show", number)["uid"]
    assert message["Message-ID"] == f"<{uid}.1@zephyrin.example>"
    said = {
        "fr": (f"Facture {number} de Atelier", "115,41\u00a0$", "31 mai 2026", "Bonjour"),
        "en": (f"Invoice {number} from Atelier", "$115.41", "May 31, 2026", "Hello"),
    }[language]
    body = message.get_body()
    assert body is not None
    text = body.get_content().replace("\u202f", "\u00a0")
    assert message["Subject"].startswith(said[0])
    for word in said[1:]:
        assert word in text
    (file,) = message.iter_attachments()
    title = {"fr": "Facture", "en": "Invoice"}[language]
    assert file.get_filename() == f"{title}-{number}.pdf"
    reader = PdfReader(io.BytesIO(file.get_content()))
    assert f"{title}" in reader.pages[0].extract_text()
    # Once: the same again changes nothing, and says so in its counts.
    done = shop.json(*SEND, number)
    assert (done["changed"], done["unchanged"]) == (0, 1)
    assert len(box.got) == 1
    shop(*SEND, number, "--again", "-q")
    assert [one["Message-ID"] for one in box.messages] == [
        f"<{uid}.1@zephyrin.example>",
        f"<{uid}.2@zephyrin.example>",
    ]
    assert [one["state"] for one in mailings(shop, number)] == ["sent", "sent"]
    card = shop.json("client", "show", "BOR")["mailings"]
    assert [(one["number"], one["state"]) for one in card] == [(number, "sent")] * 2
    told = {"fr": "envoyée", "en": "sent"}[language]
    for words in (("sales", "invoice", "show", number), ("client", "show", "BOR")):
        assert f"{told}  ana@boreale.example" in shop("--lang", language, *words).stdout


def test_a_dry_run_writes_and_sends_nothing(shop: Shop, box: MailBox) -> None:
    number = invoice(shop)
    done = shop.json(*SEND, number, "--dry-run")
    assert (done["dry_run"], done["changed"]) == (True, 1)
    assert done["items"][0]["to"] == ["ana@boreale.example"]
    assert not box.sessions
    assert not mailings(shop, number)


def test_to_another_address_only_that_one(shop: Shop, box: MailBox) -> None:
    number = invoice(shop)
    shop(*SEND, number, "--to", "eve@other.example", "-q")
    assert box.got[0].rcpt_tos == ["eve@other.example"]
    assert mailings(shop, number)[0]["to"] == ["eve@other.example"]


def test_a_test_goes_to_one_address_and_is_written_nowhere(shop: Shop, box: MailBox) -> None:
    number = invoice(shop)
    shop("config", "set", "mail.enabled", "false", "-q")
    before = len(shop.json("journal", "list"))
    shop(*SEND, "--test", "me@zephyrin.example", "-q")
    shop(*SEND, number, "--test", "me@zephyrin.example", "-q")
    assert [one.rcpt_tos for one in box.got] == [["me@zephyrin.example"]] * 2
    for message in box.messages:
        assert message["Subject"].startswith("[ESSAI] Facture")
        (file,) = message.iter_attachments()
        assert "ESSAI" in PdfReader(io.BytesIO(file.get_content())).pages[0].extract_text()
    assert not mailings(shop, number)
    assert len(shop.json("journal", "list")) == before


# -- what keeps an invoice back --------------------------------------------------------------


def test_mail_that_is_off_or_not_set_up_sends_nothing(shop: Shop, box: MailBox) -> None:
    number = invoice(shop)
    shop("config", "set", "mail.enabled", "false", "-q")
    done = shop(*SEND, number, "-o", "json", code=78)
    assert done.error["code"] == "mail.off"
    shop("config", "set", "mail.enabled", "true", "-q")
    shop("config", "unset", "mail.from", "-q")
    done = shop(*SEND, number, "-o", "json", code=78)
    assert done.error["code"] == "mail.unset"
    assert "mail.from" in done.error["message"]
    assert not box.sessions


def test_all_that_is_incomplete_is_listed_before_anything_goes(shop: Shop, box: MailBox) -> None:
    for code in ("AAA", "BBB", "CCC"):
        place = ("--line1", "1, rue A", "--city", "Québec", "--postal-code", "G1K 7X2")
        shop("client", "create", f"Client {code}", "--code", code, *place, "-q")
    shop("contact", "create", "BBB", "--name", "Sans Courriel", "--billing", "-q")
    made = shop.json(
        "contact", "create", "CCC", "--name", "P", "--email", "p@c.example", "--billing"
    )
    numbers = [invoice(shop, code) for code in ("BOR", "AAA", "BBB", "CCC")]
    shop("contact", "deactivate", made["items"][0]["id"], "-q")
    draft = invoice(shop, more=("--draft",))
    done = shop(*SEND, *numbers, draft, "--yes", "-o", "json", code=5)
    assert done.error["code"] == "mail.incomplete"
    assert [(one["key"], one["code"]) for one in done.error["details"]] == [
        (numbers[1], "mail.no_billing_contact"),
        (numbers[2], "mail.billing_contact_without_email"),
        (numbers[3], "mail.billing_contact_inactive"),
        (draft, "mail.not_posted"),
    ]
    assert not box.sessions
    done = shop(*SEND, *numbers, "--yes", "--continue-on-error", "-o", "json", code=68)
    assert [one["status"] for one in done.json["items"]] == ["ok", "error", "error", "error"]
    assert len(box.got) == 1


def test_many_are_confirmed_counted_and_limited(shop: Shop, box: MailBox) -> None:
    numbers = [invoice(shop) for _ in range(3)]
    done = shop(*SEND, *numbers, "-o", "json", code=2)
    assert done.error["code"] == "usage.confirmation"
    done = shop(*SEND, "--filter", "client = BOR", "--yes", "--expect", 2, "-o", "json", code=5)
    assert done.error["code"] == "bulk.expect"
    listed = {"stdin": "\n".join(numbers)}
    done = shop(*SEND, "-", "--yes", "--max-affected", 2, "-o", "json", **listed, code=5)
    assert done.error["code"] == "bulk.max_affected"
    assert not box.sessions
    done = shop(*SEND, "-", "--yes", "-o", "json", **listed)
    assert done.json["changed"] == 3
    assert box.sessions == 1
    assert shop(*SEND, *numbers, "--filter", "client = BOR", "-o", "json", code=2)
    nobody = shop(*SEND, "-", "--yes", "-o", "json")
    assert [one["code"] for one in nobody.json["warnings"]] == ["input.empty"]


def test_unsent_takes_what_was_issued_here_since_mail_is_on(shop: Shop, box: MailBox) -> None:
    shop("config", "set", "mail.enabled", "false", "-q", env={"INTEROP_TODAY": "2026-11-01"})
    early = {"INTEROP_TODAY": "2026-11-02"}
    line = ("--line", "Cartes;1;5", "--date", "2026-11-02")
    shop("sales", "invoice", "create", "BOR", *line, "-q", env=early)
    shop("config", "set", "mail.enabled", "true", "-q", env={"INTEROP_TODAY": "2026-11-03"})
    late = {"INTEROP_TODAY": "2026-11-04"}
    made = shop("sales", "invoice", "create", "BOR", *line, "-o", "json", env=late)
    number = made.json["items"][0]["number"]
    file = shop.folder / "old.csv"
    file.write_text("number,client,date,subtotal\n9001,BOR,2026-11-05,12.00\n")
    shop("sales", "import", file, "--kind", "invoice", "-q", env=late)
    recorded = ("sales", "document", "add", "BOR", "--kind", "invoice", "--number", "9002")
    shop(*recorded, "--subtotal", "5", "-q", env=late)
    done = shop(*SEND, "--unsent", "--yes", "-o", "json")
    assert [one["number"] for one in done.json["items"]] == [number]
    assert len(box.got) == 1
    assert shop.json(*SEND, "--unsent", "--yes")["matched"] == 0


# -- what the server says --------------------------------------------------------------------


def test_a_copy_that_is_refused_is_said_and_the_others_get_it(shop: Shop, box: MailBox) -> None:
    number = invoice(shop)
    box.refused = {"luc@boreale.example"}
    done = shop(*SEND, number, "-o", "json", code=10)
    (item,) = done.json["items"]
    assert (item["status"], item["refused"]) == ("ok", ["luc@boreale.example"])
    assert done.json["warnings"][0]["code"] == "mail.copy_refused"
    assert "secret words" not in done.stdout + done.stderr
    assert box.got[0].rcpt_tos == ["ana@boreale.example"]
    (mailing,) = mailings(shop, number)
    assert (mailing["state"], mailing["refused"]) == ("sent", ["luc@boreale.example"])


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("rcpt", "mail.recipients_refused"),
        ("554 spam", "mail.refused"),
        ("451 later", "mail.refused"),
    ],
)
def test_what_is_refused_stays_unsent(shop: Shop, box: MailBox, answer: str, error: str) -> None:
    first, second = invoice(shop), invoice(shop)
    if answer == "rcpt":
        box.refused = {"ana@boreale.example"}
    else:
        box.answers = [answer]
    done = shop(*SEND, first, second, "--yes", "-o", "json", code=68)
    assert done.json["items"][0]["error"]["code"] == error
    assert [one["state"] for one in mailings(shop, first)] == ["failed"]
    # The next one is tried all the same.
    assert done.json["items"][1]["status"] == ("error" if answer == "rcpt" else "ok")
    box.refused = set()
    done = shop(*SEND, "--unsent", "--yes", "-o", "json")
    assert first in [one["number"] for one in done.json["items"]]
    assert [one["state"] for one in mailings(shop, first)] == ["sent", "failed"]


def test_a_server_that_goes_before_the_content_leaves_it_unsent(shop: Shop, box: MailBox) -> None:
    numbers = [invoice(shop), invoice(shop)]
    box.goes = "rcpt"
    done = shop(*SEND, *numbers, "--yes", "-o", "json", code=69)
    assert done.error["code"] == "mail.dropped"
    assert [one["error"]["code"] for one in done.json["items"]] == [
        "mail.dropped",
        "mail.not_tried",
    ]
    assert [one["state"] for one in mailings(shop, numbers[0])] == ["failed"]
    assert not mailings(shop, numbers[1])
    box.goes = ""
    assert shop.json(*SEND, "--unsent", "--yes")["changed"] == 2


def test_a_server_that_goes_after_the_content_leaves_it_unknown(shop: Shop, box: MailBox) -> None:
    number = invoice(shop)
    box.goes = "data"
    done = shop(*SEND, number, "-o", "json", code=68)
    assert done.json["items"][0]["error"]["code"] == "mail.sent_unknown"
    assert len(box.got) == 1  # it has it, as it happens
    box.goes = ""
    assert_unknown(shop, number)
    assert len(box.got) == 1
    shop(*SEND, number, "--again", "-q")
    assert len(box.got) == 2
    assert "mail.unknown" not in [one["code"] for one in doctor(shop)]


def doctor(shop: Shop) -> Any:
    for code in (10, 0):
        try:
            return shop("db", "doctor", "-o", "json", code=code).json
        except AssertionError:
            continue
    raise AssertionError("doctor ended otherwise")


def assert_unknown(shop: Shop, number: str) -> None:
    """Nobody knows whether it went: it is not sent by itself, and said."""
    assert [one["state"] for one in mailings(shop, number)] == ["unknown"]
    done = shop(*SEND, number, "-o", "json", code=5)
    assert done.error["code"] == "mail.unknown"
    done = shop(*SEND, "--unsent", "--yes")
    assert number in done.stderr
    assert "--again" in done.stderr
    assert [one for one in doctor(shop) if one["code"] == "mail.unknown"]
    found = shop.json("sales", "document", "list", "--filter", "mailed = unknown")
    assert [one["number"] for one in found] == [number]


def test_nobody_there(shop: Shop) -> None:
    number = invoice(shop)
    shop("config", "set", "mail.port", free_port(), "-q")
    done = shop(*SEND, number, "-o", "json", code=69)
    assert done.error["code"] == "mail.unreachable"
    assert not mailings(shop, number)


def test_an_address_beyond_ascii_needs_a_server_that_takes_it(
    made_once: MadeOnce, invoke: Run, tmp_path: Path
) -> None:
    with mail_server(enable_SMTPUTF8=False) as box:
        shop = opened(invoke, made_once, tmp_path, box.port)
        number = invoice(shop)
        done = shop(*SEND, number, "--to", "zoé@boréale.example", "-o", "json", code=68)
        assert done.json["items"][0]["error"]["code"] == "mail.utf8"
        shop(*SEND, number, "--to", "zoe@boréale.example", "-q")  # a domain has another form
        assert box.got[0].rcpt_tos == ["zoe@xn--borale-dva.example"]
    with mail_server(enable_SMTPUTF8=True) as box:
        shop("config", "set", "mail.port", box.port, "-q")
        shop(*SEND, number, "--to", "zoé@boréale.example", "--again", "-q")
        assert box.got[0].rcpt_tos == ["zoé@xn--borale-dva.example"]


# -- encryption and login --------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encrypted_with_a_password(
    made_once: MadeOnce, invoke: Run, tmp_path: Path, authority: Authority, security: str
) -> None:
    with mail_server(**{security: authority.context()}, login=True) as box:
        more = {"mail.security": security, "mail.user": USER}
        shop = opened(invoke, made_once, tmp_path, box.port, **more)
        number = invoice(shop)
        done = shop(*SEND, number, "-o", "json", code=78)
        assert done.error["code"] == "mail.unset"
        assert "mail.password" in done.error["message"]
        done = shop("config", "secret", "mail", "--stdin", "-o", "json", stdin=PASSWORD + "\n")
        assert PASSWORD not in done.stdout + done.stderr
        assert PASSWORD not in shop("config", "list", "-o", "json").stdout
        kept = list((tmp_path / "home").rglob("mail.json"))
        assert [one.stat().st_mode & 0o777 for one in kept] == [0o600]
        # Who is not trusted gets no password, and no mail.
        done = shop(*SEND, number, "-o", "json", code=69)
        assert done.error["code"] == "remote.tls"
        assert not box.got
        trusting = {"REQUESTS_CA_BUNDLE": authority.path}
        shop(*SEND, number, "-q", env=trusting)
        assert len(box.got) == 1
        shop("config", "secret", "mail", "--stdin", "-q", stdin="another")
        done = shop(*SEND, number, "--again", "-o", "json", code=4, env=trusting)
        assert done.error["code"] == "mail.login"
        assert "another" not in done.stdout + done.stderr
        assert len(mailings(shop, number)) == 1


def test_a_certificate_of_another_name_is_refused(
    made_once: MadeOnce, invoke: Run, tmp_path: Path, authority: Authority
) -> None:
    with mail_server(starttls=authority.context("mail.example.com")) as box:
        shop = opened(invoke, made_once, tmp_path, box.port, **{"mail.security": "starttls"})
        number = invoice(shop)
        env = {"REQUESTS_CA_BUNDLE": authority.path}
        done = shop(*SEND, number, "-o", "json", code=69, env=env)
        assert done.error["code"] == "remote.tls"
        assert not box.got


def test_without_starttls_nothing_goes(shop: Shop, box: MailBox) -> None:
    number = invoice(shop)
    shop("config", "set", "mail.security", "starttls", "-q")
    done = shop(*SEND, number, "-o", "json", code=69)
    assert done.error["code"] == "mail.no_starttls"
    assert not box.got


def test_no_password_goes_in_the_clear(shop: Shop, box: MailBox) -> None:
    number = invoice(shop)
    shop("config", "set", "mail.user", USER, "-q")
    shop("config", "set", "mail.host", "mail.example.com", "-q")
    shop("config", "secret", "mail", "--stdin", "-q", stdin=PASSWORD)
    done = shop(*SEND, number, "-o", "json", code=78)
    assert done.error["code"] == "mail.plain"
    assert not box.sessions


# -- what stands in the message --------------------------------------------------------------


def test_no_value_becomes_a_header(shop: Shop, box: MailBox) -> None:
    shop(
        "config",
        "set",
        "mail.subject.fr",
        "Facture {number}\nBcc: eve@evil.example\n\n{name}",
        "-q",
    )
    shop(
        "config",
        "set",
        "mail.text.fr",
        "{name} {{total}}\n.\nQUIT\n".replace("{{", "{").replace("}}", "}"),
        "-q",
    )
    shop("client", "edit", "BOR", "--name", "Chez {number} & fils", "-q")
    number = invoice(shop)
    shop(*SEND, number, "-q")
    (message,) = box.messages
    assert message["Bcc"] is None
    assert message["Subject"] == f"Facture {number} Bcc: eve@evil.example Chez {{number}} & fils"
    body = message.get_body()
    assert body is not None
    assert body.get_content().splitlines()[1:] == [".", "QUIT"]
    done = shop("config", "set", "mail.text.fr", "{total.__class__}", "-o", "json", code=78)
    assert done.error["code"] == "config.value"


# -- the journal, copies, kills --------------------------------------------------------------


def test_what_went_is_not_undone(shop: Shop, box: MailBox) -> None:
    number = invoice(shop)
    operation = shop.json(*SEND, number)["operation_id"]
    for one in (operation, operation - 1):
        done = shop("journal", "undo", one, "-y", "-o", "json", code=5)
        assert done.error["code"] == "journal.mailed"
    assert shop("journal", "verify", "-o", "json").json == []


def test_an_import_whose_invoice_went_is_not_undone(shop: Shop, box: MailBox) -> None:
    file = shop.folder / "old.csv"
    file.write_text("number,client,date,subtotal\n9001,BOR,2026-11-05,12.00\n")
    operation = shop.json("sales", "import", file, "--kind", "invoice")["operation_id"]
    shop(*SEND, "9001", "-q")
    done = shop("journal", "undo", operation, "-y", "-o", "json", code=5)
    assert done.error["code"] == "journal.newer"
    assert mailings(shop, "9001")


def test_who_is_erased_is_taken_out_of_what_was_sent(shop: Shop, box: MailBox) -> None:
    number = invoice(shop)
    shop(*SEND, number, "-q")
    person = shop.json("contact", "list", "BOR", "--filter", "name = Luc Roy")[0]["id"]
    shop("contact", "erase", person, "--confirm", person, "-q")
    (mailing,) = mailings(shop, number)
    assert (mailing["to"], mailing["cc"]) == (["ana@boreale.example"], ["[…]"])
    assert "luc@" not in shop("journal", "list", "-o", "json").stdout


def test_a_restored_database_sends_nothing_before_it_is_told_to(
    invoke: Run, tmp_path: Path, box: MailBox
) -> None:
    place = tmp_path / "shop.db"
    invoke("--db", place, "db", "init", "-q")
    shop = Shop(invoke, str(place), tmp_path)
    furnish(shop)
    shop("config", "set", "mail.port", box.port, "-q")
    number = invoice(shop)
    shop("db", "backup", tmp_path / "monday.db", "-q")
    done = shop("db", "restore", tmp_path / "monday.db", "--confirm", "shop.db", "-o", "json")
    assert done.json["mail_off"] is True
    assert "mail.enabled" in done.stderr
    done = shop(*SEND, number, "-o", "json", code=78)
    assert done.error["code"] == "mail.off"
    shop("config", "set", "mail.enabled", "true", "-q", env={"INTEROP_TODAY": "2030-01-01"})
    assert shop.json(*SEND, "--unsent", "--yes")["matched"] == 0
    done = shop("db", "restore", tmp_path / "monday.db", "--confirm", "shop.db")
    assert "mail.enabled" in done.stderr


def test_a_copy_sends_nothing_unless_it_takes_the_place(
    shop: Shop, box: MailBox, invoke: Run, tmp_path: Path
) -> None:
    number = invoice(shop)
    clone, moved = tmp_path / "clone.db", tmp_path / "moved.db"
    done = shop("db", "copy", shop.url, clone, "-o", "json")
    assert done.json["mail_off"] is True
    assert "mail.enabled" in done.stderr
    done = invoke("--db", clone, *SEND, number, "-o", "json")
    assert done.error["code"] == "mail.off"
    done = shop("db", "copy", shop.url, moved, "--move", "-o", "json")
    assert done.json["mail_off"] is False
    assert invoke("--db", moved, *SEND, number, "-q").code == 0
    assert len(box.got) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_between_the_note_and_the_answer(shop: Shop, box: MailBox, tmp_path: Path) -> None:
    from tests.support.outside import start

    number = invoice(shop)
    with silent_server() as (port, said):
        shop("config", "set", "mail.port", port, "-q")
        process = start("--db", shop.url, *SEND, number, env=dict(os.environ), cwd=tmp_path)
        said.wait_for(b"\r\n.\r\n")
        process.send_signal(signal.SIGKILL)
        process.communicate()
    shop("config", "set", "mail.port", box.port, "-q")
    assert_unknown(shop, number)
    assert not box.got


class Heard:
    """What a server that answers everything but the content has heard."""

    def __init__(self) -> None:
        self.text = b""

    def wait_for(self, part: bytes) -> None:
        end = time.monotonic() + 60
        while part not in self.text:
            assert time.monotonic() < end, self.text[-200:]
            time.sleep(0.02)


@contextmanager
def silent_server() -> Iterator[tuple[int, Heard]]:
    """A mail server that never says what became of a message."""
    heard = Heard()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        conn, _ = listener.accept()
        with conn:
            conn.sendall(b"220 hello\r\n")
            content = False
            while data := conn.recv(65536):
                heard.text += data
                if content:
                    continue
                for line in data.splitlines():
                    content = line.upper() == b"DATA"
                    conn.sendall(b"354 go on\r\n" if content else b"250 OK\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        listener.close()
