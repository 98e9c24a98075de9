"""What is printed: every word and figure of the document, of the shop only what may be there."""

from __future__ import annotations

import io
import json
import zlib
from pathlib import Path
from typing import Any

import click
import pytest
from pypdf import PdfReader

from interop_cli.commands.sales.paper import label_command
from interop_cli.domain.values.money import format_cents
from interop_cli.paper.labels import LABEL_SIZES
from interop_cli.services import Outcome
from interop_cli.services.sales.printing import set_company_logo
from interop_cli.settings import parse
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.support.cli import Run
from tests.support.engines import MadeOnce
from tests.support.stores import open_store

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="3">%s</svg>'
LOGO = SVG % b'<rect width="9" height="3"/>'
SHOP = {
    "company.name": "Atelier Zéphyrin",
    "company.line1": "77, rue Secrète",
    "company.city": "Lévis",
    "company.postal_code": "g6v1a1",
    "company.phone": "418 555-0177",
    "company.email": "bonjour@zephyrin.example",
    "company.website": "zephyrin.example",
    "company.gst": "123456782RT0001",
    "company.qst": "1099877827TQ0001",
    "company.neq": "1121302979",
    "print.foot": "Merci de votre confiance",
}


class Shop:
    """A database with a shop's settings and a client, driven by commands."""

    def __init__(self, run: Run, url: str, folder: Path) -> None:
        self._run, self.url, self.folder = run, url, folder

    def __call__(self, *args: object, code: int = 0, **how: Any) -> Any:
        done = self._run("--db", self.url, *args, **how)
        assert done.code == code, done.stderr
        return done

    def json(self, *args: object) -> Any:
        return self(*args, "-o", "json").json

    def pdf(self, *args: object) -> tuple[str, PdfReader]:
        """The text of a PDF that a command writes, without its line ends, and the file."""
        out = self.folder / "out.pdf"
        self(*args, "--out", out, "-q")
        reader = PdfReader(out)
        return " ".join(" ".join(page.extract_text().split()) for page in reader.pages), reader


@pytest.fixture
def shop(made_once: MadeOnce, invoke: Run, tmp_path: Path) -> Shop:
    shop = Shop(invoke, made_once("paper", lambda url: furnish(url, invoke, tmp_path)), tmp_path)
    shop.folder.joinpath("shop.svg").write_bytes(LOGO)
    shop.folder.joinpath("client.svg").write_bytes(LOGO)
    return shop


def furnish(url: str, invoke: Run, folder: Path) -> None:
    store = open_store(url)

    def settle(uow: UnitOfWork) -> Outcome:
        """What a dozen of commands would write one after the other."""
        for name, value in SHOP.items():
            uow.settings.set(name, parse(name, value))
        return set_company_logo(uow, LOGO)

    store.run(settle, operation="config.set")
    store.close()
    shop = Shop(invoke, url, folder)
    client = ("--code", "BOR", "--line1", "12, rue du Quai", "--city", "Québec")
    shop("client", "create", "Imprimerie Boréale", *client, "--postal-code", "G1K 7X2", "-q")
    shop("contact", "create", "BOR", "--name", "Marie Tremblay", "-q")


def invoiced(shop: Shop, *more: object, lines: int = 1) -> Any:
    """A new invoice, as ``sales invoice show`` has it."""
    said = [part for n in range(lines) for part in ("--line", f"Dépliants nº {n};250;0.4015")]
    made = shop.json("sales", "invoice", "create", "BOR", *said, "--date", "2026-05-01", *more)
    return shop.json("sales", "invoice", "show", made["items"][0]["number"])


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_printed_invoice_says_all_that_the_document_has(shop: Shop, language: str) -> None:
    shop("client", "edit", "BOR", "--language", language, "-q")
    invoice = invoiced(shop, lines=3)
    text, reader = shop.pdf("sales", "document", "print", invoice["number"])
    amounts = [line["amount_cents"] for line in invoice["lines"]]
    amounts += [tax["amount_cents"] for tax in invoice["taxes"]]
    amounts += [invoice["subtotal_cents"], invoice["total_cents"]]
    assert len(amounts) == 7
    for cents in amounts:
        assert squeezed(format_cents(cents, "CAD", language)) in text
    for line in invoice["lines"]:
        assert line["description"] in text
    for said in (invoice["number"], "Imprimerie Boréale", "Marie Tremblay", "12, rue du Quai"):
        assert said in text
    for name in ("name", "line1", "email", "website", "gst", "qst", "neq"):
        assert SHOP[f"company.{name}"] in text
    assert "Lévis QC G6V 1A1" in text
    assert "418 555-0177" in text if language == "fr" else "418-555-0177" in text
    words = {
        "fr": ("Facture", "1er mai 2026", "TPS 5 %", "TVQ 9,975 %", "Sous-total"),
        "en": ("Invoice", "May 1, 2026", "GST 5%", "QST 9.975%", "Subtotal"),
    }
    for word in words[language]:
        assert word in text
    for word in words["en" if language == "fr" else "fr"]:
        assert word not in text
    assert reader.trailer["/Root"]["/Lang"] == language  # type: ignore[index]
    assert reader.metadata is not None
    assert str(invoice["number"]) in str(reader.metadata.title)


def test_an_address_of_an_invoice_says_its_country_only_abroad(shop: Shop) -> None:
    invoice = invoiced(shop)
    text = shop("sales", "document", "print", invoice["number"], "--format", "text").stdout
    assert invoice["sold_to_address"] == "12, rue du Quai, Québec QC G1K 7X2, CA"
    assert "  12, rue du Quai\n  Québec QC G1K 7X2\n" in text
    shop("config", "set", "company.country", "FR", "-q")
    text = shop("sales", "document", "print", invoice["number"], "--format", "text").stdout
    assert "  12, rue du Quai\n  Québec QC G1K 7X2\n  Canada\n" in text


def test_the_language_can_be_said(shop: Shop) -> None:
    number = invoiced(shop)["number"]
    text, _reader = shop.pdf("--lang", "en", "sales", "document", "print", number)
    assert "Invoice" in text
    assert "Facture" not in text


@pytest.mark.parametrize("identity", ["standard", "client", "none"])
@pytest.mark.parametrize("what", ["print", "label"])
def test_the_shipper_identity_decides_who_is_named(shop: Shop, identity: str, what: str) -> None:
    shop("client", "logo", "BOR", shop.folder / "client.svg", "-q")
    shop("client", "edit", "BOR", "--shipper-identity", identity, "-q")
    shop("note", "create", "BOR", "--text", "Ne pas plier", "--category", "expédition", "-q")
    shop("config", "set", "print.notes", "expédition", "-q")
    slip = ("--kind", "packing_slip", "--number", "B-7", "--line", "Boîtes;2;0", "-q")
    shop("sales", "document", "add", "BOR", *slip)
    words = ("sales", "document", "print") if what == "print" else ("sales", "label")
    text, reader = shop.pdf(*words, "B-7")
    assert "B-7" in text
    assert "12, rue du Quai" in text or "12, RUE DU QUAI" in text
    standard = identity == "standard"
    names = [SHOP[f"company.{name}"] for name in ("name", "line1", "email", "website")]
    if what == "label":
        names = names[:2]  # the rest goes where there is room
    for name in names:
        assert (name in text) == standard
    file = shop.folder.joinpath("out.pdf").read_bytes()
    inside = file + b"".join(found for found in streams(file)) + repr(reader.metadata).encode()
    if not standard:
        for name in SHOP.values():
            assert name not in text
            assert name.encode() not in inside
            assert name.encode("utf-16-be") not in inside
    drawn = b" re\n" in b"".join(streams(file)) or b"/alt" in inside.lower()
    if what == "print":
        assert drawn == (identity != "none")
        assert ("Ne pas plier" in text) == (identity != "none")
        assert "0,00" not in text, "a slip says no prices"


def streams(file: bytes) -> list[bytes]:
    """What is packed inside a PDF."""
    found = []
    for part in file.split(b"stream\n")[1:]:
        try:
            found.append(zlib.decompress(part.split(b"\nendstream")[0]))
        except zlib.error:
            found.append(part)
    return found


def test_a_docket_has_the_notes_of_the_client(shop: Shop) -> None:
    shop("note", "create", "BOR", "--text", "Encre végétale seulement", "-q")
    shop("sales", "document", "add", "BOR", "--kind", "job", "--number", "D-1", "-q")
    number = invoiced(shop)["number"]
    assert "Encre végétale" in shop.pdf("sales", "document", "print", "D-1")[0]
    assert "Encre végétale" not in shop.pdf("sales", "document", "print", number)[0]


@pytest.mark.parametrize(("lines", "pages"), [(1, 1), (40, 2), (400, 12)])
def test_a_long_document_goes_on_over_pages(shop: Shop, lines: int, pages: int) -> None:
    file = shop.folder / "lines.csv"
    rows = "".join(f"Étiquettes du lot {n:03},100,0.25\n" for n in range(lines))
    file.write_text(f"description,quantity,unit_price\n{rows}", "utf-8")
    made = shop.json("sales", "invoice", "create", "BOR", "--file", file)
    number = made["items"][0]["number"]
    text, reader = shop.pdf("sales", "document", "print", number)
    assert abs(len(reader.pages) - pages) <= 2
    assert [text.count(f"lot {n:03}") for n in range(lines)] == [1] * lines
    assert f"Page {len(reader.pages)} de {len(reader.pages)}" in text
    assert text.count("Prix unitaire") >= len(reader.pages) - 1


def test_many_go_into_one_file_or_one_each(shop: Shop) -> None:
    numbers = [invoiced(shop)["number"] for _ in range(3)]
    done = shop.json("sales", "document", "print", *numbers, "--out", shop.folder / "all.pdf")
    assert (done["matched"], done["pages"]) == (3, 3)
    assert [item["number"] for item in done["items"]] == numbers
    folder = shop.folder / "each"
    done = shop(
        "sales", "document", "print", "-", "--out", f"{folder}/", "-o", "json",
        stdin="\n".join(numbers),
    ).json  # fmt: skip
    assert sorted(path.name for path in folder.iterdir()) == [f"invoice-{n}.pdf" for n in numbers]
    assert [Path(item["file"]).name for item in done["items"]] == [
        f"invoice-{n}.pdf" for n in numbers
    ]
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    chosen = ("sales", "document", "print", "--filter", "kind = invoice", "-o", "json")
    assert shop(*chosen, "--out", shop.folder / "f.pdf").json["matched"] == 3


@pytest.mark.parametrize("command", ["document print", "label"])
def test_nothing_to_print_writes_nothing_and_says_so(shop: Shop, command: str) -> None:
    out = shop.folder / "kept.pdf"
    out.write_bytes(b"kept")
    printed = ("sales", *command.split(), "--out", out, "-o", "json")
    done = shop(*printed, "-")
    assert [one["code"] for one in done.json["warnings"]] == ["input.empty"]
    assert shop("sales", *command.split(), "-").stderr.count("nothing was done") == 1
    assert shop(*printed, "--filter", "number = none", "--fail-if-unchanged", code=10)
    assert out.read_bytes() == b"kept"


def test_a_number_of_another_kind_is_told_from_none(shop: Shop) -> None:
    number = invoiced(shop)["number"]
    error = shop("sales", "label", number, "-o", "json", code=3).error
    assert error["code"] == "document.not_found"
    assert "invoice, and not packing_slip" in error["message"]


def test_the_same_day_gives_the_same_bytes(shop: Shop) -> None:
    number = invoiced(shop)["number"]
    found = []
    for name in ("one.pdf", "two.pdf"):
        out = shop.folder / name
        shop("sales", "document", "print", number, "--out", out, "-q")
        found.append(out.read_bytes())
    assert found[0] == found[1]


def test_without_a_file_it_goes_to_stdout(shop: Shop) -> None:
    number = invoiced(shop)["number"]
    text = shop("sales", "document", "print", number, "--format", "text").stdout
    assert f"FACTURE {number}\n" in text
    page = shop("sales", "document", "print", number, "--format", "html").stdout
    assert page.startswith("<!doctype html>")
    assert "default-src 'none'" in page
    assert "data:image/svg+xml;base64," in page


def test_a_dry_run_writes_nothing(shop: Shop) -> None:
    number = invoiced(shop)["number"]
    out = shop.folder / "dry.pdf"
    done = shop("sales", "document", "print", number, "--out", out, "-n", "-o", "json").json
    assert done["dry_run"] is True
    assert not out.exists()


def test_what_the_law_asks_for_is_missed(shop: Shop) -> None:
    number = invoiced(shop)["number"]
    shop("config", "unset", "company.gst", "-q")
    done = shop("sales", "document", "print", number, "--out", shop.folder / "x.pdf", "-o", "json")
    assert [one["code"] for one in done.json["warnings"]] == ["print.company"]


def test_hostile_text_is_only_text(shop: Shop) -> None:
    name = "<script>alert(1)</script> ((ohé)) \\ %PDF & Жук Ελλάς"
    shop("client", "edit", "BOR", "--name", name, "-q")
    number = invoiced(shop)["number"]
    text, _reader = shop.pdf("sales", "document", "print", number)
    assert squeezed(name).replace(" ", "") in text.replace(" ", "")
    page = shop("sales", "document", "print", number, "--format", "html").stdout
    assert "<script" not in page


def test_a_sign_that_no_font_has_is_said(shop: Shop) -> None:
    shop("client", "edit", "BOR", "--name", "印刷 Boréale", "-q")
    number = invoiced(shop)["number"]
    done = shop("sales", "document", "print", number, "--out", shop.folder / "x.pdf", "-o", "json")
    (warning,) = done.json["warnings"]
    assert warning["code"] == "print.sign"
    assert "U+5237" in warning["message"]


@pytest.mark.parametrize(
    "logo",
    [
        b"\x89PNG\r\n\x1a\n" + b"no picture",
        b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 0 Q"/></svg>',
        b'<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0"/>',
    ],
)
def test_a_logo_that_cannot_be_drawn_leaves_the_rest(
    shop: Shop, logo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = invoiced(shop)["number"]
    monkeypatch.setattr("interop_cli.store.reading.printed.company_logo", lambda _conn: logo)
    assert SHOP["company.name"] in shop.pdf("sales", "document", "print", number)[0]
    out = shop.folder / "x.pdf"
    done = shop("sales", "document", "print", number, number, "--out", out, "-o", "json")
    (warning,) = done.json["warnings"]
    assert (warning["code"], warning["path"]) == ("print.logo", "company.logo")
    told = shop("--lang", "fr", "sales", "document", "print", number, "--out", out).stderr
    assert "company.logo : ne peut pas être dessiné; laissé de côté" in told


def test_a_clients_logo_that_cannot_be_drawn_is_said(shop: Shop) -> None:
    broken = shop.folder / "logo.svg"
    broken.write_text('<svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 0 Q"/></svg>')
    shop("client", "logo", "BOR", broken, "-q")
    shop("client", "edit", "BOR", "--shipper-identity", "client", "-q")
    number = invoiced(shop)["number"]
    out = ("--out", shop.folder / "x.pdf", "-o", "json")
    done = shop("sales", "document", "print", number, *out)
    assert done.json["warnings"] == []  # the shop is at its head
    done = shop("sales", "label", number, "--kind", "invoice", "--copies", 2, *out)
    (warning,) = done.json["warnings"]
    assert (warning["code"], warning["path"]) == ("print.logo", "logo")
    assert "BOR" in str(warning)


def test_a_huge_logo_is_made_smaller(shop: Shop) -> None:
    from PIL import Image

    target = io.BytesIO()
    Image.effect_noise((2400, 800), 90).convert("P").save(target, "PNG", optimize=True)
    logo = shop.folder / "huge.png"
    logo.write_bytes(target.getvalue()[: 2**21])
    if len(target.getvalue()) > 2**21:
        target = io.BytesIO()
        Image.new("RGB", (9000, 6000), "red").save(target, "PNG")
        logo.write_bytes(target.getvalue())
    shop("config", "logo", logo, "-q")
    number = invoiced(shop)["number"]
    out = shop.folder / "huge.pdf"
    shop("sales", "document", "print", number, "--out", out, "-q")
    (image,) = PdfReader(out).pages[0].images
    assert image.image is not None
    assert max(image.image.size) <= 950


def test_numbers_that_are_none_are_refused(shop: Shop) -> None:
    assert shop("sales", "document", "print", "nope", "-o", "json", code=3).stdout == ""
    assert "usage.selector" in shop("sales", "document", "print", "-o", "json", code=2).stderr


def test_the_settings_of_the_shop_are_checked(shop: Shop) -> None:
    for name, value in (
        ("company.gst", "12"),
        ("company.qst", "12"),
        ("company.phone", "no"),
        ("company.email", "no@"),
        ("company.website", "no site"),
        ("company.neq", "5"),
        ("company.postal_code", "perhaps"),
        ("print.color", "red"),
    ):
        shop("config", "set", name, value, code=78)
    assert shop.json("config", "get", "company.postal_code")["value"] == "G6V 1A1"
    assert shop.json("config", "get", "company.phone")["value"] == "+14185550177"


def test_labels_count_the_boxes(shop: Shop) -> None:
    slip = ("--kind", "packing_slip", "--number", "B-9", "-q")
    shop("sales", "document", "add", "BOR", *slip)
    text, reader = shop.pdf("sales", "label", "B-9", "--copies", "3", "--of", "5")
    assert len(reader.pages) == 3
    assert [f"Boîte {n} de 5" in text for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert "QUÉBEC QC G1K 7X2" in text
    text, reader = shop.pdf("sales", "label", "B-9", "--copies", "7", "--size", "avery-5164")
    assert len(reader.pages) == 2
    assert text.count("RUE DU QUAI") == 7


def test_the_sizes_that_can_be_asked_for_are_those_there_are() -> None:
    (size,) = [param for param in label_command.params if param.name == "size"]
    assert isinstance(size.type, click.Choice)
    assert list(size.type.choices) == list(LABEL_SIZES)


def test_the_pdf_library_is_loaded_on_use_alone() -> None:
    import subprocess
    import sys

    script = "import sys; import interop_cli.commands.sales; print('fpdf' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"


def test_a_package_can_add_a_template(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from interop_cli.services.sales import printing

    def made(sheets: Any, look: Any) -> bytes:
        return json.dumps([[one.heading, look.paper] for one in sheets]).encode()

    class Point:
        def load(self) -> Any:
            return made

    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_how: [Point()])
    assert printing.template_named("ours") is made
    number = invoiced(shop)["number"]
    shop("config", "set", "print.template", "ours", "-q")
    out = shop.folder / "t.pdf"
    shop("sales", "document", "print", number, "--out", out, "-q")
    assert json.loads(out.read_bytes()) == [[f"Facture {number}", "letter"]]
