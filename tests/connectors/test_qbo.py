"""QuickBooks Online: the contract of every connector, and what is QuickBooks' own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from interop_cli.connectors.qbo import QuickBooks
from interop_cli.domain.sync.records import Local
from tests.connectors.contract import ConnectorContract
from tests.connectors.support import client, target, tools
from tests.fakes.qbo import REALM, FakeQuickBooks


@pytest.fixture
def fake() -> Iterator[FakeQuickBooks]:
    with FakeQuickBooks() as company:
        yield company


@pytest.fixture
def connector(fake: FakeQuickBooks) -> Iterator[QuickBooks]:
    made = QuickBooks(target("qbo", realm_id=REALM), tools(fake.url, fake.secret))
    made.connect()
    made.traces()
    fake.calls.clear()
    yield made
    made.close()


@pytest.fixture
def make() -> Callable[..., Local]:
    return client


class TestContract(ConnectorContract):
    write = "^POST .*/(customer|batch)"
