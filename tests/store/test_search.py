"""The search index: the same from the rows at hand as from the database; on both engines."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from interop_cli.domain.rules import Context
from interop_cli.domain.values.text import begun_phone, searched_words, word_of_beginning
from interop_cli.seed import clients as made_up
from interop_cli.services.clients import card
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.people import addresses, contacts
from interop_cli.services.seeding import seed_clients
from interop_cli.services.undoing import undo
from interop_cli.store.engines import postgres_matching, sqlite_matching
from interop_cli.store.engines.open import open_database
from interop_cli.store.migrations import release_0_3
from interop_cli.store.reading import first_few
from interop_cli.store.reading.clients import ListQuery, client_rows, count_clients
from interop_cli.store.reading.lists import Condition
from interop_cli.store.store import Store
from interop_cli.store.writing.search_index import distinct_words, phone_words, phones, searched
from interop_cli.store.writing.tables import TABLES
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.support.stores import Fill, add_client

Words = dict[int, str]


def index_of(store: Store) -> Words:
    rows = store.conn.query("SELECT client_id, words FROM client_search ORDER BY client_id")
    return {row["client_id"]: row["words"] for row in rows}


def found(store: Store, text: str) -> list[str]:
    return listed(store, ListQuery("all", search=text))


def listed(store: Store, query: ListQuery) -> list[str]:
    return [code for batch in client_rows(store.conn, query, ["code"]) for (code,) in batch]


def index_again(store: Store) -> Words:
    """The index as it is when every client is read from the database."""

    def touch_all(uow: UnitOfWork) -> None:
        uow.writer._search.touch(row["id"] for row in uow.conn.query("SELECT id FROM client"))

    store.run(touch_all, operation="x")
    return index_of(store)


def test_new_clients_are_indexed_as_stored_ones_are(store: Store) -> None:
    store.run(
        lambda uow: seed_clients(uow, made_up(3000, 7), Context()), operation="db.seed"
    )  # more than one batch
    at_once = index_of(store)
    assert len(at_once) == 3000
    assert index_again(store) == at_once
    name = store.conn.query("SELECT name, code FROM client WHERE id = 2500")[0]
    assert name["code"] in found(store, name["name"])


def test_an_older_index_gets_the_words_of_the_parts(store: Store) -> None:
    store.run(lambda uow: seed_clients(uow, made_up(30, 7), Context()), operation="db.seed")
    before = index_of(store)
    with store.conn.write():
        store.conn.execute_many(
            "UPDATE client_search SET words = :words WHERE client_id = :id",
            ({"id": one, "words": words.rpartition(" ")[0]} for one, words in before.items()),
        )
        assert not {*before.values()} & {*index_of(store).values()}
        release_0_3.m0022_search_parts(store.conn, lambda _script: None)
    assert index_of(store) == before


# Words that half, some and hardly any of the clients have; several; none.
SEARCHED = (
    "inc",
    "imprimerie",
    "ca",
    "ltee",
    "gagnon",
    "quebec inc",
    "imprimerie inc q",
    "montreal impr",
    "a b c d",
    "s e n c r l",
    "e n",
    "imprimerie a",
    "418 555",
    "514 555-01",
    "é z",
    "--",
)


@pytest.fixture(scope="module")
def many(filled: Callable[[Fill], Store]) -> Store:
    """Four hundred clients, a third of them inactive."""

    def fill(store: Store) -> None:
        store.run(lambda uow: seed_clients(uow, made_up(400, 3), Context()), operation="db.seed")
        store.run(
            lambda uow: uow.writer.update("client", {"active": 0}, "id % 3 = 0"),
            operation="client.deactivate",
        )

    return filled(fill)


def walk(monkeypatch: pytest.MonkeyPatch, at_once: int, most: int) -> None:
    """Look for the first few in so many clients at the most."""
    for name, number in (("AT_ONCE", at_once), ("WALKED", most), ("LETTERS_WALKED", most)):
        monkeypatch.setattr(first_few, name, number)


@pytest.mark.parametrize("sort", ["code", "-code", "name", "-name", "city"])
@pytest.mark.parametrize(
    ("walked", "many_hits", "spelt"),
    [((250, 3000), 2000, 4), ((5, 40), 20, 0), ((1, 1), 0, 100), ((7, 1000), 3, 4)],
)
def test_the_first_few_are_the_first_of_all(
    many: Store,
    monkeypatch: pytest.MonkeyPatch,
    sort: str,
    walked: tuple[int, int],
    many_hits: int,
    spelt: int,
) -> None:
    walk(monkeypatch, *walked)
    monkeypatch.setattr(sqlite_matching, "MANY", many_hits)
    monkeypatch.setattr(postgres_matching, "FEW", many_hits)
    monkeypatch.setattr(sqlite_matching, "SPELT", spelt)
    for text in SEARCHED:
        for status, prospect in (("active", None), ("all", False), ("inactive", None)):
            query = ListQuery(status, prospect, search=text, sort=sort)
            everything = listed(many, query)
            assert listed(many, query._replace(limit=7)) == everything[:7], text
            if len(everything) > 3:
                page = query._replace(limit=4, after=everything[2])
                assert listed(many, page) == everything[3:7], text


@pytest.mark.parametrize("sort", ["code", "-code", "name", "city"])
@pytest.mark.parametrize("walked", [((500, 2), (10_000, 20)), ((5, 1), (40, 3)), ((1, 1), (2, 1))])
def test_the_first_few_for_whom_a_condition_holds_are_the_first_of_all(
    many: Store, monkeypatch: pytest.MonkeyPatch, sort: str, walked: tuple[tuple[int, int], ...]
) -> None:
    monkeypatch.setattr(first_few, "CHOSEN", walked)
    for status, prospect, sql in (
        ("inactive", None, "TRUE"),
        ("active", None, "TRUE"),
        ("all", True, "TRUE"),
        ("all", None, "a.city_key = :city"),
        ("active", False, "p.id IS NOT NULL"),
    ):
        condition = Condition(sql, {"city": "quebec"} if ":city" in sql else {})
        query = ListQuery(status, prospect, condition, sort=sort)
        everything = listed(many, query)
        assert listed(many, query._replace(limit=7)) == everything[:7], (status, sql)
        assert listed(many, query._replace(limit=300)) == everything[:300], (status, sql)
        if len(everything) > 3:
            page = query._replace(limit=4, after=everything[2])
            assert listed(many, page) == everything[3:7], (status, sql)


@pytest.mark.parametrize("sort", ["code", "-code"])
@pytest.mark.parametrize(
    ("most", "many_hits", "some", "frequent"),
    [(2, 2000, 400, 10), (2, 3, 2, 0), (2, 3, 100, 200), (2, 0, 0, 10), (900, 3, 2, 50)],
)
def test_a_search_finds_whoever_has_words_that_begin_so(
    many: Store,
    monkeypatch: pytest.MonkeyPatch,
    sort: str,
    most: int,
    many_hits: int,
    some: int,
    frequent: int,
) -> None:
    walk(monkeypatch, 1, most)
    for name, number in (("MANY", many_hits), ("SOME", some), ("FREQUENT", frequent)):
        monkeypatch.setattr(sqlite_matching, name, number)
    for name, number in (("FEW", many_hits), ("RARE", some), ("SOME", some)):
        monkeypatch.setattr(postgres_matching, name, number)
    rows = many.conn.query(
        "SELECT code, words, active, prospect FROM client JOIN client_search"
        " ON client_id = client.id ORDER BY code_key"
    )
    for row in rows:
        row["words"] = row["words"].split()[:-1]  # not that of the code
    dice = random.Random(f"{sort} {most} {many_hits} {some} {frequent}")
    for _number in range(60):
        asked = dice.sample(dice.choice(rows)["words"], dice.choice((1, 1, 2, 2, 3, 6)))
        text = " ".join(word[: dice.choice((1, 1, 2, 4, 99))] for word in asked)
        if begun_phone(text):
            continue
        status, prospect = (
            dice.choice(("active", "active", "all", "inactive")),
            dice.choice((None, 0)),
        )
        cut = searched_words(text).split()  # some are a telephone
        naive = [
            row["code"]
            for row in rows
            if status in ("all", "active" if row["active"] else "inactive")
            and prospect in (None, row["prospect"])
            and all(any(word.startswith(begun) for word in row["words"]) for begun in cut)
        ]
        if sort == "-code":
            naive.reverse()
        query = ListQuery(status, prospect, search=text, sort=sort, limit=dice.choice((1, 5, 200)))
        assert listed(many, query) == naive[: query.limit], cut
        if len(naive) > 2:
            assert listed(many, query._replace(after=naive[1], limit=5)) == naive[2:7], cut


def test_the_first_few_that_have_some_letters_are_read_at_one_moment(
    many: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Who writes between two statements could take a client from where the second one looks.
    walk(monkeypatch, 20, 400)
    asked: list[str] = []
    query = type(many.conn).query
    batches = type(many.conn).batches
    monkeypatch.setattr(
        type(many.conn), "query", lambda *a, **p: asked.append(a[1]) or query(*a, **p)
    )
    monkeypatch.setattr(
        type(many.conn), "batches", lambda *a, **p: asked.append(a[1]) or batches(*a, **p)
    )
    assert len(listed(many, ListQuery(search="e n", limit=20))) == 20
    assert [("client_search" in sql, "OFFSET" in sql) for sql in asked] == [
        (True, False),
        (False, False),
    ]


def test_nobody_searches_for_the_word_of_a_code(store: Store) -> None:
    add_client(store, "Zoé", code="QUAI")
    (words,) = index_of(store).values()
    assert words.endswith(f" {word_of_beginning('q')}")
    for text in (words.split()[-1], f"zoe {words.split()[-1]}"):
        assert found(store, text) == (["QUAI"] if "zoe" in text else [])


def test_all_are_counted_by_looking_them_up(
    sqlite_ready_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_matching, "MANY", 0)
    conn = open_database(sqlite_ready_url)
    asked: list[str] = []
    conn.raw.set_trace_callback(asked.append)  # type: ignore[attr-defined]
    assert count_clients(conn, ListQuery(search="inc", limit=5)) == 0
    assert not [sql for sql in asked if "json_group_array" in sql]  # asked once
    conn.close()


def test_what_a_client_is_found_by(store: Store) -> None:
    add_client(
        store,
        "L'Œuvre & Fils",
        code="OEUVRE-1",
        email="Luc@Oeuvre.ca",
        phone="418 555-0123 #7",
        tags=["grand format"],
        external_id="X-9",
        website="www.oeuvre.ca",
        line2="Bureau 300",
    )
    for text in (
        "oeuvre-1",
        "l œuv",
        "FILS",
        "luc@oeuvre.ca",
        "4185550123",
        "14185550123",
        "gran form",
        "418 555-0123",
        "(418) 555-0123",
        "+1 418-555-0123",
        "1.418.555.0123",
        "x-9",
        "www.oeuvre",
        "bureau 300",
        "quai",
        "québec",
        "G1K 7X2",
        "g1k7x2",
        "fils quebec",
    ):
        assert found(store, text) == ["OEUVRE-1"], text
    for text in ("uvre", "fils montreal", "net30", "CAD"):
        assert found(store, text) == [], text


@pytest.mark.parametrize(
    "typed", ["418 555", "(418) 555", "418-555-01", "1 418 555", "+1 418 555 0", "418555"]
)
def test_the_beginning_of_a_telephone_is_found_however_it_is_spaced(
    store: Store, typed: str
) -> None:
    add_client(store, code="CALLED", phone="418 555-0177")
    add_client(store, code="WORDS", name="Local 418, case 555", line1="Quai 9")
    add_client(store, code="OTHER", phone="418 556-0177")
    many = [ListQuery("all", search=typed, limit=limit) for limit in (None, 10)]
    expected = {"CALLED"} | ({"WORDS"} if typed in ("418 555", "(418) 555") else set())
    assert [set(listed(store, query)) for query in many] == [expected] * 2
    assert count_clients(store.conn, many[0]) == len(expected)


def test_a_client_changed_right_after_it_was_made_is_found_as_it_is_now(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        fields = {"line1": "1, rue A", "city": "Québec", "postal_code": "G1K 7X2"}
        for code in ("A", "B", "C"):
            card.create(uow, {"name": "Avant", "code": code, **fields}, Context())
            contacts.create(uow, code, {"name": "Zoé", "mobile": "418 555-0188"}, Context())
        uow.writer.update("client", {"name": "Après"}, "code = 'A'")
        uow.writer.update("address", {"city": "Gaspé"}, "client_id = 2")
        uow.writer.delete("contact", "client_id = 3")
        uow.clients.remove(3)

    store.run(work, operation="x")
    assert (found(store, "avant"), found(store, "apres")) == (["B"], ["A"])
    assert (found(store, "gaspe"), found(store, "quebec")) == (["B"], ["A"])
    assert found(store, "zoe 4185550188") == ["A", "B"]
    assert sorted(index_of(store)) == [1, 2]
    assert index_again(store) == index_of(store)


def test_words_are_forgotten_with_what_had_them(store: Store) -> None:
    add_client(store, "Avant", code="A")
    store.run(lambda uow: uow.writer.update("client", {"name": "Après"}, "id = 1"), operation="x")
    assert (found(store, "avant"), found(store, "apres")) == ([], ["A"])
    store.run(lambda uow: uow.clients.remove(1), operation="x")
    assert index_of(store) == {}
    assert found(store, "apres") == []


# Each in an operation of its own, on clients that are stored: what was written is found, and what
# was written over is not.


def edit_client(store: Store, code: str, **changes: str) -> None:
    store.run(
        lambda uow: card.edit(uow, Selector(keys=[(1, code)]), changes, Context()),
        operation="client.edit",
    )


def add_contact(store: Store, code: str, **values: str) -> int:
    outcome, _ = store.run(
        lambda uow: contacts.create(uow, code, values, Context()), operation="contact.create"
    )
    return int(outcome.items[0]["id"])


def delete_contact(store: Store, contact_id: int) -> int:
    _, operation = store.run(
        lambda uow: contacts.delete(uow, [contact_id], Context()), operation="contact.delete"
    )
    assert operation
    return operation


def test_a_renamed_client_is_found_by_its_new_name_alone(store: Store) -> None:
    add_client(store, "Avant", code="A")
    add_client(store, "Voisin", code="B")
    edit_client(store, "A", name="Après")
    assert (found(store, "avant"), found(store, "apres")) == ([], ["A"])
    edit_client(store, "A", name="Enfin", city="Gaspé")
    assert (found(store, "apres"), found(store, "enfin gaspe")) == ([], ["A"])
    assert index_again(store) == index_of(store)


def test_a_client_is_found_by_what_its_contact_and_address_became(store: Store) -> None:
    add_client(store, code="A")
    contact = add_contact(store, "A", name="Zoé", mobile="418 555-0188")
    store.run(
        lambda uow: contacts.edit(
            uow, contact, {"name": "Luc", "mobile": "418 555-0199"}, Context()
        ),
        operation="contact.edit",
    )
    assert (found(store, "zoe"), found(store, "4185550188")) == ([], [])
    assert found(store, "luc 4185550199") == ["A"]
    store.run(
        lambda uow: addresses.edit(uow, 1, {"city": "Gaspé"}, Context()), operation="address.edit"
    )
    assert (found(store, "quebec"), found(store, "gaspe")) == ([], ["A"])


def test_a_client_is_found_by_what_was_added_to_it_since(store: Store) -> None:
    add_client(store, code="A")
    add_contact(store, "A", name="Zoé")
    assert found(store, "zoe") == ["A"]
    place = {"line1": "5, rue du Port", "city": "Lévis", "postal_code": "G6V 1A1"}
    store.run(lambda uow: addresses.create(uow, "A", place, Context()), operation="address.create")
    assert found(store, "levis g6v1a1 zoe boreale") == ["A"]


def test_a_client_is_found_by_what_rows_were_set_to_at_once(store: Store) -> None:
    for code in ("A", "B", "C"):
        add_client(store, code=code)
    store.run(
        lambda uow: uow.writer.update("address", {"city": "Gaspé"}, "client_id < 3"), operation="x"
    )
    assert (found(store, "quebec"), found(store, "gaspe")) == (["C"], ["A", "B"])


@pytest.mark.parametrize("verb", ["save", "update"])
def test_a_contact_that_goes_to_another_client_is_found_there(store: Store, verb: str) -> None:
    first, second = (add_client(store, code=code) for code in ("A", "B"))
    add_contact(store, "A", name="Zoé")

    def move(uow: UnitOfWork) -> None:
        if verb == "update":
            uow.writer.update("contact", {"client_id": second}, "client_id = :id", id=first)
            return
        row = uow.contacts.of_clients([first])[first][0]
        uow.writer.save("contact", [(row, {**row, "client_id": second})])

    assert found(store, "zoe") == ["A"]
    store.run(move, operation="x")
    assert found(store, "zoe") == ["B"]


def test_a_client_is_found_no_more_by_what_was_deleted(store: Store) -> None:
    add_client(store, code="A")
    delete_contact(store, add_contact(store, "A", name="Zoé"))
    assert (found(store, "zoe"), found(store, "boreale")) == ([], ["A"])


def test_a_client_is_found_again_by_what_an_undo_brings_back(store: Store) -> None:
    add_client(store, code="A")
    deletion = delete_contact(store, add_contact(store, "A", name="Zoé"))
    store.run(lambda uow: undo(uow, deletion), operation="journal.undo", undoes=deletion)
    assert found(store, "zoe") == ["A"]


def test_every_column_that_renews_the_index_is_in_it() -> None:
    for table in TABLES.values():
        known = {*searched(table), *phones(table), *((table.client,) if table.client else ())}
        assert table.search <= known
        assert table.search <= {*table.columns, "id"}


@pytest.mark.parametrize(
    ("phone", "words"),
    [
        ("+14185550123;ext=7", "14185550123 4185550123"),
        ("+33142685300", "33142685300"),
        ("demander à Luc", ""),
    ],
)
def test_phone_words(phone: str, words: str) -> None:
    assert phone_words(phone) == words


def test_the_order_of_the_texts_does_not_matter() -> None:
    assert distinct_words(["Rue A", "Café b"]) == distinct_words(["Café b", "Rue A"])
    assert distinct_words(["Rue A", "Café à"]) == "cafe a rue"
