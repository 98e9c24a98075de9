"""The unit of work: one operation in one transaction, with the repositories it is done with.

A repository is made, and its module read, when a service first asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from interop_cli.store.engines.connection import Connection, query_in_chunks
from interop_cli.store.writing.journal import Operation
from interop_cli.store.writing.writer import Writer

if TYPE_CHECKING:
    from interop_cli.store.sync.departures import DepartureRepository
    from interop_cli.store.sync.links import LinkRepository
    from interop_cli.store.sync.log import SyncLogRepository
    from interop_cli.store.sync.orphans import OrphanRepository
    from interop_cli.store.sync.targets import TargetRepository
    from interop_cli.store.writing.repositories.addresses import AddressRepository
    from interop_cli.store.writing.repositories.candidates import Candidates
    from interop_cli.store.writing.repositories.clients import ClientRepository
    from interop_cli.store.writing.repositories.contacts import ContactRepository
    from interop_cli.store.writing.repositories.documents import DocumentRepository
    from interop_cli.store.writing.repositories.mailings import MailingRepository
    from interop_cli.store.writing.repositories.notes import BlobRepository, NoteRepository
    from interop_cli.store.writing.repositories.operations import OperationRepository
    from interop_cli.store.writing.repositories.persons import PersonRepository
    from interop_cli.store.writing.repositories.selection import Selection
    from interop_cli.store.writing.repositories.settings import SettingRepository, UserRepository
    from interop_cli.store.writing.repositories.totals import TotalRepository


class UnitOfWork:
    """What a service reads and writes with. Made by ``Store.run`` only."""

    def __init__(
        self, conn: Connection, operation: Operation, today: str, *, again: bool = False
    ) -> None:
        self.conn = conn
        self.writer = Writer(conn, operation, again=again)
        self.today = today

    @property
    def now(self) -> str:
        """When the operation began: the time of everything it writes."""
        return self.writer.now

    @property
    def actor(self) -> str:
        """Who does it."""
        return self.writer.operation.actor

    @property
    def touched(self) -> set[tuple[str, int]]:
        """Rows that were saved and found different: (table, id)."""
        return self.writer.touched

    def in_turn(self, what: str) -> None:
        """Wait for the others who do ``what``; see ``Connection.in_turn``."""
        self.conn.in_turn(what)

    def owners_by_uid(self, table: str, uids: Iterable[object]) -> dict[object, int]:
        """Of these uids, those that rows of a table have: uid -> the client they belong to."""
        sql = f"SELECT uid, client_id FROM {table} WHERE uid IN ({{places}})"
        return {row["uid"]: row["client_id"] for row in query_in_chunks(self.conn, sql, uids)}

    @cached_property
    def clients(self) -> ClientRepository:
        """Clients and their former codes."""
        from interop_cli.store.writing.repositories.clients import ClientRepository

        return ClientRepository(self.writer)

    def candidates(self) -> Candidates:
        """An empty set of the clients that rows may be about."""
        from interop_cli.store.writing.repositories.candidates import Candidates

        return Candidates(self.conn)

    @cached_property
    def addresses(self) -> AddressRepository:
        """Addresses."""
        from interop_cli.store.writing.repositories.addresses import AddressRepository

        return AddressRepository(self.writer)

    @cached_property
    def contacts(self) -> ContactRepository:
        """Contacts."""
        from interop_cli.store.writing.repositories.contacts import ContactRepository

        return ContactRepository(self.writer)

    @cached_property
    def notes(self) -> NoteRepository:
        """Notes and their attachments."""
        from interop_cli.store.writing.repositories.notes import NoteRepository

        return NoteRepository(self.writer)

    @cached_property
    def blobs(self) -> BlobRepository:
        """Files, by their content."""
        from interop_cli.store.writing.repositories.notes import BlobRepository

        return BlobRepository(self.writer)

    @cached_property
    def documents(self) -> DocumentRepository:
        """Documents, their lines and numbers."""
        from interop_cli.store.writing.repositories.documents import DocumentRepository

        return DocumentRepository(self.writer)

    @cached_property
    def mailings(self) -> MailingRepository:
        """What was sent by e-mail."""
        from interop_cli.store.writing.repositories.mailings import MailingRepository

        return MailingRepository(self.writer)

    @cached_property
    def totals(self) -> TotalRepository:
        """Sales totals."""
        from interop_cli.store.writing.repositories.totals import TotalRepository

        return TotalRepository(self.writer)

    @cached_property
    def settings(self) -> SettingRepository:
        """The company's settings."""
        from interop_cli.store.writing.repositories.settings import SettingRepository

        return SettingRepository(self.writer)

    @cached_property
    def targets(self) -> TargetRepository:
        """The targets of sync."""
        from interop_cli.store.sync.targets import TargetRepository

        return TargetRepository(self.writer)

    @cached_property
    def departures(self) -> DepartureRepository:
        """What of ours is to go in the targets."""
        from interop_cli.store.sync.departures import DepartureRepository

        return DepartureRepository(self.writer)

    @cached_property
    def orphans(self) -> OrphanRepository:
        """Records there with a key of ours that nobody here has."""
        from interop_cli.store.sync.orphans import OrphanRepository

        return OrphanRepository(self.writer)

    @cached_property
    def links(self) -> LinkRepository:
        """What ties our records to those of the targets."""
        from interop_cli.store.sync.links import LinkRepository

        return LinkRepository(self.writer)

    @cached_property
    def sync_log(self) -> SyncLogRepository:
        """What was called about our records there, and what came of it."""
        from interop_cli.store.sync.log import SyncLogRepository

        return SyncLogRepository(self.writer)

    @cached_property
    def person(self) -> PersonRepository:
        """A person, to be erased."""
        from interop_cli.store.writing.repositories.persons import PersonRepository

        return PersonRepository(self.writer, self.notes)

    @cached_property
    def users(self) -> UserRepository:
        """The roles of users."""
        from interop_cli.store.writing.repositories.settings import UserRepository

        return UserRepository(self.writer)

    @cached_property
    def operations(self) -> OperationRepository:
        """Past operations, for undo."""
        from interop_cli.store.writing.repositories.operations import OperationRepository

        return OperationRepository(self.writer)

    @cached_property
    def selection(self) -> Selection:
        """The clients a bulk command works on."""
        from interop_cli.store.writing.repositories.selection import Selection

        return Selection(self.writer, self.clients)
