"""The repositories of a unit of work, each made when a service first asks for it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from interop_cli.store.sync.links import LinkRepository
    from interop_cli.store.sync.targets import TargetRepository
    from interop_cli.store.writing.repositories.addresses import AddressRepository
    from interop_cli.store.writing.repositories.clients import ClientRepository
    from interop_cli.store.writing.repositories.contacts import ContactRepository
    from interop_cli.store.writing.repositories.documents import DocumentRepository
    from interop_cli.store.writing.repositories.notes import BlobRepository, NoteRepository
    from interop_cli.store.writing.repositories.operations import OperationRepository
    from interop_cli.store.writing.repositories.persons import PersonRepository
    from interop_cli.store.writing.repositories.selection import Selection
    from interop_cli.store.writing.repositories.settings import SettingRepository, UserRepository
    from interop_cli.store.writing.repositories.totals import TotalRepository
    from interop_cli.store.writing.unit_of_work import UnitOfWork


class Repositories:
    """What a unit of work reads and writes with; it is itself the unit of work."""

    @property
    def _uow(self) -> UnitOfWork:
        return cast("UnitOfWork", self)

    @cached_property
    def clients(self) -> ClientRepository:
        """Clients and their former codes."""
        from interop_cli.store.writing.repositories.clients import ClientRepository

        return ClientRepository(self._uow)

    @cached_property
    def addresses(self) -> AddressRepository:
        """Addresses."""
        from interop_cli.store.writing.repositories.addresses import AddressRepository

        return AddressRepository(self._uow)

    @cached_property
    def contacts(self) -> ContactRepository:
        """Contacts."""
        from interop_cli.store.writing.repositories.contacts import ContactRepository

        return ContactRepository(self._uow)

    @cached_property
    def notes(self) -> NoteRepository:
        """Notes and their attachments."""
        from interop_cli.store.writing.repositories.notes import NoteRepository

        return NoteRepository(self._uow)

    @cached_property
    def blobs(self) -> BlobRepository:
        """Files, by their content."""
        from interop_cli.store.writing.repositories.notes import BlobRepository

        return BlobRepository(self._uow)

    @cached_property
    def documents(self) -> DocumentRepository:
        """Documents, their lines and numbers."""
        from interop_cli.store.writing.repositories.documents import DocumentRepository

        return DocumentRepository(self._uow)

    @cached_property
    def totals(self) -> TotalRepository:
        """Sales totals."""
        from interop_cli.store.writing.repositories.totals import TotalRepository

        return TotalRepository(self._uow)

    @cached_property
    def settings(self) -> SettingRepository:
        """The company's settings."""
        from interop_cli.store.writing.repositories.settings import SettingRepository

        return SettingRepository(self._uow)

    @cached_property
    def targets(self) -> TargetRepository:
        """The targets of sync."""
        from interop_cli.store.sync.targets import TargetRepository

        return TargetRepository(self._uow)

    @cached_property
    def links(self) -> LinkRepository:
        """What ties our records to those of the targets."""
        from interop_cli.store.sync.links import LinkRepository

        return LinkRepository(self._uow)

    @cached_property
    def person(self) -> PersonRepository:
        """A person, to be erased."""
        from interop_cli.store.writing.repositories.persons import PersonRepository

        return PersonRepository(self._uow)

    @cached_property
    def users(self) -> UserRepository:
        """The roles of users."""
        from interop_cli.store.writing.repositories.settings import UserRepository

        return UserRepository(self._uow)

    @cached_property
    def operations(self) -> OperationRepository:
        """Past operations, for undo."""
        from interop_cli.store.writing.repositories.operations import OperationRepository

        return OperationRepository(self._uow)

    @cached_property
    def selection(self) -> Selection:
        """The clients a bulk command works on."""
        from interop_cli.store.writing.repositories.selection import Selection

        return Selection(self._uow)
