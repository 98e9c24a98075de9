"""Any sequence of commands, against a model of dicts: what is listed and shown is the model.

What the model forbids must be refused and change nothing; what is undone must bring back the exact
rows, but for their version and the time of the last write. On both engines.
"""

from __future__ import annotations

import copy
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.outside.workers import interop
from tests.support.campaigns import share
from tests.support.cli import process_state
from tests.support.postgres import FOLDER, NewDatabase, lent

Model = dict[int, dict[str, Any]]
Rows = dict[str, dict[int, dict[str, Any]]]
CODES = ("A1", "B2", "C3")  # few, so that they meet
NAMES = ("Imprimerie du Port", "Éditions Œuvre", "Bêta ltée")
PLACES = {"Québec": "G1K 4A1", "Alma": "G8B 1A1", "Montréal": "H2X 1X1"}
codes = st.sampled_from(CODES)
somebody = st.integers(0, 9)
FORGOTTEN = ("version", "updated_at")


def rows_of(url: str) -> Rows:
    """Every row that the journal follows, by table and id, as plain values."""
    if url.startswith("postgresql"):
        import psycopg
        from psycopg.rows import dict_row

        with psycopg.connect(url, row_factory=dict_row) as server:
            tables = server.execute(
                "SELECT table_name AS name FROM information_schema.columns"
                " WHERE table_schema = 'public' AND column_name = 'version'"
                " AND table_name <> 'change'"
            )
            return {
                table["name"]: {
                    row["id"]: row
                    for row in server.execute(f"SELECT * FROM {table['name']}")  # type: ignore[arg-type]
                }
                for table in tables.fetchall()
            }
    with closing(sqlite3.connect(url)) as conn:
        conn.row_factory = sqlite3.Row
        found = conn.execute(
            "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c"
            " WHERE m.type = 'table' AND c.name = 'version' AND m.name <> 'change'"
        )
        return {
            name: {row["id"]: dict(row) for row in conn.execute(f"SELECT * FROM {name}")}
            for (name,) in found.fetchall()
        }


def without_times(rows: Rows) -> Rows:
    return {
        table: {
            row_id: {name: value for name, value in row.items() if name not in FORGOTTEN}
            for row_id, row in each.items()
        }
        for table, each in rows.items()
    }


class Shop(RuleBasedStateMachine):
    """``model`` has each client by id; its addresses are by id under ``addresses``."""

    fresh: ClassVar[Callable[[], Any]]

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        self.url: str = self.stack.enter_context(type(self).fresh())
        self.model: Model = {}
        self.done: list[tuple[int, Rows, Model]] = []
        """Operations with the rows and the model before them, the latest last."""

    def teardown(self) -> None:
        if not hasattr(self, "url"):
            return
        try:
            for check in (("journal", "verify"), ("db", "check")):
                assert interop(self.url, *check) == (0, [])
            for client in self.model.values():
                self.look_at(client)
        finally:
            self.stack.close()

    # -- running ----------------------------------------------------------------------------

    def do(self, dry: bool, expected: int, *args: object) -> dict[str, Any] | None:
        """Run a command that should end with ``expected``; its answer, where it should work.

        The answer of a dry run before it must be the same, and nothing may have changed.
        """
        before, model = rows_of(self.url), copy.deepcopy(self.model)
        if dry:
            code, tried = interop(self.url, *args, "--dry-run")
            assert (code, rows_of(self.url)) == (expected, before), (args, tried)
        code, answer = interop(self.url, *args)
        assert code == expected, (args, answer)
        if code != 0:
            assert rows_of(self.url) == before
            return None
        if dry:
            for name in ("operation_id", "dry_run", "items"):  # a server gives other ids
                tried.pop(name)
            assert tried.items() <= answer.items()
        if answer["operation_id"] is not None:
            self.done.append((answer["operation_id"], without_times(before), model))
        else:
            assert rows_of(self.url) == before
        assert isinstance(answer, dict)
        return answer

    def pick(self, number: int) -> dict[str, Any]:
        return list(self.model.values())[number % len(self.model)]

    def holder(self, code: str) -> dict[str, Any] | None:
        return next((c for c in self.model.values() if c["code"] == code), None)

    def former(self, code: str) -> dict[str, Any] | None:
        return next((c for c in self.model.values() if code in c["former"]), None)

    def paid_by(self, client: dict[str, Any]) -> list[dict[str, Any]]:
        return [other for other in self.model.values() if other["bill_to"] == client["id"]]

    def can_pay(self, payer: dict[str, Any], of: dict[str, Any] | None) -> bool:
        return (
            payer["active"]
            and not payer["prospect"]
            and payer["bill_to"] is None
            and payer is not of
            and not (of and self.paid_by(of))
        )

    # -- clients ----------------------------------------------------------------------------

    @rule(
        code=st.sampled_from((None, *CODES)),
        name=st.sampled_from(NAMES),
        prospect=st.booleans(),
        city=st.sampled_from(list(PLACES)),
        payer=st.one_of(st.none(), somebody),
        reuse=st.booleans(),
        dry=st.booleans(),
    )
    def create(
        self,
        code: str | None,
        name: str,
        prospect: bool,
        city: str,
        payer: int | None,
        reuse: bool,
        dry: bool,
    ) -> None:
        paying = self.pick(payer) if payer is not None and self.model else None
        expected = 0
        if code and (self.holder(code) or (self.former(code) and not reuse)):
            expected = 5
        if paying and not self.can_pay(paying, None):
            expected = 5
        answer = self.do(
            dry,
            expected,
            "client",
            "create",
            name,
            "--line1",
            "1, rue A",
            "--city",
            city,
            "--postal-code",
            PLACES[city],
            *(["--code", code] if code else []),
            "--prospect" if prospect else "--no-prospect",
            *(["--reuse"] if reuse else []),
            *(["--bill-to", paying["code"]] if paying else []),
        )
        if answer is None:
            return
        item = answer["items"][0]
        if code is None:
            code = str(item["code"])
            assert not self.holder(code)
            assert not self.former(code)
        elif (owner := self.former(code)) is not None:
            owner["former"].remove(code)
        assert item["code"] == code
        client = {
            "id": item["id"],
            "code": code,
            "name": name,
            "active": True,
            "prospect": prospect,
            "terms": None,
            "bill_to": paying and paying["id"],
            "former": [],
            "addresses": {},
        }
        self.model[item["id"]] = client
        main = interop(self.url, "address", "list", code)[1][0]
        client["addresses"][main["id"]] = {"city": city, "main": True, "label": None}

    @precondition(lambda self: self.model)
    @rule(
        who=somebody,
        terms=st.sampled_from(["net10", "net30", ""]),
        name=st.one_of(st.none(), st.sampled_from(NAMES)),
        dry=st.booleans(),
        city=st.one_of(st.none(), st.sampled_from(list(PLACES))),
    )
    def edit(self, who: int, terms: str, name: str | None, city: str | None, dry: bool) -> None:
        client = self.pick(who)
        args = ["client", "edit", client["code"], "--terms", terms]
        args += ["--name", name] if name else []
        args += ["--city", city, "--postal-code", PLACES[city]] if city else []
        self.do(dry, 0, *args)
        client["terms"] = terms or None
        client["name"] = name or client["name"]
        main = next(a for a in client["addresses"].values() if a["main"])
        main["city"] = city or main["city"]

    @precondition(lambda self: self.model)
    @rule(who=somebody, payer=st.one_of(st.none(), somebody), dry=st.booleans())
    def bill(self, who: int, payer: int | None, dry: bool) -> None:
        client = self.pick(who)
        if payer is None:
            self.do(dry, 0, "client", "edit", client["code"], "--bill-to", "")
            client["bill_to"] = None
            return
        paying = self.pick(payer)
        allowed = paying["id"] == client["bill_to"] or self.can_pay(paying, client)
        code = 0 if allowed else 5
        if self.do(dry, code, "client", "edit", client["code"], "--bill-to", paying["code"]):
            client["bill_to"] = paying["id"]

    @precondition(lambda self: self.model)
    @rule(who=somebody, prospect=st.booleans(), dry=st.booleans())
    def court(self, who: int, prospect: bool, dry: bool) -> None:
        client = self.pick(who)
        allowed = not prospect or client["prospect"] or not self.paid_by(client)
        flag = "--prospect" if prospect else "--no-prospect"
        if self.do(dry, 0 if allowed else 5, "client", "edit", client["code"], flag):
            client["prospect"] = prospect

    @precondition(lambda self: self.model)
    @rule(who=st.lists(somebody, min_size=1, max_size=3), active=st.booleans(), dry=st.booleans())
    def retire(self, who: list[int], active: bool, dry: bool) -> None:
        chosen = {client["id"]: client for client in map(self.pick, who)}
        refused = not active and any(
            client["active"] and other["active"] and other["id"] not in chosen
            for client in chosen.values()
            for other in self.paid_by(client)
        )
        verb = "activate" if active else "deactivate"
        # By present code and by id, with one of them twice.
        names = [c["code"] if n % 2 else f"#{c['id']}" for n, c in enumerate(chosen.values())]
        answer = self.do(
            dry,
            5 if refused else 0,
            "client",
            verb,
            *names,
            chosen[next(iter(chosen))]["code"],
            "-y",
        )
        if answer is None:
            return
        changed = [client for client in chosen.values() if client["active"] is not active]
        assert (answer["changed"], answer["matched"]) == (len(changed), len(chosen) + 1)
        for client in changed:
            client["active"] = active

    @precondition(lambda self: self.model)
    @rule(who=somebody, dry=st.booleans())
    def promote(self, who: int, dry: bool) -> None:
        client = self.pick(who)
        answer = self.do(dry, 0, "client", "promote", client["code"])
        assert answer
        assert answer["changed"] == int(client["prospect"])
        client["prospect"] = False

    @precondition(lambda self: self.model)
    @rule(who=somebody, code=codes, reuse=st.booleans(), dry=st.booleans())
    def recode(self, who: int, code: str, reuse: bool, dry: bool) -> None:
        client = self.pick(who)
        holder, former = self.holder(code), self.former(code)
        taken = holder not in (None, client) or (former not in (None, client) and not reuse)
        more = ["--reuse"] if reuse else []
        old = client["code"]
        if not self.do(
            dry, 5 if taken else 0, "client", "recode", old, code, "--confirm", old, *more
        ):
            return
        if code != old:
            if former:
                former["former"].remove(code)
            client["former"].append(old)
            client["code"] = code

    @precondition(lambda self: self.model)
    @rule(who=somebody, dry=st.booleans())
    def delete(self, who: int, dry: bool) -> None:
        client = self.pick(who)
        code = client["code"]
        expected = 5 if self.paid_by(client) else 0
        if self.do(dry, expected, "client", "delete", code, "--confirm", code):
            del self.model[client["id"]]

    # -- addresses --------------------------------------------------------------------------

    @precondition(lambda self: self.model)
    @rule(who=somebody, city=st.sampled_from(list(PLACES)), main=st.booleans(), dry=st.booleans())
    def add_address(self, who: int, city: str, main: bool, dry: bool) -> None:
        client = self.pick(who)
        answer = self.do(
            dry,
            0,
            "address",
            "create",
            client["code"],
            "--line1",
            "2, rue B",
            "--city",
            city,
            "--postal-code",
            PLACES[city],
            "--label",
            "Entrepôt",
            *(["--main"] if main else []),
        )
        assert answer
        if main:
            self.take_main(client)
        address_id = answer["items"][0]["id"]
        client["addresses"][address_id] = {"city": city, "main": main, "label": "Entrepôt"}

    def take_main(self, client: dict[str, Any]) -> None:
        for address in client["addresses"].values():
            address["main"] = False

    @precondition(lambda self: self.model)
    @rule(who=somebody, which=somebody, label=st.sampled_from(["Quai 3", ""]), dry=st.booleans())
    def label_address(self, who: int, which: int, label: str, dry: bool) -> None:
        address_id, address = self.pick_address(who, which)
        self.do(dry, 0, "address", "edit", address_id, "--label", label)
        address["label"] = label or None

    @precondition(lambda self: self.model)
    @rule(who=somebody, which=somebody, dry=st.booleans())
    def main_address(self, who: int, which: int, dry: bool) -> None:
        address_id, address = self.pick_address(who, which)
        self.do(dry, 0, "address", "main", address_id)
        self.take_main(self.pick(who))
        address["main"] = True

    @precondition(lambda self: self.model)
    @rule(who=somebody, which=somebody, dry=st.booleans())
    def delete_address(self, who: int, which: int, dry: bool) -> None:
        address_id, address = self.pick_address(who, which)
        if self.do(dry, 5 if address["main"] else 0, "address", "delete", address_id, "-y"):
            del self.pick(who)["addresses"][address_id]

    def pick_address(self, who: int, which: int) -> tuple[int, dict[str, Any]]:
        found = list(self.pick(who)["addresses"].items())
        return found[which % len(found)]

    # -- undo -------------------------------------------------------------------------------

    @precondition(lambda self: self.done)
    @rule(dry=st.booleans())
    def undo_the_last(self, dry: bool) -> None:
        """Also when the last one is an undo: then it is done again."""
        operation, rows, model = self.done[-1]
        self.do(dry, 0, "journal", "undo", operation)
        assert without_times(rows_of(self.url)) == rows
        self.model = copy.deepcopy(model)

    @precondition(lambda self: len(self.done) > 2)
    @rule(back=st.integers(2, 6))
    def undo_an_older_one(self, back: int) -> None:
        """Where nothing it touched was changed since; then the rows it did not touch stay."""
        operation, rows, _model = self.done[-min(back, len(self.done))]
        before = without_times(rows_of(self.url))
        code, answer = interop(self.url, "journal", "undo", operation)
        after = without_times(rows_of(self.url))
        if code == 5:
            assert answer["error"]["code"] in ("journal.newer", "journal.undone", "journal.clash")
            assert after == before
            return
        assert code == 0, answer
        for table, each in after.items():
            for row_id in each.keys() | before[table].keys():
                now, was = each.get(row_id), before[table].get(row_id)
                assert now in (was, rows[table].get(row_id))
        self.done.append((answer["operation_id"], before, copy.deepcopy(self.model)))
        self.read_model()

    def read_model(self) -> None:
        """Begin again from what is there: what an old undo leaves is not for the model to say."""
        rows = rows_of(self.url)
        self.model = {
            row["id"]: {
                "id": row["id"],
                "code": row["code"],
                "name": row["name"],
                "active": bool(row["active"]),
                "prospect": bool(row["prospect"]),
                "terms": row["terms"],
                "bill_to": row["bill_to_id"],
                "former": [
                    code["code"]
                    for code in rows["client_code"].values()
                    if code["client_id"] == row["id"]
                ],
                "addresses": {
                    a["id"]: {"city": a["city"], "main": bool(a["main"]), "label": a["label"]}
                    for a in rows["address"].values()
                    if a["client_id"] == row["id"]
                },
            }
            for row in rows["client"].values()
        }

    # -- looking ----------------------------------------------------------------------------

    @invariant()
    def the_list_is_the_model(self) -> None:
        if not hasattr(self, "url"):
            return
        fields = ("id", "code", "name", "active", "prospect", "terms", "bill_to", "city")
        code, listed = interop(
            self.url, "client", "list", "--status", "all", "--fields", ",".join(fields)
        )
        assert code == 0
        expected = [
            {
                **{name: client[name] for name in fields[:-2]},
                "bill_to": self.payer(client),
                "city": next(a["city"] for a in client["addresses"].values() if a["main"]),
            }
            for client in sorted(self.model.values(), key=lambda client: client["code"].lower())
        ]
        assert listed == expected

    def payer(self, client: dict[str, Any]) -> str | None:
        return self.model[client["bill_to"]]["code"] if client["bill_to"] else None

    @precondition(lambda self: self.model)
    @rule(who=somebody)
    def show(self, who: int) -> None:
        self.look_at(self.pick(who))

    def look_at(self, client: dict[str, Any]) -> None:
        code, shown = interop(self.url, "client", "show", client["code"])
        assert code == 0
        for name in ("id", "code", "name", "active", "prospect", "terms"):
            assert shown[name] == client[name]
        assert shown["bill_to"] == self.payer(client)
        assert sorted(shown["former_codes"]) == sorted(client["former"])
        assert {
            address["id"]: {name: address[name] for name in ("city", "main", "label")}
            for address in shown["addresses"]
        } == client["addresses"]
        assert sum(address["main"] for address in shown["addresses"]) == 1
        for former in client["former"]:
            assert interop(self.url, "client", "show", former)[1]["id"] == client["id"]


@pytest.fixture
def fresh(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Any]:
    """Makes an empty database that lives as long as a ``with``."""
    if engine == "postgres":
        server: NewDatabase = request.getfixturevalue("postgres_server")
        template = str(request.getfixturevalue("postgres_template"))
        return lambda: lent(server, template, request.config.stash[FOLDER])
    template_file: Path = request.getfixturevalue("sqlite_template")

    @contextmanager
    def made() -> Iterator[str]:
        yield str(shutil.copy(template_file, tmp_path / "machine.db"))

    return made


def campaign(
    fresh: Callable[[], Any], examples: int, steps: int, phases: tuple[Phase, ...]
) -> None:
    machine = type("Machine", (Shop,), {"fresh": staticmethod(fresh)})
    quick = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=phases,
        derandomize=True,
    )
    with process_state():
        run_state_machine_as_test(machine, settings=quick)


def test_any_sequence_of_commands(fresh: Callable[[], Any], engine: str) -> None:
    # The rules are the same on both engines; a server takes five times as long.
    campaign(fresh, share(40 if engine == "sqlite" else 8), 25, (Phase.generate,))


@pytest.mark.long
def test_many_sequences_of_commands(fresh: Callable[[], Any]) -> None:
    campaign(fresh, 150, 50, (Phase.generate, Phase.shrink))
