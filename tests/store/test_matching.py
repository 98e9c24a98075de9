"""Each row of a file finds its client, or is refused; on both engines."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.matching import Key
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome
from interop_cli.services.clients import card, merge, status
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.imports.addresses import AddressImport
from interop_cli.services.imports.belonging import BelongingImport, NoteImport
from interop_cli.services.imports.clients import Import
from interop_cli.services.imports.contacts import ContactImport
from interop_cli.services.people import contacts
from interop_cli.services.undoing import undo
from interop_cli.store.store import Store
from tests.store.test_imports import Row, statuses, take_in
from tests.support.stores import add_client, dump

PLACES = (
    {"line1": "1, rue A", "city": "Québec", "postal_code": "G1K 4A1"},
    {"line1": "2, rue B", "city": "Lévis", "postal_code": "G6V 6R1"},
    {"line1": "3, rue C", "city": "Alma", "postal_code": "G8B 1A1"},
)


def rows(*values: dict[str, Any]) -> list[Row]:
    return [Row(line, dict(one)) for line, one in enumerate(values, 2)]


def taken(store: Store, *values: dict[str, Any], keys: str = "", **options: Any) -> Outcome:
    if keys:
        options |= {"keys": tuple(Key(key) for key in keys.split(",")), "named": True}
    return take_in(store, rows(*values), **{"continue_on_error": True, **options})


def reason(outcome: Outcome) -> str:
    assert outcome.rows is not None
    message = outcome.rows[0]["error"]["message"]
    return str(message.msgid.format(**message.params))


def codes(outcome: Outcome) -> list[tuple[str, str | None]]:
    return [(one.code, one.key) for one in outcome.warnings]


# -- keys -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "by"),
    [
        ({"code": "doyon"}, "code"),
        ({"external_id": unicodedata.normalize("NFD", " é-77 ")}, "external_id"),
        ({"name": "ATELIER  DOYON INC.", "postal_code": "g1k4a1"}, "natural"),
        ({"name": "Atelier Doyon inc.", "line1": "1, RUE A", "city": "quebec"}, "natural"),
        ({"email": "Info@Doyon.Example", "name": "Atelier Doyon inc."}, "email"),
        ({"email": "Info@Doyon.Example", **PLACES[0]}, "email"),
    ],
)
def test_who_is_found_however_it_is_written(store: Store, said: dict[str, Any], by: str) -> None:
    doyon = {"name": "Atelier Doyon inc.", "email": "info@doyon.example", "external_id": "É-77"}
    client = add_client(store, code="DOYON", **doyon, **PLACES[0])
    add_client(store, "Autre", code="AUTRE", email="info@autre.example", **PLACES[1])
    outcome = taken(store, {**said, "terms": "net10"})
    assert statuses(outcome) == ["ok"]
    assert outcome.extra["found"] == {by: 1}
    assert store.conn.query("SELECT id FROM client WHERE terms = 'net10'") == [{"id": client}]


@pytest.mark.parametrize(
    "said",
    [
        {"name": "Atelier Doyon ltée", **PLACES[0]},  # another legal form
        {"name": "Atelier Doyon", **PLACES[0]},  # none
        {"name": "Atelier Doyon inc.", **PLACES[1]},  # another place
        {"name": "Autre", "email": "info@doyon.example", **PLACES[1]},  # a shared e-mail
        {"name": "Atelier Doyon inc.", "code": "X", **PLACES[0]},  # an unknown code
        {"name": "Atelier Doyon inc.", "external_id": "E-77", **PLACES[0]},
    ],
)
def test_who_is_somebody_else(store: Store, said: dict[str, Any]) -> None:
    doyon = {"name": "Atelier Doyon inc.", "email": "info@doyon.example", "external_id": "É-77"}
    add_client(store, code="DOYON", **doyon, **PLACES[0])
    outcome = taken(store, said)
    assert [item["action"] for item in outcome.items] == ["created"]
    alike = said["postal_code"] == PLACES[0]["postal_code"]
    assert [one.code for one in outcome.warnings] == ["client.similar"] * alike
    assert all("DOYON" in str(one.message.params) for one in outcome.warnings)


def test_a_named_key_is_trusted(store: Store) -> None:
    add_client(store, "Vieux nom", code="DOYON", email="info@doyon.example", **PLACES[1])
    row = {"name": "Atelier Doyon", "email": "Info@Doyon.example", **PLACES[0]}
    assert [item["action"] for item in taken(store, row, keys="email").items] == ["updated"]
    unknown = {**row, "code": "AUTRE"}  # contradicts
    assert [item["action"] for item in taken(store, unknown, keys="email").items] == ["created"]


def test_keys_narrow(store: Store) -> None:
    for code, place in (("ALPHA", PLACES[0]), ("BETA", PLACES[1])):
        add_client(store, code.title(), code=code, email="compta@groupe.example", **place)
    beta = {"name": "Beta", "email": "COMPTA@groupe.example", "terms": "x", **PLACES[1]}
    outcome = taken(store, beta, keys="email")
    assert statuses(outcome) == ["import.ambiguous"]
    assert reason(outcome) == "fits several clients: ALPHA, BETA"
    assert [item["code"] for item in taken(store, beta, keys="email,natural").items] == ["BETA"]
    assert [item["code"] for item in taken(store, beta).items] == ["BETA"]


def test_what_contradicts_is_refused(store: Store) -> None:
    add_client(store, "Un", code="UN", external_id="1", **PLACES[0])
    add_client(store, "Deux", code="DEUX", external_id="2", **PLACES[1])
    before = dump(store.conn)
    mixed = {"name": "Un", "code": "UN", "external_id": "2", **PLACES[0]}
    for keys in ("", "code", "external_id", "external_id,code"):
        assert taken(store, mixed, keys=keys).failed == 1
    other = {"name": "Un", "code": "UN", "external_id": "9", **PLACES[0]}
    assert statuses(taken(store, other)) == ["import.external_id"]
    assert dump(store.conn) == before
    assert statuses(taken(store, other, keys="code")) == ["ok"]  # which is trusted


def test_a_named_key_needs_its_column(store: Store) -> None:
    row = {"name": "Un", "code": "UN", **PLACES[0]}
    for options in ({}, {"continue_on_error": False}):
        with pytest.raises(InvalidData) as caught:
            taken(store, row, keys="external_id,code", **options)
        assert caught.value.code == "import.key.column"
        assert [one.path for one in caught.value.details] == ["external_id"]


def test_a_key_that_matches_nobody_is_said_as_that(store: Store) -> None:
    add_client(store, "Un inc.", code="UN", **PLACES[0])
    for row, path in (
        ({"code": "NOBODY", "terms": "x"}, "code"),
        ({"external_id": "9", "terms": "x"}, "external_id"),
        ({"name": "Un inc.", "terms": "x"}, "name"),
        ({"terms": "x"}, ""),
    ):
        outcome = taken(store, row)
        assert outcome.rows is not None
        assert outcome.rows[0]["error"]["code"] == "import.unmatched"
        assert outcome.rows[0]["error"]["path"] == path
    assert reason(taken(store, {"name": "un inc."})).startswith("is the name of UN:")
    assert reason(taken(store, {"name": "Deux"})).startswith("is no client's,")  # nor its own


def test_an_external_id_is_one_persons_however_it_is_written(store: Store) -> None:
    from interop_cli.domain.errors import Conflict

    add_client(store, external_id="É-77")
    with pytest.raises(Conflict) as caught:
        add_client(store, external_id=unicodedata.normalize("NFD", "é-77"))
    assert caught.value.code == "client.external_id.duplicate"


def test_anew_looks_for_nobody(store: Store) -> None:
    row = {"name": "Un", "email": "a@b.ca", **PLACES[0]}
    taken(store, row)
    assert [item["action"] for item in taken(store, row, anew=True).items] == ["created"]
    taken(store, {**row, "code": "X"})
    assert statuses(taken(store, {**row, "code": "x"}, anew=True)) == ["unique"]


# -- merged and recoded -----------------------------------------------------------------------


@pytest.fixture
def merged(store: Store) -> Store:
    """DEUX, which UN was merged into."""
    add_client(store, "Un ltée", code="UN", external_id="1", email="un@un.example", **PLACES[0])
    add_client(store, "Deux inc.", code="DEUX", external_id="2", **PLACES[1])
    store.run(lambda uow: merge.merge(uow, "DEUX", ["UN"]), operation="client.merge")
    return store


UN = {"code": "UN", "name": "Un ltée", "terms": "of UN", **PLACES[0]}
DEUX = {"code": "DEUX", "name": "Deux inc.", "terms": "of DEUX", **PLACES[1]}


def terms(store: Store, code: str = "DEUX") -> Any:
    return store.conn.query("SELECT terms FROM client WHERE code = :code", code=code)[0]["terms"]


@pytest.mark.parametrize(
    "said",
    [{}, {"code": "", "external_id": "1"}, {"code": ""}, {"code": "", "email": "UN@un.example"}],
)
def test_a_row_of_a_merged_client_leaves_the_winner_alone(
    merged: Store, said: dict[str, str]
) -> None:
    row = {**UN, **said, "contact.name": "Ève", "contact.email": "eve@un.example"}
    for order in ((row, DEUX), (DEUX, row)):
        outcome = taken(merged, *order)
        assert outcome.failed == 0
        assert outcome.extra["merged"] == 1
        assert ("import.merged", said.get("code", "UN") or None) in codes(outcome)
        assert terms(merged) == "of DEUX"
    people = merged.conn.query(
        "SELECT code FROM contact JOIN client ON client.id = client_id WHERE contact.name = 'Ève'"
    )
    assert people == [{"code": "DEUX"}]
    assert outcome.changed == 0


def test_a_row_of_a_merged_client_can_be_written_to_the_winner(merged: Store) -> None:
    assert statuses(taken(merged, UN, merged="update")) == ["ok"]
    assert terms(merged) == "of UN"
    for order in ((UN, DEUX), (DEUX, UN)):  # whose own row counts more
        outcome = taken(merged, *order, merged="update")
        assert (outcome.failed, outcome.extra["merged"]) == (0, 1)
        assert terms(merged) == "of DEUX"
    assert merged.conn.query("SELECT external_id FROM client WHERE code = 'DEUX'") == [
        {"external_id": "2"}
    ]


def test_a_row_of_a_merged_client_does_not_say_who_the_winner_s_invoices_go_to(
    merged: Store,
) -> None:
    def invoiced(code: str, name: str) -> dict[str, str]:
        email = f"{name.lower()}@un.example"
        return {"code": code, "contact.name": name, "contact.email": email, "contact.billing": "1"}

    file = [invoiced("UN", "Zoe"), invoiced("DEUX", "Max")]
    for order in (file, file[::-1]):
        outcome = taken(merged, *order)
        people = merged.conn.query("SELECT name FROM contact WHERE billing = 1")
        assert people == [{"name": "Max"}]
        assert [code for code, _key in codes(outcome)] == ["import.merged"]
    assert outcome.changed == 0


def test_an_external_id_that_a_merge_gave_is_still_the_loser_s(store: Store) -> None:
    add_client(store, "Un ltée", code="UN", external_id="R-1", **PLACES[0])
    add_client(store, "Deux inc.", code="DEUX", **PLACES[1])
    add_client(store, "Trois", code="TROIS", **PLACES[2])
    for winner, loser in (("DEUX", "UN"), ("TROIS", "DEUX")):
        store.run(
            lambda uow, w=winner, lost=loser: merge.merge(uow, w, [lost]),  # type: ignore[misc]
            operation="client.merge",
        )
    row = {"external_id": "r-1", "name": "Un ltée", "terms": "of UN"}
    outcome = taken(store, row)
    assert (outcome.changed, outcome.extra["merged"]) == (0, 1)
    assert terms(store, "TROIS") is None
    # Once a person says that it is its own, it is.
    edit = Selector(keys=[(1, "TROIS")])
    for external_id in ("", "R-1"):
        store.run(
            lambda uow, said=external_id: card.edit(uow, edit, {"external_id": said}, Context()),  # type: ignore[misc]
            operation="client.edit",
        )
    assert taken(store, {**row, "name": "Trois"}).changed == 1
    assert terms(store, "TROIS") == "of UN"


def test_an_undone_merge_leaves_two_again(merged: Store) -> None:
    merged.run(lambda uow: undo(uow, 3), operation="journal.undo")
    assert statuses(taken(merged, UN, DEUX)) == ["ok", "ok"]
    assert (terms(merged, "UN"), terms(merged)) == ("of UN", "of DEUX")


def test_a_former_code_finds_as_before(store: Store) -> None:
    add_client(store, "Un ltée", code="OLD", **PLACES[0])
    store.run(lambda uow: status.recode(uow, "OLD", "NEW", Context()), operation="client.recode")
    for keys in ("", "code", "natural", "email,natural"):
        row = {"code": "old", "name": "Un ltée", "email": "", **PLACES[0], "terms": keys}
        outcome = taken(store, row, keys=keys)
        assert [item["code"] for item in outcome.items] == ["NEW"]
        assert outcome.extra["merged"] == 0


# -- what belongs to a client -----------------------------------------------------------------


@pytest.fixture
def namesakes(store: Store) -> Store:
    """DOYON with two Luc Roy, the first of whom pays."""
    add_client(store, code="DOYON")
    for number in (1, 2):
        values = {"name": "Luc Roy", "email": f"luc{number}@d.example", "billing": number == 1}
        store.run(
            lambda uow, values=values: contacts.create(uow, "DOYON", values, Context()),  # type: ignore[misc]
            operation="contact.create",
        )
    return store


def test_two_of_one_name_are_not_guessed_between(namesakes: Store) -> None:
    before = dump(namesakes.conn)
    row = {"code": "DOYON", "contact.name": "Luc Roy"}
    assert statuses(taken(namesakes, {**row, "contact.email": "luc3@d.example"})) == [
        "import.ambiguous"
    ]
    assert statuses(taken(namesakes, {**row, "contact.phone": "418 555-0101"})) == [
        "import.ambiguous"
    ]
    # What says nothing new can be about either.
    assert statuses(taken(namesakes, row)) == ["unchanged"]
    assert dump(namesakes.conn) == before
    told = {**row, "contact.email": "LUC2@d.example", "contact.title": "Acheteur"}
    assert statuses(taken(namesakes, told)) == ["ok"]
    found = namesakes.conn.query("SELECT email FROM contact WHERE title = 'Acheteur'")
    assert [one["email"].lower() for one in found] == ["luc2@d.example"]


def test_two_addresses_of_one_label_are_not_guessed_between(store: Store) -> None:
    def port(number: int, **more: str) -> dict[str, str]:
        place = {"line1": f"{number}, rue du Port", "city": "Alma", "postal_code": "G8B 1A1"}
        return {
            f"address.{name}": text for name, text in {"label": "Quai", **place, **more}.items()
        }

    second = {name.replace("address.", "address2."): text for name, text in port(2).items()}
    row = {"code": "A", "name": "A", **PLACES[0], **port(1), **second}
    assert statuses(taken(store, row)) == ["ok"]
    assert statuses(taken(store, row)) == ["unchanged"]
    before = dump(store.conn)
    for other in (port(3), {"address.label": "QUAI", "address.phone": "418 555-0101"}):
        assert statuses(taken(store, {"code": "A", **other})) == ["import.ambiguous"]
    assert dump(store.conn) == before
    assert statuses(taken(store, {"code": "A", **port(2, instructions="Sonner")})) == ["ok"]
    found = store.conn.query("SELECT line1 FROM address WHERE instructions = 'Sonner'")
    assert found == [{"line1": "2, rue du Port"}]


BELONGING: dict[str, type[BelongingImport[Any]]] = {
    "contact": ContactImport,
    "address": AddressImport,
    "note": NoteImport,
}
PORT = {"address.city": "Alma", "address.postal_code": "G8B 1A1"}


@pytest.mark.parametrize(
    ("first", "second", "third"),
    [
        (
            {"contact.name": "Luc", "contact.email": "luc@d.example"},
            {"contact.name": "Ana", "contact.email": "ana@d.example"},
            {"contact.name": "Luc", "contact.email": "ana@d.example"},
        ),
        (
            PORT | {"address.label": "Quai", "address.line1": "1, rue du Port"},
            PORT | {"address.label": "Bureau", "address.line1": "2, rue du Port"},
            PORT | {"address.label": "Quai", "address.line1": "2, rue du Port"},
        ),
        (
            {"note.text": "Appeler", "note.category": "général"},
            {"note.text": "Appeler", "note.category": "expédition", "note.author": "Ève"},
            {"note.text": "Appeler", "note.author": "Luc"},
        ),
    ],
    ids=["contact", "address", "note"],
)
def test_a_part_that_fits_two_is_refused(
    store: Store, first: dict[str, str], second: dict[str, str], third: dict[str, str]
) -> None:
    """Whatever finds the one and the other, in a file of clients and in one of their own."""
    kind = next(iter(first)).partition(".")[0]
    parts = first | {name.replace(kind, f"{kind}2"): text for name, text in second.items()}
    client = {"code": "A", "name": "A", **PLACES[0]}
    assert statuses(taken(store, client | parts)) == ["ok"]
    before = dump(store.conn)
    for same in (parts, first, second):
        assert statuses(taken(store, {"code": "A"} | same)) == ["unchanged"]
    assert statuses(taken(store, {"code": "A"} | third)) == ["import.ambiguous"]
    alone = [{"client": "A", **{n.partition(".")[2]: v for n, v in third.items()}}]
    work = BELONGING[kind]
    outcome, _operation = store.run(
        lambda uow: work(uow, Context(), continue_on_error=True, want_rows=True).run(rows(*alone)),
        operation="test",
    )
    assert statuses(outcome) == ["import.ambiguous"]
    assert dump(store.conn) == before


def test_another_name_for_one_found_by_email_and_place_is_said(store: Store) -> None:
    row = {"name": "Alpha inc.", "email": "info@alpha.example", **PLACES[0]}
    assert statuses(taken(store, row)) == ["ok"]
    for name, keys, said in (
        ("ALPHA INC.", "", []),
        ("Bêta inc.", "", ["client.renamed"]),
        ("Gamma inc.", "email", []),  # whoever names a key trusts it
    ):
        outcome = taken(store, row | {"name": name}, keys=keys)
        assert [one.code for one in outcome.warnings] == said
        assert outcome.changed == 1


def test_another_place_for_one_found_by_email_and_name_is_said(store: Store) -> None:
    row = {"name": "Alpha inc.", "email": "info@alpha.example", **PLACES[0]}
    assert statuses(taken(store, row)) == ["ok"]
    for place, keys, said in (
        ({"line1": "1, rue A, bureau 3"}, "", []),  # of the same postal code
        ({"postal_code": "G1K 4A2"}, "", []),  # in the same street
        (PLACES[1], "", ["client.moved"]),
        (PLACES[2], "email", []),
    ):
        row |= place
        outcome = taken(store, row, keys=keys)
        assert [one.code for one in outcome.warnings] == said
        assert outcome.changed == 1


def test_what_a_row_does_to_a_client_without_meaning_it_is_said(store: Store) -> None:
    alpha = {"code": "A", "external_id": "E1", "name": "Alpha inc.", **PLACES[0]}
    beta = {"code": "B", "external_id": "E2", "name": "Bêta ltée", **PLACES[1]}
    payer = {"code": "P", "name": "Payeur inc.", **PLACES[2]}
    assert statuses(taken(store, alpha, beta, payer)) == ["ok"] * 3
    becomes = {"name": "BETA inc.", **PLACES[1]}
    for asked, said in (
        ([{"external_id": "E1", **becomes}], ["client.similar"]),
        ([{"external_id": "E1", "name": "Bêta inc."}], []),  # it was so before
        ([alpha | becomes, beta | {"name": "Alpha", **PLACES[0]}], []),  # they change places
        ([{"code": "A", "name": "Alpha inc.", "external_id": ""}], ["client.external_id.emptied"]),
        ([{"code": "A", "name": "Alpha inc.", "external_id": ""}], []),
        ([{"code": "A", "bill_to": "P"}], ["client.bill_to.changed"]),
        ([{"code": "A", "bill_to": "P"}], []),
        ([{"code": "A", "bill_to": ""}], ["client.bill_to.changed"]),
        ([{"code": "N", "name": "Neuf", "bill_to": "P", **PLACES[0]}], []),
    ):
        outcome = taken(store, *asked)
        assert [one.code for one in outcome.warnings] == said, asked
        assert {one.line for one in outcome.warnings} <= {2}


def test_namesakes_without_an_email_come_twice(store: Store) -> None:
    people = {"contact.name": "Ève", "contact2.name": "Ève", "contact2.title": "Acheteuse"}
    row = {"code": "A", "name": "A", **PLACES[0], **people}
    assert statuses(taken(store, row)) == ["ok"]
    assert statuses(taken(store, row)) == ["unchanged"]
    assert len(dump(store.conn)["contact"]) == 2


@pytest.mark.parametrize(
    ("said", "warned"),
    [
        ({"contact.email": "luc1@d.example", "contact.title": "x"}, False),
        ({"contact.email": "autre@d.example", "contact.name": "Ana", "contact.billing": "1"}, True),
        ({"contact.email": "luc1@d.example", "contact.active": "non"}, True),
        ({"contact.email": "luc2@d.example", "contact.title": "x"}, False),
    ],
)
def test_another_who_is_invoiced_is_said(
    namesakes: Store, said: dict[str, str], warned: bool
) -> None:
    outcome = taken(namesakes, {"code": "DOYON", "contact.name": "Luc Roy", **said})
    assert statuses(outcome) == ["ok"]
    changed = [one.line for one in outcome.warnings if one.code == "contact.billing.changed"]
    assert changed == [2] * warned


# -- any file ---------------------------------------------------------------------------------

NAMES = ("Alpha inc.", "Alpha ltée", "Bêta")
EMAILS = (None, "info@alpha.example", "compta@groupe.example")


def mail_of(number: int) -> str | None:
    """Three share each, and have neither name nor place in common."""
    return EMAILS[(number + number // 3) % 3]


def person(number: int) -> dict[str, Any]:
    """One of nine, by name and place; each has its own code and external id."""
    name, place = NAMES[number % 3], PLACES[number // 3]
    mail = mail_of(number)
    return {
        "code": f"P{number}",
        "external_id": f"É-{number}",
        "email": mail,
        "name": name,
        **place,
    }


def spelt(draw: st.DrawFn, text: str) -> str:
    """The same text, otherwise written."""
    change = draw(st.sampled_from([str, str.upper, str.lower, str.title]))
    form = draw(st.sampled_from(["NFC", "NFD"]))
    return str(unicodedata.normalize(form, change(text)))  # type: ignore[arg-type]


@st.composite
def files(draw: st.DrawFn) -> tuple[list[int], list[dict[str, Any]]]:
    """Who is stored, and rows, each with who it is about as its terms (``mixed``: two)."""
    stored = draw(st.lists(st.integers(0, 8), unique=True, max_size=5))
    found = []
    for number in draw(st.lists(st.integers(0, 8), min_size=1, max_size=6)):
        row = {**person(number), "terms": str(number)}
        for name in draw(st.sets(st.sampled_from(["code", "external_id", "email"]))):
            row[name] = ""
        for name in ("external_id", "email", "name", "line1", "city"):
            row[name] = spelt(draw, row[name]) if row[name] else ""
        if row["code"]:
            row["code"] = draw(st.sampled_from([row["code"], row["code"].lower()]))
        if row["code"] and draw(st.integers(0, 4)) == 0:
            other = draw(st.integers(0, 8).filter(lambda one, own=number: one != own))  # type: ignore[misc]
            row |= {"external_id": f"É-{other}", "terms": f"mixed {number} {other}"}
        if draw(st.integers(0, 4)) == 0:
            row["currency"] = "pebbles"  # refused, and with it whoever it may be about
        found.append(row)
    return stored, found


@pytest.mark.parametrize("size", [1, 2, 100])
def test_an_identifier_of_somebody_else_finds_nobody(
    store: Store, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row with Zéro's external id is about the client of the first one all the same."""
    monkeypatch.setattr(Import, "size", size)
    zero = {"code": "P0", "external_id": "E-0", "name": "Zéro", **PLACES[1]}
    alpha = {"name": "Alpha inc.", "email": "info@alpha.example", **PLACES[0]}
    assert statuses(taken(store, zero)) == ["ok"]
    found = [alpha, {"name": "Bêta", **PLACES[2]}, alpha | {"code": "P1", "external_id": "E-0"}]
    assert statuses(taken(store, *found)) == ["import.duplicate", "ok", "import.duplicate"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    case=files(),
    size=st.sampled_from([1, 2, 100]),
    named=st.sampled_from(["", "external_id,natural", "natural", "email,code,natural"]),
)
def test_no_file_writes_to_the_wrong_client(
    store: Store, case: tuple[list[int], list[dict[str, Any]]], size: int, named: str
) -> None:
    stored, found = case
    wipe(store)
    model: dict[int, int] = {}
    for number in stored:
        model[add_client(store, **person(number))] = number
    before = dump(store.conn)
    usual, Import.size = Import.size, size
    try:
        outcome = taken(store, *found, keys=named)
        written = dump(store.conn)
        again = taken(store, *found, keys=named)
    finally:
        Import.size = usual
    held = store.conn.query("SELECT id, terms FROM client WHERE terms IS NOT NULL")
    for row in held:
        if row["id"] in model:
            said = row["terms"]
            if "code" in named:  # no list with it has the external id, too: another one stands
                said = said.removeprefix("mixed ").split()[0]
            meant = {said}
            if "email" in named and (mail := mail_of(int(said))):  # whoever names a key trusts it
                meant |= {str(one) for one in range(9) if mail_of(one) == mail}
            assert str(model[row["id"]]) in meant, "another's row was written to it"
        else:
            owners = {int(one) for one in row["terms"].removeprefix("mixed ").split()}
            # Nobody who is stored is made a second time, but by a row that says two things.
            assert not (owners & set(model.values())) or len(owners) == 2
    labels = [row["terms"] for row in held]
    assert len(labels) == len(set(labels)), "one row's client twice"
    # A row that claims what another client has may come by it once a later row has given it up.
    about = [[int(one) for one in row["terms"].removeprefix("mixed ").split()] for row in found]
    given_up = {who[0] for row, who in zip(found, about, strict=True) if not row["external_id"]} & {
        who[1] for who in about if len(who) > 1
    }
    if not given_up:
        assert again.changed == 0
        assert dump(store.conn) == written
    if outcome.changed and not again.changed:
        (last,) = store.conn.query("SELECT MAX(id) AS id FROM operation")
        store.run(lambda uow: undo(uow, last["id"]), operation="journal.undo")
        assert dump(store.conn) == before


def wipe(store: Store) -> None:
    """Take everything back out, for the next file."""
    with store.conn.write():
        if store.conn.engine == "sqlite":
            index = "INSERT INTO client_search_fts (client_search_fts) VALUES ('delete-all')"
            store.conn.execute(index)
        for table in ("client_search", "address", "contact", "client_code", "client"):
            store.conn.execute(f"DELETE FROM {table}")
