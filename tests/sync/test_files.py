"""Batches in files: acceptance cases 20 and 21, crashes, and the answers, on both engines."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from interop_cli.connectors.files.profile import SHIPPED
from interop_cli.domain.errors import InvalidData, IoFailure, NotFound
from interop_cli.store.store import Store
from interop_cli.store.sync.targets import all_targets
from interop_cli.sync import acknowledging
from interop_cli.sync.exporting import Export, ExportReport
from interop_cli.sync.target import OpenTarget
from interop_cli.system import Clock
from tests.support.cli import Run
from tests.support.stores import add_client, store
from tests.support.warm import warm_command
from tests.support.warm_process import WarmProcess
from tests.sync.support import (
    START,
    add_target,
    edit,
    links,
    merge,
    open_target,
    promote,
    reasons,
    statuses,
)

__all__ = ["store"]


class Killed(BaseException):
    """The process ends here: nothing is tidied up."""


class NoFake:
    """Nobody is called."""

    url = "http://127.0.0.1"
    token = ""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def at(store: Store, profile: str = "sage50") -> OpenTarget:
    if not all_targets(store.conn):
        add_target(store, "books", "file", profile=profile)
    return open_target(store, NoFake(), "books", Clock(START))


def export(store: Store, folder: Path, profile: str = "sage50", **how: Any) -> ExportReport:
    lives = how.pop("lives", None)
    here = at(store, profile)
    if lives is not None:
        here.lives = lives
    return Export(here, folder, **how).run()


def ack(store: Store, batch: str, rejected: str | None = None) -> None:
    refused = acknowledging.read_rejected(rejected) if rejected is not None else {}
    here = at(store)
    store.run(
        lambda uow: acknowledging.acknowledge(uow, here, batch, refused), operation="sync.ack"
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def states(store: Store) -> dict[int, str]:
    return {key: row["state"] for key, row in links(store).items()}


def gone(owner: str | None, until: str | None, now: str) -> bool:
    return False


def killed_at(point: str) -> Any:
    def fault(reached: str) -> None:
        if reached == point:
            raise Killed

    return fault


def test_20_sage50_53_characters_quotes_and_quebec_in_cp1252(store: Store, out: Path) -> None:
    add_client(store, name="Imprimerie de Québec", code="OK")
    add_client(store, name="x" * 53, code="LONG")
    add_client(store, name='Chez "Léo"', code="QUOTE")
    add_client(store, name="Łódź inc.", code="ENC")
    report = export(store, out)
    assert statuses(report) == {"OK": "ok", "LONG": "skipped", "QUOTE": "ok", "ENC": "skipped"}
    assert reasons(report) == {"LONG": "sync.field.too_long", "ENC": "sync.field.encoding"}
    assert {line.reason.field for line in report.lines.values() if line.reason} == {"name"}
    data = (out / "books-20261124-1.IMP").read_bytes()
    assert b'"Imprimerie de Qu\xe9bec","0"' in data
    assert b'"Chez L\xe9o","0"' in data
    assert data.count(b"\r\n") == 8


@pytest.mark.parametrize("point", ["claimed", "temporary", "manifest", "named", "written", "ended"])
def test_21_a_crash_leaves_no_half_file_and_no_client_twice(
    store: Store, out: Path, point: str
) -> None:
    for n in range(3):
        add_client(store, name=f"Client {n}", code=f"C-{n}")
    with pytest.raises(Killed):
        export(store, out, fault=killed_at(point))
    for path in out.glob("*.IMP"):
        assert path.read_bytes().endswith(b"</customers>\r\n")
    export(store, out, lives=gone)
    rows = [
        line
        for path in out.glob("*.IMP")
        for line in path.read_bytes().splitlines()
        if line.startswith(b'"Client')
    ]
    assert len(rows) == len(set(rows)) == 3
    assert set(states(store).values()) == {"awaiting"}
    assert len(names(out)) == 2
    batch = links(store)[1]["batch"]
    manifest = json.loads((out / f"{batch}.manifest.json").read_text("utf-8"))
    assert len(manifest["rows"]) == 3


def test_21b_an_unacknowledged_batch_is_not_overwritten(store: Store, out: Path) -> None:
    add_client(store, name="Un", code="A")
    first = export(store, out)
    before = {path: path.read_bytes() for path in out.iterdir()}
    add_client(store, name="Deux", code="B")
    second = export(store, out)
    assert (first.batch, second.batch) == ("books-20261124-1", "books-20261124-2")
    assert {path: path.read_bytes() for path in before} == before
    assert statuses(second) == {"A": "skipped", "B": "ok"}


def test_21c_nor_is_what_a_restored_database_has_forgotten(store: Store, out: Path) -> None:
    (out / "books-20261124-1.IMP").write_bytes(b"somebody's")
    add_client(store, name="Un", code="A")
    assert export(store, out).batch == "books-20261124-2"
    assert (out / "books-20261124-1.IMP").read_bytes() == b"somebody's"


def test_a_file_that_was_fetched_before_the_next_run_counts(store: Store, out: Path) -> None:
    add_client(store, code="A")
    with pytest.raises(Killed):
        export(store, out, fault=killed_at("named"))
    (out / "books-20261124-1.IMP").unlink()
    report = export(store, out, lives=gone)
    assert states(store) == {1: "awaiting"}
    assert report.batch is None
    assert [warning.code for warning in report.warnings] == ["sync.export.recovered"]


def test_the_folder_of_a_cut_batch_is_remembered(store: Store, out: Path) -> None:
    one, two = out / "one", out / "two"
    one.mkdir()
    two.mkdir()
    add_client(store, code="A")
    with pytest.raises(Killed):
        export(store, one, fault=killed_at("named"))
    export(store, two, lives=gone)
    assert names(two) == []
    assert states(store) == {1: "awaiting"}


def test_the_manifest_has_the_hash_of_the_file_and_of_each_row(store: Store, out: Path) -> None:
    add_client(store, name="Un", code="A")
    add_client(store, name="Deux", code="B")
    report = export(store, out)
    manifest = json.loads((out / f"{report.batch}.manifest.json").read_text("utf-8"))
    file = manifest["files"][0]
    data = (out / file["name"]).read_bytes()
    assert (file["bytes"], file["rows"]) == (len(data), 2)
    assert file["sha256"] == hashlib.sha256(data).hexdigest() == report.files[0]["sha256"]
    lines = data.split(b"\r\n")[5:7]
    assert [row["sha256"] for row in manifest["rows"]] == [
        hashlib.sha256(line).hexdigest() for line in lines
    ]
    assert [row["code"] for row in manifest["rows"]] == ["A", "B"]


def test_nothing_pending_is_no_file(store: Store, out: Path) -> None:
    add_client(store, code="A")
    report = export(store, out)
    ack(store, str(report.batch))
    before = names(out)
    again = export(store, out)
    assert again.batch is None
    assert names(out) == before


def test_prospects_never_leave(store: Store, out: Path) -> None:
    add_client(store, code="P", prospect=True)
    report = export(store, out, again=True, strict=True)
    assert reasons(report) == {"P": "sync.prospect"}
    assert names(out) == []
    promote(store, "P")
    assert statuses(export(store, out)) == {"P": "ok"}


def test_what_was_acknowledged_is_in_step(store: Store, out: Path) -> None:
    add_client(store, code="A")
    report = export(store, out)
    link = links(store)[1]
    assert (link["state"], link["batch"]) == ("awaiting", report.batch)
    ack(store, str(report.batch))
    link = links(store)[1]
    assert (link["state"], link["batch"], link["remote_id"]) == (
        "in_sync",
        None,
        "Imprimerie Boréale",
    )


def test_what_changed_while_it_waited_is_pending_after(store: Store, out: Path) -> None:
    add_client(store, code="A")
    report = export(store, out)
    edit(store, "A", city="Lévis")
    assert statuses(export(store, out)) == {"A": "skipped"}
    ack(store, str(report.batch))
    step = next(at(store).steps("client"))
    assert [change.field for change in step.changes] == ["city"]
    assert statuses(export(store, out)) == {"A": "ok"}


def test_a_rejected_client_is_blocked_until_it_changes(store: Store, out: Path) -> None:
    for code in "AB":
        add_client(store, name=f"Client {code}", code=code)
    report = export(store, out)
    ack(store, str(report.batch), "code,reason\nb,code postal inconnu\n")
    assert states(store) == {1: "in_sync", 2: "failed"}
    assert links(store)[2]["remote_id"] is None
    assert reasons(export(store, out)) == {"B": "sync.ack.rejected"}
    edit(store, "B", city="Lévis")
    assert statuses(export(store, out)) == {"B": "ok"}


def test_a_rejected_row_nobody_knows_settles_nothing(store: Store, out: Path) -> None:
    add_client(store, code="A")
    report = export(store, out)
    with pytest.raises(InvalidData) as caught:
        ack(store, str(report.batch), "A\nNOPE\n")
    assert caught.value.code == "sync.ack.unknown"
    assert states(store) == {1: "awaiting"}


def test_a_batch_nobody_knows(store: Store) -> None:
    with pytest.raises(NotFound):
        acknowledging.target_of(store.conn, "books-1")


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("A\nB\n", {"a", "b"}),
        ("Name;Raison\nÉmile, fils;non\n", {"émile, fils"}),
        ("Émile, fils\n", {"émile, fils"}),
        ("\ufeffcode\nA\n\n", {"a"}),
    ],
)
def test_files_of_rejected_rows(text: str, keys: set[str]) -> None:
    assert acknowledging.read_rejected(text).keys() == keys


def test_a_name_that_changed_makes_no_second_customer(store: Store, out: Path) -> None:
    add_client(store, code="A")
    ack(store, str(export(store, out).batch))
    edit(store, "A", name="Autre nom")
    (step,) = at(store).steps("client")
    assert step.todo == "blocked"
    report = export(store, out)
    assert reasons(report) == {"A": "sync.export.renamed"}
    assert report.batch is None
    assert [warning.key for warning in report.warnings] == ["A"]


def test_two_clients_of_one_name_are_not_one_customer(store: Store, out: Path) -> None:
    add_client(store, name="Boréale", code="A")
    add_client(store, name="BORÉALE", code="B")
    add_client(store, name='"Boréale"', code="C")

    def planned() -> list[tuple[str, str, str | None]]:
        return [
            (one.local.code, str(one.todo), str(one.reason.message.params) if one.reason else None)
            for one in at(store).steps("client")
            if one.local.code != "A"
        ]

    held_back = [(code, "blocked", "{'code': 'A'}") for code in "BC"]
    assert planned() == held_back
    report = export(store, out)
    assert reasons(report) == {"B": "sync.export.key_taken", "C": "sync.export.key_taken"}
    assert states(store) == {1: "awaiting"}
    assert planned() == held_back
    ack(store, str(report.batch))
    assert planned() == held_back


def test_a_merged_client_is_made_inactive_under_the_code_that_is_known(
    store: Store, out: Path
) -> None:
    add_client(store, name="Boréale", code="A")
    add_client(store, name="Boréale ltée", code="B")
    ack(store, str(export(store, out, "csv").batch))
    merge(store, "A", "B")
    report = export(store, out, "csv")
    assert set(statuses(report).values()) == {"ok"}
    (row,) = (out / report.files[0]["path"]).read_text("utf-8").splitlines()[1:]
    assert row.startswith("B,Boréale ltée,0,")
    ack(store, str(report.batch))
    assert not [step for step in at(store, "csv").steps("client") if step.todo != "skip"]


def test_work_by_hand_in_a_system_of_files_ends_with_unlink(store: Store, out: Path) -> None:
    for code in "ABC":
        add_client(store, name=f"Client {code}", code=code)
    ack(store, str(export(store, out).batch))
    edit(store, "A", active=False)
    merge(store, "B", "C")
    steps = list(at(store).steps("client"))
    assert {step.local.code: step.todo for step in steps} == {"A": "by_hand", "MERGED-1": "by_hand"}
    told = [str(step.reason.message.msgid) for step in steps if step.reason is not None]
    assert all("sync unlink" in one and "sync pull" not in one for one in told)


def test_a_disk_that_refuses_leaves_all_pending(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_client(store, code="A")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(IoFailure):
            export(store, out)
    assert names(out) == []
    assert states(store) == {1: "pending"}
    assert statuses(export(store, out)) == {"A": "ok"}


KILL = """
import os, signal, sys
from pathlib import Path
from interop_cli.connectors.files import handover
name, when = handover._name, sys.argv[1]
def killed(temporary, final):
    if final.suffix == ".IMP" and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    name(temporary, final)
    if final.suffix == ".IMP":
        os.kill(os.getpid(), signal.SIGKILL)
handover._name = killed
from interop_cli.__main__ import main
sys.argv = ["interop", "--db", sys.argv[2], "sync", "export", "books", "--out", sys.argv[3]]
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.parametrize("when", ["before", "after"])
def test_21d_kill_9_around_the_rename(tmp_path: Path, when: str) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    db = str(tmp_path / "shop.db")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "INTEROP_DB": db}

    def interop(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*warm_command(), *args],
            capture_output=True,
            text=True,
            env=env,
            check=False,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
        )

    assert interop("db", "init").returncode == 0
    created = interop(
        "client",
        "create",
        "Un",
        "--line1",
        "1 rue A",
        "--city",
        "Québec",
        "--postal-code",
        "G1K 7X2",
    )
    assert created.returncode == 0
    assert interop("sync", "add", "books", "file", "--set", "profile=sage50").returncode == 0
    killed = WarmProcess([when, db, str(folder)], program=KILL, env=env, cwd=tmp_path)
    assert killed.wait(60) == -signal.SIGKILL
    assert len(list(folder.glob("*.IMP"))) == (when == "after")
    assert interop("sync", "export", "books", "--out", str(folder)).returncode == 0
    assert len(list(folder.glob("*.IMP"))) == 1
    assert not list(folder.glob(".*"))
    assert '"awaiting":1' in interop("sync", "status", "-o", "ndjson").stdout.replace(" ", "")


def test_no_file_of_a_batch_is_one_of_the_database(
    invoke: Run, sqlite_ready_url: str, tmp_path: Path
) -> None:
    """A profile may name its files as it likes; what a restore keeps is named so, too."""
    shipped = (SHIPPED / "csv.toml").read_text("utf-8")
    profile = tmp_path / "odd.toml"
    profile.write_text(re.sub(r"(?m)^file = .*$", 'file = "interop.db.before-{batch}"', shipped))
    db = ("--db", sqlite_ready_url)
    address = ("--line1", "1 rue A", "--city", "Québec", "--postal-code", "G1K 4A1")
    assert invoke(*db, "client", "create", "Acme", "--code", "ACME", *address).code == 0
    assert invoke(*db, "sync", "add", "books", "file", "--set", f"profile={profile}").code == 0
    there = sorted(tmp_path.iterdir())
    done = invoke(*db, "sync", "export", "books", "--out", tmp_path, "--json")
    assert (done.code, done.error["code"]) == (2, "usage.output.database")
    assert sorted(tmp_path.iterdir()) == there
    (tmp_path / "out").mkdir()
    done = invoke(*db, "sync", "export", "books", "--out", tmp_path / "out", "--json")
    assert (done.code, done.json["changed"]) == (0, 1)
