"""Rights: asked before every unit of work, and held by the server where there is one."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from interop_cli.domain.errors import Conflict, Denied, NotFound
from interop_cli.domain.rights import RIGHTS, ROLES, User, has, right_of
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome
from interop_cli.services import admin as users
from interop_cli.services.clients import card
from interop_cli.services.people import contacts, erasing
from interop_cli.services.sales import documents
from interop_cli.services.undoing import undo
from interop_cli.store.engines import grants
from interop_cli.store.engines.create import create_database
from interop_cli.store.engines.health import doctor
from interop_cli.store.store import Store
from interop_cli.store.writing import journal
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.support.postgres import NewDatabase, programs
from tests.support.stores import Fill, add_client, dump, open_store

NAMES = itertools.count(1)
FIELDS = {"name": "Presse", "line1": "1 rue A", "city": "Québec", "postal_code": "G1K 7X2"}
OPERATIONS = {
    "write": "client.create",
    "delete": "client.delete",
    "recode": "client.recode",
    "merge": "client.merge",
    "undo": "journal.undo",
    "sync": "sync.push",
    "settings": "config.set",
    "erase": "contact.erase",
}
Login = Callable[[str], str]


@pytest.fixture
def known(store: Store, engine: str) -> Login:
    """A function that makes a user of this name known where users live, and gives the uid."""

    def make(name: str) -> str:
        if engine == "postgres":
            name = own_name(name)
            store.conn.execute(f"CREATE ROLE {name} LOGIN")
        return name

    return make


def own_name(name: str) -> str:
    """A name that no other test has on the server; it knows users for all its databases."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return f"{name}_{worker}_{next(NAMES)}"


def set_role(store: Store, uid: str, role: str) -> int | None:
    return store.run(lambda uow: users.set_role(uow, User(uid, uid), role), operation="user.set")[1]


def as_user(store: Store, uid: str) -> Store:
    """The same database, used by someone else (on a server: not by name, see below)."""
    other = Store(store.conn, store.today, store.now, uid, "test", User(uid, uid))
    if store.conn.login() is not None:
        other.conn = _LoggedIn(store.conn, uid)  # type: ignore[assignment]
    return other


class _LoggedIn:
    """A connection that says it logged in under another name."""

    def __init__(self, conn: object, name: str) -> None:
        self._conn, self._name = conn, name

    def login(self) -> str:
        return self._name

    def __getattr__(self, name: str) -> object:
        return getattr(self._conn, name)


def nothing(_uow: UnitOfWork) -> Outcome:
    return Outcome()


@pytest.fixture(scope="module")
def staff(engine: str, filled: Callable[[Fill], Store]) -> tuple[Store, dict[str, str]]:
    """A store that has a user of each role, and the uid of each."""
    uids = {role: own_name(f"boss_{role}") for role in ROLES}

    def fill(store: Store) -> None:
        for role in sorted(ROLES, key=lambda role: role != "admin"):  # the others need one
            if engine == "postgres":
                store.conn.execute(f"CREATE ROLE {uids[role]} LOGIN")
            set_role(store, uids[role], role)

    store = filled(fill)
    del store.conn.write  # type: ignore[method-assign] - what each begins writes nothing
    return store, uids


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("right", RIGHTS)
def test_each_role_may_do_what_it_has_the_right_to(
    staff: tuple[Store, dict[str, str]], role: str, right: str
) -> None:
    store, uids = staff
    user = uids[role]
    operation = OPERATIONS[right]
    assert right_of(operation) == right
    if has(role, right):
        as_user(store, user).run(nothing, operation=operation)
        return
    with pytest.raises(Denied, match=r"rights\.missing") as caught:
        as_user(store, user).run(nothing, operation=operation)
    assert caught.value.data == {"right": right, "role": role}
    assert uids["admin"] in str(caught.value.hint)


def test_refused_before_anything_is_done(store: Store, known: Login) -> None:
    set_role(store, known("boss"), "admin")
    user = known("someone")
    set_role(store, user, "viewer")
    before = dump(store.conn)
    with pytest.raises(Denied):
        as_user(store, user).run(
            lambda uow: card.create(uow, FIELDS, Context()), operation="client.create"
        )
    assert dump(store.conn) == before


def test_whoever_is_not_listed_has_the_role_of_the_setting(store: Store, known: Login) -> None:
    stranger = as_user(store, known("stranger"))
    stranger.run(nothing, operation="contact.erase")  # nobody is listed: nobody is kept out
    set_role(store, known("boss"), "admin")
    stranger.run(nothing, operation="client.create")
    with pytest.raises(Denied):
        stranger.run(nothing, operation="client.delete")

    def strict(uow: UnitOfWork) -> Outcome:
        uow.settings.set("rights.default_role", "viewer")
        return Outcome()

    store.run(strict, operation="config.set")
    with pytest.raises(Denied):
        stranger.run(nothing, operation="client.create")


def test_someone_is_always_admin(store: Store, known: Login) -> None:
    boss = known("boss")
    first = set_role(store, boss, "admin")
    assert first is not None
    with pytest.raises(Conflict, match=r"user\.last_admin"):
        set_role(store, boss, "manager")
    set_role(store, known("other"), "editor")
    with pytest.raises(Conflict, match=r"user\.last_admin"):
        store.run(lambda uow: users.remove(uow, User(boss, boss)), operation="user.remove")
    with pytest.raises(Conflict, match=r"user\.last_admin"):
        store.run(lambda uow: undo(uow, first), operation="journal.undo", undoes=first)


def test_a_demotion_is_not_undone_by_the_one_demoted(store: Store, known: Login) -> None:
    boss, deputy = known("boss"), known("deputy")
    set_role(store, boss, "admin")
    set_role(store, deputy, "admin")
    demoted = set_role(store, deputy, "manager")
    assert demoted is not None
    add_client(store)
    with pytest.raises(Denied, match=r"rights\.missing"):
        as_user(store, deputy).run(
            lambda uow: undo(uow, demoted), operation="journal.undo", undoes=demoted
        )
    as_user(store, deputy).run(
        lambda uow: undo(uow, demoted + 1), operation="journal.undo", undoes=demoted + 1
    )
    as_user(store, boss).run(
        lambda uow: undo(uow, demoted), operation="journal.undo", undoes=demoted
    )


def test_roles_are_journaled_and_removed(store: Store, known: Login) -> None:
    boss, other = known("boss"), known("other")
    set_role(store, boss, "admin")
    before = dump(store.conn)
    set_role(store, other, "viewer")
    done = set_role(store, other, "viewer")
    assert done is None
    with pytest.raises(NotFound):
        store.run(lambda uow: users.remove(uow, User("x", "x")), operation="user.remove")
    store.run(lambda uow: users.remove(uow, User(other, other)), operation="user.remove")
    assert dump(store.conn) == before


# -- a server ---------------------------------------------------------------------------------


@pytest.fixture
def server(postgres_ready_url: str) -> Iterator[Store]:
    store = open_store(postgres_ready_url)
    set_role(store, "postgres", "admin")
    yield store
    store.close()


@pytest.fixture
def login(server: Store, postgres_ready_url: str) -> Iterator[Callable[[str], Store]]:
    """A function that gives a role to a new user of the server, and logs in as that user."""
    opened: list[Store] = []

    def log_in(role: str) -> Store:
        name = own_name(f'Marie "{role}" %(x)s :y')
        quoted = '"' + name.replace('"', '""') + '"'
        server.conn.raw.execute(f"CREATE ROLE {quoted} LOGIN")  # type: ignore[attr-defined]
        set_role(server, name, role)
        from urllib.parse import quote

        store = open_store(postgres_ready_url.replace("postgres@", f"{quote(name)}@"))
        assert store.conn.login() == name
        assert grants.holds(store.conn, name, role)
        opened.append(store)
        return store

    yield log_in
    for store in opened:
        store.close()


def test_the_server_itself_refuses_what_a_viewer_writes(
    server: Store, login: Callable[[str], Store]
) -> None:
    import psycopg

    add_client(server)
    viewer = login("viewer")
    assert viewer.conn.query("SELECT COUNT(*) AS n FROM client") == [{"n": 1}]
    for sql in (
        "INSERT INTO note (client_id, category, text, created_at, updated_at)"
        " VALUES (1, 'x', 'x', 'x', 'x')",
        "UPDATE client SET name = 'x'",
        "DELETE FROM address",
        "INSERT INTO user_role (uid, name, role, created_at, updated_at)"
        " VALUES ('x', 'x', 'admin', 'x', 'x')",
        "CREATE TRIGGER t BEFORE INSERT ON client EXECUTE FUNCTION journal_is_append_only()",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            viewer.conn.raw.execute(sql)  # type: ignore[attr-defined]
    with pytest.raises(Denied, match=r"db\.denied"):  # no check of ours before it
        add_client(viewer)


def test_the_server_lets_an_editor_write_and_a_manager_delete(
    server: Store, login: Callable[[str], Store]
) -> None:
    editor, manager, admin = login("editor"), login("manager"), login("admin")
    client_id, other = add_client(editor), add_client(editor, code="C")

    def delete(uow: UnitOfWork) -> Outcome:
        uow.clients.remove(client_id)
        return Outcome()

    def setting(uow: UnitOfWork) -> Outcome:
        uow.settings.set("defaults.terms", "net30")
        return Outcome()

    def moved(uow: UnitOfWork) -> None:
        row = uow.documents.row("1")
        document = uow.documents.entity(row).model_copy(update={"client_id": other})
        uow.documents.save([(row, document)])

    with pytest.raises(Denied, match=r"db\.denied"):
        editor.run(delete, operation="client.delete")
    with pytest.raises(Denied, match=r"db\.denied"):
        manager.run(setting, operation="config.set")
    add_client(editor, code="B")
    values = {"number": "1", "subtotal": "50"}
    editor.run(lambda uow: documents.add(uow, "B", "invoice", values, Context()), operation="x")
    editor.run(moved, operation="x")
    manager.run(delete, operation="client.delete")
    admin.run(setting, operation="config.set")


def test_a_role_follows_its_user_down_and_away(
    server: Store, login: Callable[[str], Store]
) -> None:
    user = login("manager")
    name = str(user.conn.login())
    set_role(server, name, "viewer")
    with pytest.raises(Denied, match=r"db\.denied"):
        add_client(user)
    server.run(lambda uow: users.remove(uow, User(name, name)), operation="user.remove")
    with pytest.raises(Denied, match=r"db\.denied"):
        user.conn.query("SELECT * FROM client")


def test_an_admin_gives_roles_on(server: Store, login: Callable[[str], Store]) -> None:
    admin, other = login("admin"), login("editor")
    plain = own_name("plain")
    server.conn.execute(f"CREATE ROLE {plain} LOGIN")
    set_role(admin, plain, "viewer")
    assert grants.holds(server.conn, plain, "viewer")
    # What the owner gave, an admin cannot take away: said, and nothing half done.
    name = str(other.conn.login())
    with pytest.raises(Denied, match=r"user\.grants"):
        set_role(admin, name, "viewer")
    assert grants.holds(server.conn, name, "editor")


def test_a_user_whom_the_server_does_not_know_gets_no_role(server: Store) -> None:
    with pytest.raises(NotFound, match=r"user\.unknown"):
        set_role(server, "nobody_here", "viewer")


def test_an_admin_who_owns_no_table_erases_a_person(
    server: Store, login: Callable[[str], Store]
) -> None:
    """The journal is redacted within what its triggers allow, not by taking them away."""
    add_client(server, code="A")
    admin, manager = login("admin"), login("manager")
    fields = {"name": "Marie Roy", "email": "marie@presse.ca"}
    server.run(lambda uow: contacts.create(uow, "A", fields, Context()), operation="contact.create")
    server.run(
        lambda uow: contacts.edit(uow, 1, {"title": "Chef"}, Context()), operation="contact.edit"
    )
    server.run(
        lambda uow: contacts.edit(uow, 1, {"email": "m@x.ca"}, Context()), operation="contact.edit"
    )
    with pytest.raises(Denied, match=r"db\.denied"):
        manager.run(lambda uow: erasing.erase(uow, 1, Context()), operation="contact.erase")
    admin.run(lambda uow: erasing.erase(uow, 1, Context()), operation="contact.erase")
    assert "marie" not in str(server.conn.query("SELECT before FROM change")).lower()
    assert list(journal.broken_links(server.conn)) == []
    assert admin.conn.scrub() == "owner"
    assert server.conn.scrub() is None


@pytest.fixture
def owned(postgres_url: str) -> Iterator[Callable[[str], Store]]:
    """A function that opens a database of an owner who is no superuser, who may have ``rights``."""
    import psycopg

    owner = own_name("owner")
    opened: list[Store] = []

    def make(rights: str) -> Store:
        with psycopg.connect(postgres_url, autocommit=True) as conn:
            conn.execute(f"CREATE ROLE {owner} LOGIN {rights}")
            conn.execute(f"ALTER SCHEMA public OWNER TO {owner}")
        url = postgres_url.replace("postgres@", f"{owner}@")
        create_database(url, "2026-01-01T00:00:00Z", User("x", "x"), lock_timeout=5)
        opened.append(open_store(url))
        return opened[0]

    yield make
    for store in opened:
        store.close()


def new_login(store: Store, name: str) -> str:
    import psycopg

    name = own_name(name)
    url = store.conn.raw.address.url  # type: ignore[attr-defined]
    with psycopg.connect(as_login(url, "postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {name} LOGIN NOINHERIT")
    return name


def psycopg_of(url: str) -> AbstractContextManager[Any]:
    import psycopg

    return psycopg.connect(url, autocommit=True)


def as_login(url: str, name: str) -> str:
    return re.sub("//[^@]*@", f"//{name}@", url)


def told(store: Store) -> dict[str, list[str]]:
    return {key: names for key, names in grants.compared(store.conn).items() if names}


def test_rights_hang_on_groups_and_outlive_a_dump(
    owned: Callable[[str], Store], postgres_server: NewDatabase
) -> None:
    """Restored by its owner under another name, its people lose nothing; and doctor sees it all."""
    store = owned("CREATEROLE")
    owner = str(store.conn.login())
    url = store.conn.raw.address.url  # type: ignore[attr-defined]
    people = {role: new_login(store, role) for role in ROLES}
    for role, name in people.items():
        set_role(store, name, role)
    assert told(store) == {"above": [owner]}
    admin = open_store(as_login(url, people["admin"]))
    late = new_login(store, "late")
    set_role(admin, late, "viewer")
    assert told(store) == {"above": [owner]}
    admin.close()

    other = postgres_server()
    restored = re.sub("/[^/?]*[?]", f"/{other}?", url)
    with psycopg_of(as_login(restored, "postgres")) as conn:
        conn.execute(f"ALTER SCHEMA public OWNER TO {owner}")
    dumped = subprocess.run(
        [programs() / "pg_dump", "--format=custom", url], capture_output=True, check=True
    )
    subprocess.run(
        [programs() / "pg_restore", "--exit-on-error", f"--dbname={restored}"],
        input=dumped.stdout,
        check=True,
    )
    copy = open_store(restored)
    for role, name in people.items():
        assert grants.holds(copy.conn, name, role)
    # They are in the groups of the other database, until the owner gives any role.
    assert told(copy)["direct"] == sorted([*people.values(), late])
    set_role(copy, people["viewer"], "editor")
    assert told(copy) == {"above": [owner]}
    assert grants.holds(copy.conn, people["viewer"], "editor")
    assert grants.holds(store.conn, people["viewer"], "viewer")
    copy.close()
    postgres_server.drop(other)


def test_without_the_right_to_make_roles_each_login_has_its_own(
    owned: Callable[[str], Store],
) -> None:
    store = owned("")
    owner, name = str(store.conn.login()), new_login(store, "plain")
    set_role(store, name, "editor")
    assert told(store) == {"above": [owner], "direct": [name]}
    with psycopg_of(as_login(store.conn.raw.address.url, "postgres")) as conn:  # type: ignore[attr-defined]
        conn.execute(f"ALTER ROLE {owner} CREATEROLE")
    set_role(store, owner, "admin")
    set_role(store, new_login(store, "next"), "viewer")
    assert told(store) == {"above": [owner]}


def test_what_the_server_enforces_is_compared_with_what_the_table_says(server: Store) -> None:
    names = {key: own_name(key) for key in ("more", "less", "gone", "unlisted")}
    for name in names.values():
        server.conn.execute(f"CREATE ROLE {name} LOGIN")
    for key in ("more", "less", "gone"):
        set_role(server, names[key], "editor")
    server.conn.execute(f"GRANT DELETE ON client TO {names['more']}")
    (group,) = server.conn.query(
        "SELECT g.rolname AS name FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid"
        " WHERE m.member = CAST(:name AS regrole)",
        name=names["less"],
    )
    server.conn.execute(f'REVOKE "{group["name"]}" FROM {names["less"]}')
    server.conn.execute(f"DROP ROLE {names['gone']}")
    server.conn.execute(f"GRANT UPDATE (name) ON client TO {names['unlisted']}")
    server.conn.execute(  # as a file that was copied has its users
        "INSERT INTO user_role (uid, name, role, created_at, updated_at)"
        " VALUES ('1000', 'marie', 'admin', 'x', 'x')"
    )
    assert told(server) == {
        "above": ["postgres"],
        "other": sorted([names["more"], names["less"]]),
        "unknown": ["marie (1000)", names["gone"]],
        "unlisted": [names["unlisted"]],
    }
    server.seal()  # else it may tell that the last operation waits for it
    codes = [finding["code"] for finding in doctor(server.conn, "postgresql://", server.now())]
    assert codes == ["backup.server", "rights.not_enforced", "rights.differ", "rights.unlisted"]
