"""What every connector that speaks HTTP must do, whatever its remote; each one subclasses this.

A subclass gives the fixtures ``fake`` (a started ``FakeServer`` with the few methods of
``FakeRemote``), ``connector`` (connected to it) and ``make`` (a ``Local`` of a client, by number).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from interop_cli.connectors.protocol import Connector, Grant, Untold
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.payload import differences
from interop_cli.domain.sync.records import Action, Done, Failed, LocalRecord, RemoteRecord, Send
from tests.fakes.server import Reply

Make = Callable[..., LocalRecord]


class FakeRemote(Protocol):
    """What the contract asks of a fake besides being a server."""

    token: str
    calls: list[Any]
    violations: list[str]

    def fail(self, kind: str, **how: Any) -> Any: ...
    def writes(self) -> list[Any]: ...
    def held(self) -> dict[str, dict[str, Any]]:
        """The live records of clients: remote id -> what is held, in the remote's own names."""

    def touch(self, remote_id: str) -> None:
        """Change something that is not ours on a record, as a person there would."""

    def remove(self, remote_id: str) -> None:
        """Delete (or merge away) a record, as a person there would."""

    def valid_change(self) -> dict[str, Any]:
        """Columns of a client to change so that a payload changes."""

    def invalid_change(self) -> tuple[dict[str, Any], str]:
        """Columns that the remote itself refuses, and the field of ours it is about."""


def create(connector: Connector, local: LocalRecord, attempt: str | None = None) -> Send:
    """A create of ``local``."""
    payload = connector.payload(local)
    return Send(
        local.entity,
        local.id,
        local.key,
        Action.CREATE,
        payload,
        tuple(payload),
        attempt or str(uuid.uuid4()),
    )


def update(
    connector: Connector, local: LocalRecord, remote: RemoteRecord, base: dict[str, Any]
) -> Send:
    """An update of the record ``remote`` from ``base`` to what ``local`` is now."""
    payload = connector.payload(local)
    changed = tuple(change.field for change in differences(base, payload))
    return Send(
        local.entity,
        local.id,
        local.key,
        Action.UPDATE,
        payload,
        changed,
        str(uuid.uuid4()),
        remote.remote_id,
        remote.version,
        base,
    )


def only(results: list[Any]) -> Any:
    """The one result of a push of one record."""
    assert len(results) == 1
    return results[0]


class ConnectorContract:
    """The contract. ``write`` matches the calls of the fake that create (a regex); ``counted`` is
    what the remote changes by itself with each write, in its own names; ``tells_what_went`` is
    False where ``changes`` always raises ``Untold``.
    """

    write = "^(POST|PUT|PATCH)"
    counted = frozenset({"SyncToken", "MetaData", "hs_lastmodifieddate", "lastmodifieddate"})
    tells_what_went = True

    def pushed(self, connector: Connector, local: LocalRecord) -> RemoteRecord:
        """Push ``local`` as new; the record as it then is over there."""
        done = only(connector.push(Action.CREATE, [create(connector, local)]))
        assert isinstance(done, Done), done
        return connector.fetch(local.entity, [done.remote_id])[done.remote_id]

    @pytest.fixture(autouse=True)
    def published_contract(self, fake: FakeRemote) -> Any:
        yield
        assert not fake.violations

    # -- pure -----------------------------------------------------------------------------------

    def test_a_payload_has_the_fields_of_its_descriptor(
        self, connector: Connector, make: Make
    ) -> None:
        local = make(1)
        descriptor = connector.descriptor(local.entity)
        payload = connector.payload(local)
        assert set(payload) == {field.name for field in descriptor.sent()}
        assert connector.payload(local) == payload
        assert descriptor.problems(payload) == []

    def test_what_does_not_fit_is_said_and_never_cut(
        self, connector: Connector, make: Make
    ) -> None:
        payload = connector.payload(make(1, name="N" * 2000))
        problems = connector.descriptor("client").problems(payload)
        limited = connector.descriptor("client").named("name")
        assert limited is not None
        if limited.max_length is not None:
            assert "name" in {problem.field for problem in problems}
        assert payload["name"] == "N" * 2000

    def test_it_declares_what_it_is(self, connector: Connector) -> None:
        assert connector.entities[0] == "client"
        assert connector.only_read < set(connector.entities)
        assert all(one.help for one in connector.settings)
        named = {one.name for one in connector.settings}
        oauth = connector.oauth
        if oauth is None:
            return
        assert oauth.scopes
        assert bool(oauth.authorize_url) is (oauth.grant is Grant.CODE)
        assert oauth.tenant in {None, *named}
        assert {"client_id", "client_secret"} <= set(connector.secret_names)

    def test_it_knows_which_system_it_is(self, connector: Connector) -> None:
        first = connector.identity()
        assert first is not None
        assert first.id
        assert first.name
        assert connector.identity() == first

    # -- one record there and back ----------------------------------------------------------------

    def test_create_then_fetch_gives_back_the_payload(
        self, connector: Connector, make: Make, fake: FakeRemote
    ) -> None:
        local = make(1)
        payload = connector.payload(local)
        remote = self.pushed(connector, local)
        known = {name: payload[name] for name in remote.values}
        assert remote.values == known
        assert len(known) > 1
        assert len(fake.held()) == 1

    def test_several_at_once(self, connector: Connector, make: Make, fake: FakeRemote) -> None:
        count = min(connector.batch_size, 25)
        sends = [create(connector, make(number)) for number in range(1, count + 1)]
        results = connector.push(Action.CREATE, sends)
        assert {result.id for result in results} == {send.id for send in sends}
        assert all(isinstance(result, Done) for result in results)
        assert len({result.remote_id for result in results}) == count == len(fake.held())

    def test_update_leaves_what_is_not_ours(
        self, connector: Connector, make: Make, fake: FakeRemote
    ) -> None:
        local = make(1)
        first = self.pushed(connector, local)
        fake.touch(first.remote_id)
        held = dict(fake.held()[first.remote_id])
        now = connector.fetch("client", [first.remote_id])[first.remote_id]
        changed = make(1, **fake.valid_change())
        send = update(connector, changed, now, connector.payload(local))
        assert 0 < len(send.changed) < len(send.payload)
        done = only(connector.push(Action.UPDATE, [send]))
        assert isinstance(done, Done)
        after = fake.held()[first.remote_id]
        differing = {name for name in held if held[name] != after.get(name)}
        assert len(differing - self.counted) <= len(send.changed)

    def test_a_version_that_is_old_is_refused_where_it_knows_versions(
        self, connector: Connector, make: Make, fake: FakeRemote
    ) -> None:
        local = make(1)
        first = self.pushed(connector, local)
        fake.touch(first.remote_id)
        held = fake.held()
        send = update(connector, make(1, **fake.valid_change()), first, connector.payload(local))
        result = only(_results(connector, send))
        if connector.knows_versions:
            assert isinstance(result, Failed)
            assert result.trouble.kind is TroubleKind.STALE
            assert fake.held() == held
        else:
            assert isinstance(result, Done)

    def test_changes_since_a_time_are_told(
        self, connector: Connector, make: Make, fake: FakeRemote
    ) -> None:
        made, gone = (self.pushed(connector, make(number)).remote_id for number in (1, 2))
        fake.touch(made)
        fake.remove(gone)
        if not self.tells_what_went:
            with pytest.raises(Untold):
                list(connector.changes("client", "2026-11-20T00:00:00Z"))
            return
        changed = connector.changes("client", "2026-11-20T00:00:00Z")
        told = {remote.remote_id: remote.gone for remote in changed}
        assert (told.get(made), told.get(gone)) == (False, True)

    def test_lookup_finds_what_a_lost_answer_made(
        self, connector: Connector, make: Make, fake: FakeRemote
    ) -> None:
        send = create(connector, make(1))
        assert connector.lookup([send]) == {}
        fake.fail("drop", when="after", match=self.write)
        with pytest.raises(Trouble) as trouble:
            connector.push(Action.CREATE, [send])
        assert trouble.value.kind is TroubleKind.UNKNOWN
        found = connector.lookup([send])
        assert set(found) == {send.id}
        assert set(fake.held()) == {found[send.id].remote_id}

    def test_the_same_attempt_again_makes_no_second_record(
        self, connector: Connector, make: Make, fake: FakeRemote
    ) -> None:
        send = create(connector, make(1))
        connector.push(Action.CREATE, [send])
        connector.push(Action.CREATE, [send])
        assert len(fake.held()) == 1

    def test_a_record_removed_there_is_gone(
        self, connector: Connector, make: Make, fake: FakeRemote
    ) -> None:
        local = make(1)
        remote = self.pushed(connector, local)
        fake.remove(remote.remote_id)
        found = connector.fetch("client", [remote.remote_id]).get(remote.remote_id)
        assert found is None or found.gone or found.remote_id != remote.remote_id
        send = update(connector, make(1, **fake.valid_change()), remote, connector.payload(local))
        failed = only(_results(connector, send))
        assert isinstance(failed, Failed)
        assert failed.trouble.kind is TroubleKind.GONE

    def test_everything_lists_what_is_there(self, connector: Connector, make: Make) -> None:
        assert connector.is_empty()
        made = {self.pushed(connector, make(number)).remote_id for number in (1, 2, 3)}
        assert {remote.remote_id for remote in connector.everything("client")} == made
        assert not connector.is_empty()

    def test_a_refusal_names_our_field(
        self, connector: Connector, make: Make, fake: FakeRemote
    ) -> None:
        change, field = fake.invalid_change()
        failed = only(_results(connector, create(connector, make(1, **change))))
        assert isinstance(failed, Failed)
        assert failed.trouble.kind is TroubleKind.VALIDATION
        assert failed.trouble.field == field
        assert fake.held() == {}

    # -- calls that fail as a whole ---------------------------------------------------------------

    @pytest.mark.parametrize(
        ("mishap", "kind"),
        [
            ({"kind": "drop"}, TroubleKind.UNKNOWN),
            ({"kind": "close"}, TroubleKind.UNKNOWN),
            ({"kind": "half"}, TroubleKind.UNKNOWN),
            ({"kind": "garbage"}, TroubleKind.UNKNOWN),
            ({"kind": "gzip"}, TroubleKind.UNKNOWN),
            ({"kind": "huge"}, TroubleKind.UNKNOWN),
            ({"kind": "drip"}, TroubleKind.UNKNOWN),
            ({"kind": "reply", "reply": Reply(500, {})}, TroubleKind.UNKNOWN),
            ({"kind": "reply", "reply": Reply(503, None)}, TroubleKind.UNKNOWN),
            ({"kind": "reply", "reply": Reply(429, {}, {"Retry-After": "7"})}, TroubleKind.RETRY),
            ({"kind": "redirect", "reply": Reply(302)}, TroubleKind.FORBIDDEN),
            ({"kind": "redirect", "reply": Reply(307)}, TroubleKind.FORBIDDEN),
            ({"kind": "reply", "reply": Reply(403, {})}, TroubleKind.FORBIDDEN),
            ({"kind": "echo", "reply": Reply(403)}, TroubleKind.FORBIDDEN),
            ({"kind": "echo", "reply": Reply(500)}, TroubleKind.UNKNOWN),
        ],
        ids=lambda value: (
            f"{value['kind']}{value['reply'].status if 'reply' in value else ''}"
            if isinstance(value, dict)
            else str(value)
        ),
    )
    def test_a_failing_call_has_its_class(
        self,
        connector: Connector,
        make: Make,
        fake: FakeRemote,
        mishap: dict[str, Any],
        kind: TroubleKind,
    ) -> None:
        fake.fail(match=self.write, times=9, **mishap)
        with pytest.raises(Trouble) as trouble:
            connector.push(Action.CREATE, [create(connector, make(1))])
        assert trouble.value.kind is kind
        assert fake.token not in repr(trouble.value.__dict__) + str(trouble.value)
        assert fake.token not in repr(connector.traces())
        if mishap.get("reply") and mishap["reply"].status == 429:
            assert trouble.value.retry_after == 7

    @pytest.mark.parametrize("answer", [{}, [], {"errors": []}])
    def test_an_answer_that_says_nothing_is_no_empty_list(
        self, connector: Connector, make: Make, fake: FakeRemote, answer: Any
    ) -> None:
        made, send = self.pushed(connector, make(1)).remote_id, create(connector, make(2))
        reads: list[Callable[[], Any]] = [
            connector.is_empty,
            lambda: connector.lookup([send]),
            lambda: connector.fetch("client", [made]),
            lambda: list(connector.everything("client")),
        ]
        if self.tells_what_went:
            reads.append(lambda: list(connector.changes("client", "2026-11-20T00:00:00Z")))
        for read in reads:
            assert read() is not None
            fake.fail("reply", reply=Reply(200, answer), times=1)
            with pytest.raises(Trouble) as trouble:
                read()
            assert trouble.value.kind is TroubleKind.RETRY

    def test_nobody_there(self, connector: Connector, make: Make, fake: Any) -> None:
        connector.close()  # or the line that is still open would be answered
        fake.__exit__()
        try:
            with pytest.raises(Trouble) as trouble:
                connector.push(Action.CREATE, [create(connector, make(1))])
            assert trouble.value.kind is TroubleKind.RETRY
        finally:
            fake.__enter__()

    def test_every_call_leaves_a_trace(self, connector: Connector, make: Make) -> None:
        connector.traces()
        connector.push(Action.CREATE, [create(connector, make(1))])
        traces = connector.traces()
        assert traces
        assert all(trace.status == 200 or trace.status == 201 for trace in traces)
        assert connector.traces() == []


def _results(connector: Connector, send: Send) -> list[Any]:
    """The results of a push of one record, its trouble too where it was raised."""
    try:
        return connector.push(send.action, [send])
    except Trouble as trouble:
        return [Failed(send.id, trouble)]
