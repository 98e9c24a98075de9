"""What an export tells, an import into an empty database makes again: any database, both forms."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from interop_cli.domain.errors import InteropError
from interop_cli.domain.note import attachment_name
from interop_cli.domain.rules import Context, Policy
from interop_cli.services.clients import card, merge, status
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.people import addresses, contacts, notes
from interop_cli.store.engines.connection import Connection
from interop_cli.store.reading import pieces
from interop_cli.store.store import Store
from tests.support.cli import Run
from tests.support.stores import open_store

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
LAX = Policy(allow_mismatch=True)
# What a spreadsheet would run, what it takes for text, and what a file takes for nothing.
ODD = (
    "Léger",
    "=1+1",
    "+33",
    "-2",
    "@x",
    "'",
    "'=1+1",
    "''",
    "'5",
    'L\'Été; "x", y',
    "N/A",
    "NULL",
    "#N/A",
    "true",
    "0",
    "1e5",
    "-",
    "[]",
    '{"a": 1}',
    "日本",
)
SEVERAL = (*ODD, "a\nb", "=a\n+b", "a\tb", "'a\n'b", "\n".join("123"))
PLACES = (
    {"line1": "12, rue du Quai", "city": "Québec", "postal_code": "G1K 7X2"},
    {"line1": "1 King St W", "city": "Toronto", "province": "ON", "postal_code": "M5H 1A1"},
    # These were let in with --allow-mismatch.
    {"line1": "1 rue A", "city": "Alma", "province": "QC", "postal_code": "M5H 1A1"},
    {"line1": "1 rue A", "city": "Alma", "province": "QC", "postal_code": "G8B"},
    {"line1": "5 High St", "city": "Leeds", "postal_code": "LS1", "country": "GB"},
)
STEPS = (
    "client",
    "contact",
    "address",
    "note",
    "edit",
    "off",
    "on",
    "flag",
    "main",
    "recode",
    "merge",
    "bill",
    "logo",
    "attach",
    "sleep",
)
Script = list[tuple[str, int, int]]


class Builder:
    """Makes a database out of a script: what a step would break is left out."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.codes: list[str] = []

    def do(self, step: str, one: int, two: int) -> None:
        if step != "client" and not self.codes:
            return
        code = self.codes[one % len(self.codes)] if self.codes else ""
        try:
            self.store.run(lambda uow: getattr(self, step)(uow, code, two), operation="x")
        except InteropError:
            return
        if step == "client":
            self.codes.append(f"C{len(self.codes)}")
        elif step == "recode":
            self.codes[one % len(self.codes)] += "R"

    def client(self, uow: Any, _code: str, two: int) -> Any:
        values = {
            "code": f"C{len(self.codes)}",
            "name": ODD[two % len(ODD)],
            "external_id": f"{ODD[two % len(ODD)]}{len(self.codes)}",
            "tags": [ODD[two % len(ODD)].replace(",", ""), "vip"] if two % 3 else [],
            "accounting": {"class": ODD[two % len(ODD)]} if two % 2 else {},
            "prospect": two % 5 == 0,
            "qst": ("1000000001TQ0001", "1234567899TQ0001", None)[two % 3],
            "website": "www.exemple.ca" if two % 2 else None,
            "phone": ("514 555-0134 poste 2", "1-800-FLEURS", "-5")[two % 3],
            **PLACES[two % len(PLACES)],
            "line2": ODD[two % len(ODD)],
        }
        return card.create(uow, values, Context(LAX))

    def contact(self, uow: Any, code: str, two: int) -> Any:
        values = {
            "name": ODD[two % len(ODD)],
            "title": ODD[two % 7],
            "email": f"c{two}@x.ca" if two % 2 else None,
            "phone": "=5" if two % 3 else None,
            "language": ("fr", "en", None)[two % 3],
            "billing": two % 3 == 0,
            "billing_copy": two % 4 == 0,
            "default": two % 5 == 0,
        }
        return contacts.create(uow, code, values, Context())

    def address(self, uow: Any, code: str, two: int) -> Any:
        values = {
            "label": ODD[two % len(ODD)] if two % 2 else None,
            "instructions": SEVERAL[two % len(SEVERAL)] if two % 3 else None,
            **PLACES[two % len(PLACES)],
        }
        return addresses.create(uow, code, values, Context(LAX))

    def note(self, uow: Any, code: str, two: int) -> Any:
        author = ODD[two % len(ODD)] if two % 3 else None
        values = {"text": SEVERAL[two % len(SEVERAL)], "author": author}
        if two % 2:
            values |= {"created_at": "2026-01-02T03:04:05Z", "category": "production"}
        return notes.create(uow, code, values, Context())

    def edit(self, uow: Any, code: str, two: int) -> Any:
        changes = {"name": ODD[two % len(ODD)], "terms": ODD[two % len(ODD)], "email": ""}
        return card.edit(uow, self.picked(code), changes, Context())

    def off(self, uow: Any, code: str, _two: int) -> Any:
        return status.deactivate(uow, self.picked(code))

    def on(self, uow: Any, code: str, _two: int) -> Any:
        return status.activate(uow, self.picked(code))

    def flag(self, uow: Any, _code: str, two: int) -> Any:
        return contacts.set_flag(
            uow, two % 5 + 1, ("default", "billing")[two % 2], on=bool(two % 3)
        )

    def main(self, uow: Any, _code: str, two: int) -> Any:
        return addresses.make_main(uow, two % 9 + 1)

    def recode(self, uow: Any, code: str, _two: int) -> Any:
        return status.recode(uow, code, f"{code}R", Context())

    def merge(self, uow: Any, code: str, two: int) -> Any:
        return merge.merge(uow, code, [self.codes[two % len(self.codes)]])

    def bill(self, uow: Any, code: str, two: int) -> Any:
        changes = {"bill_to": self.codes[two % len(self.codes)]}
        return card.edit(uow, self.picked(code), changes, Context())

    def logo(self, uow: Any, code: str, _two: int) -> Any:
        return card.set_logo(uow, code, SVG)

    def attach(self, uow: Any, _code: str, two: int) -> Any:
        file = notes.File(attachment_name(ODD[two % len(ODD)]), b"%PDF")
        return notes.attach(uow, two % 4 + 1, [file])

    def sleep(self, uow: Any, _code: str, two: int) -> Any:
        return contacts.deactivate(uow, [two % 5 + 1], Context())

    @staticmethod
    def picked(code: str) -> Selector:
        return Selector(keys=[(1, code)])


ASIDE = {"id", "client_id", "version", "created_at", "updated_at"}
FILES = {"logo"}


def content(conn: Connection, *, files: bool) -> dict[str, list[Any]]:
    """All of it, ids, versions and times aside: what refers to another says its code."""
    codes = {row["id"]: row["code"] for row in conn.query("SELECT id, code FROM client")}
    found: dict[str, list[Any]] = {}
    for table in ("client", "client_code", "contact", "address", "note", "attachment"):
        if table == "attachment" and not files:
            continue
        order = ", main DESC, id" if table == "address" else ", id"
        rows = conn.query(
            f"SELECT * FROM {table} ORDER BY {'id' if table == 'client' else 'client_id'}{order}"
        )
        found[table] = sorted(
            (
                {
                    "of": codes[row["id" if table == "client" else "client_id"]],
                    **{
                        name: codes.get(value)
                        if name in ("bill_to_id", "merged_into_id")
                        else value
                        for name, value in row.items()
                        if name not in ASIDE and name != "note_id" and (files or name not in FILES)
                    },
                }
                for row in rows
            ),
            # Which of its codes a client had first says nothing.
            key=lambda row: (str(row["of"]), row["code"] if table == "client_code" else ""),
        )
    return found


Carry = Callable[[Script], None]


@pytest.fixture
def carry(new_location: Callable[[], str], invoke: Run, tmp_path: Path) -> Carry:
    def carry(script: Script) -> None:
        source = new_location()
        store = open_store(source)
        builder = Builder(store)
        for step in script:
            builder.do(*step)
        for form, files in (("ndjson", True), ("csv", False)):
            before = content(store.conn, files=files)
            if not before["client"]:
                return
            file, target = tmp_path / f"out.{form}", new_location()
            out = ("client", "export", "--format", form, "--out", file)
            assert invoke("--db", source, *out).code == 0
            taken = invoke("--db", target, "client", "import", file, "-q")
            assert taken.code == 0, taken.stderr
            copy = open_store(target)
            assert content(copy.conn, files=files) == before
            # And it is itself: a second time changes nothing there, nor where it came from.
            for url in (target, source):
                again = invoke("--db", url, "client", "import", file, "--json")
                assert again.code == 0, again.stderr
                assert (again.json["changed"], again.json["failed"]) == (0, 0)
            copy.close()
        store.close()

    return carry


MERGED: Script = [
    ("client", 0, 0),
    ("client", 0, 1),
    ("contact", 1, 3),
    ("note", 1, 1),
    ("recode", 1, 0),
    ("merge", 0, 1),
]


@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # the scripts are short as they are
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.tuples(st.sampled_from(STEPS), st.integers(0, 40), st.integers(0, 400)),
        min_size=4,
        max_size=25,
    ).map(lambda steps: [("client", 0, len(steps)), *steps])
)
@example(MERGED)
@example([("client", 0, number) for number in range(len(ODD))])
@example([("client", 0, 1), *(("note", 0, number) for number in range(2 * len(SEVERAL)))])
@example([("client", 0, 1), *(("contact", 0, number) for number in range(2 * len(ODD)))])
@example([("client", 0, 1), *(("address", 0, number) for number in range(2 * len(SEVERAL)))])
def test_an_export_comes_back_whole(carry: Carry, script: Script) -> None:
    carry(script)


def test_an_export_is_the_same_whoever_makes_its_text(
    ready_url: str, invoke: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*args: str) -> list[dict[str, Any]]:
        result = invoke("--db", ready_url, *args)
        assert result.code == 0, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    shop = ("--profile", "shop", "--clients", "25", "--years", "1")
    assert invoke("--db", ready_url, "db", "seed", *shop, "-q").code == 0
    export = ("client", "export", "--format", "ndjson")
    whole = run(*export)
    assert any(row["contacts"] for row in whole)
    for name in whole[0]:  # one list alone is made of objects, here
        both = (name, "code") if name != "code" else ("code",)
        alone = run(*export, "--fields", ",".join(both))
        assert alone == [{one: row[one] for one in both} for row in whole], name
    monkeypatch.setattr(pieces, "FEW", 0)  # every client is looked up everywhere
    assert run(*export) == whole
