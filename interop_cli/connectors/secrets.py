"""Where secrets are kept: a file named in the environment, the keyring, else a private file.

A secret is a small JSON object; one that has a single value may be given as plain text. It is tied
to its target by an id that the target keeps through renames and restores, so that a test database
cannot use the token of the real one. Files are 0600 in a 0700 folder, and refused when looser.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from interop_cli import disk
from interop_cli.connectors.protocol import Secret
from interop_cli.disk import expanded, homeless, sync_folder, unlock, wait_for_lock
from interop_cli.domain.errors import (
    ConfigError,
    Denied,
    InvalidData,
    IoFailure,
    why,
    why_not_written,
)
from interop_cli.domain.messages import msg

SERVICE = "interop"
MAX_SECRET = 16 * 1024


def variable(target: str, what: str) -> str:
    """The name of an environment variable about a target: ``INTEROP_CRM_TOKEN_FILE``."""
    name = "".join(char if char.isalnum() else "_" for char in target.upper())
    return f"INTEROP_{name}_{what}"


def parsed(text: str, names: Sequence[str], *, spaced: bool = False) -> Secret:
    """A secret as a person gave it: JSON, or plain text where one name is enough.

    ``spaced``: it may have spaces in it, since it goes into no header.

    Raises InvalidData ``sync.secret.format``, never with any part of it.
    """
    text = text.strip()
    try:
        found = json.loads(text) if text.startswith("{") else {names[0]: text}
    except (ValueError, RecursionError):
        found = None
    missing = [name for name in names if not isinstance(found, dict) or not found.get(name)]
    # A line break in a header would be refused with an error that shows the header.
    plain = isinstance(found, dict) and all(
        isinstance(value, int | float)
        or (
            isinstance(value, str)
            and value.isascii()
            and value.isprintable()
            and (spaced or " " not in value)
        )
        for value in found.values()
    )
    if missing or not plain or (len(names) > 1 and not text.startswith("{")):
        raise InvalidData(
            "sync.secret.format",
            msg("The secret is not of the form this target needs."),
            hint=msg(
                "Give {names}: as a JSON object, or as plain text where it is one.",
                names=", ".join(names),
            ),
        )
    return dict(found)  # type: ignore[arg-type]


class TargetSecrets:
    """The secret of one target.

    ``folder`` is where private files are kept; None where this user has no home to keep them in.
    """

    def __init__(
        self,
        name: str,
        uid: str,
        names: Sequence[str],
        environ: Mapping[str, str],
        folder: Path | None,
    ) -> None:
        self.name = name
        self.uid = uid
        self.names = names
        self.environ = environ
        self.folder = folder

    def read(self) -> Secret | None:
        """The secret, from wherever it is; None where there is none.

        Raises Denied ``sync.secret.mode`` for a file that others can read, ConfigError
        ``sync.secret.file`` for one that is damaged.
        """
        if chosen := self._chosen():
            return parsed(_private(chosen), self.names)
        stored = self._from_keyring()
        if stored is None and self._there():
            stored = _private(self.path)
        if stored is None:
            return None
        try:
            return dict(json.loads(stored))
        except (ValueError, TypeError):
            raise ConfigError(
                "sync.secret.file",
                msg("The secret that is kept of {target} is damaged.", target=self.name),
                hint=msg("interop sync connect {target}", target=self.name),
            ) from None

    def save(self, secret: Secret) -> None:
        """Keep a secret: on the disk, or in the keyring, when this returns."""
        text = json.dumps(secret)
        if chosen := self._chosen():
            with _writing(chosen):
                _write(chosen, text)
            return
        ring = _keyring(self.environ)
        if ring is not None:
            with contextlib.suppress(Exception):  # a locked or broken keyring: the file then
                ring.set_password(SERVICE, self._ring_name, text)
                if self._there():
                    self.path.unlink(missing_ok=True)
                return
        path = self.path
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(path, text)

    def forget(self) -> None:
        """Remove the secret, except from a file that the environment names."""
        ring = _keyring(self.environ)
        if ring is not None:
            with contextlib.suppress(Exception):
                ring.delete_password(SERVICE, self._ring_name)
        if self._there():
            with _writing(self.path):
                self.path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Be alone with this secret, among all processes of this user."""
        lock = self.path.with_suffix(".lock")
        with _writing(lock):
            lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with _writing(lock):
                wait_for_lock(descriptor)
            yield
            unlock(descriptor)
        finally:
            os.close(descriptor)

    @property
    def path(self) -> Path:
        """The private file; raises ConfigError ``config.home`` where it has no place."""
        if self.folder is None:
            raise homeless("INTEROP_CONFIG")
        return self.folder / f"{self.uid}.json"

    def _there(self) -> bool:
        try:
            return self.folder is not None and self.path.exists()
        except OSError as error:  # a folder that may not be looked into
            raise _unreadable(error) from None

    @property
    def place(self) -> str:
        """Where the secret is kept, for people: ``environment``, ``keyring``, ``file``, ``-``."""
        if self.environ.get(variable(self.name, "TOKEN_FILE")):
            return "environment"
        if self._from_keyring() is not None:
            return "keyring"
        return "file" if self._there() else "-"

    def _chosen(self) -> Path | None:
        """The file that the environment names."""
        name = variable(self.name, "TOKEN_FILE")
        chosen = self.environ.get(name)
        return Path(expanded(chosen, name)) if chosen else None

    @property
    def _ring_name(self) -> str:
        return f"{self.name}:{self.uid}"

    def _from_keyring(self) -> str | None:
        ring = _keyring(self.environ)
        if ring is None:
            return None
        try:
            found = ring.get_password(SERVICE, self._ring_name)
        except Exception:  # noqa: BLE001 - a keyring may raise what it likes
            return None
        return found if isinstance(found, str) else None


def _keyring(environ: Mapping[str, str]) -> Any:
    """The keyring, where one is installed and not turned off."""
    if environ.get("INTEROP_NO_KEYRING", "") not in ("", "0", "false"):
        return None
    try:
        import keyring
        import keyring.backends.fail
    except ImportError:
        return None
    try:
        found = keyring.get_keyring()
    except Exception:  # noqa: BLE001 - it looks for its settings, in a home that may be missing
        return None
    if isinstance(found, keyring.backends.fail.Keyring):
        return None
    return keyring


def _private(path: Path) -> str:
    """The text of a file that only its owner can read."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError("sync.secret.file", msg("The secret's file is not a file."))
            if not disk.WINDOWS and status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise Denied(
                    "sync.secret.mode",
                    msg("Others can read the secret in {path}; it is refused.", path=str(path)),
                    hint=msg("chmod 600 {path}", path=str(path)),
                )
            text = file.read(MAX_SECRET + 1)
    except OSError as error:
        raise _unreadable(error) from None
    if len(text) > MAX_SECRET:
        raise ConfigError("sync.secret.file", msg("The secret's file is too long."))
    return text.decode("utf-8", "replace")


def _unreadable(error: OSError) -> IoFailure:
    return IoFailure("sync.secret.file", msg("The secret cannot be read: {why}.", why=why(error)))


def _write(path: Path, text: str) -> None:
    """Replace a private file, durably: the new secret is on the disk before it is used."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn a refusal of the disk into IoFailure ``sync.secret.file``."""
    try:
        yield
    except OSError as error:
        reason = why_not_written(error)
        raise IoFailure(
            "sync.secret.file",
            msg("{path} cannot be written: {reason}.", path=str(path), reason=reason),
            hint=msg("Secrets lie beside the settings file, which INTEROP_CONFIG names."),
        ) from error
