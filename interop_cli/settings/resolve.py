"""``Settings``: the value of a setting, and who set it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interop_cli.disk import known, user_folder
from interop_cli.domain.errors import ConfigError
from interop_cli.domain.messages import msg
from interop_cli.settings import userfile
from interop_cli.settings.table import (
    SETTINGS,
    BadValue,
    Setting,
    SettingScope,
    SettingType,
    Value,
    from_text,
    setting,
    to_text,
)

if TYPE_CHECKING:
    from interop_cli.connectors.secrets import TargetSecrets


Found = tuple[Any, str]  # the value and its origin
ReadSecret = Callable[[str, Mapping[str, str], Path | None], Found | None]
HIDDEN = "********"


class Settings:
    """Resolves option > environment > company > user file > default.

    ``options`` are those typed (``None``: not typed); ``company`` gives the company's settings as
    texts, and is called only when one of them is asked for and nothing above it answers. ``path``
    is the user's file; by default ``INTEROP_CONFIG``, else the platform's folder. ``secrets`` reads
    a secret setting from where it is kept (see ``usersecrets``).
    """

    def __init__(
        self,
        options: Mapping[str, object],
        environ: Mapping[str, str],
        company: Callable[[], Mapping[str, str]],
        path: Path | None = None,
        secrets: ReadSecret | None = None,
    ) -> None:
        self._options = options
        self._environ = environ
        self._read_company = company
        self._path = path
        self._read_secret = secrets

    def get(self, name: str) -> Any:
        """The value, of the type that the table says (seconds are ``float``, lists ``list``).

        Raises ``ConfigError`` for an unknown name or a value that does not fit.
        """
        return self._find(setting(name))[0]

    def origin(self, name: str) -> str:
        """Who set it: ``option environment company file default``; a secret: ``keyring`` too."""
        return self._find(setting(name))[1]

    def all(self, scope: SettingScope | str | None = None) -> list[tuple[str, Any, str]]:
        """``(name, value, origin)`` of every setting, or of those of ``scope``."""
        rows = [row for row in SETTINGS.values() if scope in (None, row.scope)]
        return [(row.name, *self._find(row)) for row in rows]

    def user_path(self) -> Path:
        """The user's file, whether it exists or not.

        Raises ConfigError ``config.home`` where it would be in a home folder that nobody knows.
        """
        return self._path or userfile.user_path(self._environ)

    def known_path(self) -> Path | None:
        """The same; None where there is no home folder, and so no file."""
        try:
            return self.user_path()
        except ConfigError:
            return None

    @property
    def secrets_folder(self) -> Path | None:
        """Where this user's secrets are kept where there is no keyring; None without a home."""
        path = self.known_path()
        return path.parent / "secrets" if path else None

    def set_user(self, name: str, text: str) -> None:
        """Write one setting into the user's file, which keeps its comments."""
        userfile.change(self.user_path(), name, parse(name, text))
        self.__dict__.pop("_file", None)

    def unset_user(self, name: str) -> bool:
        """Take one setting out of the user's file; whether it was there."""
        removed = userfile.change(self.user_path(), name, None)
        self.__dict__.pop("_file", None)
        return removed

    def _find(self, row: Setting) -> Found:
        if row.shared:
            if row.name in self._company:
                return _read(row, self._company[row.name], row.name), "company"
            return _default(row), "default"
        typed = self._options.get(row.name)
        if typed is not None:
            value = _read(row, typed, "--" + row.name) if isinstance(typed, str) else typed
            return value, "option"
        variable, text = _from_environment(row, self._environ)
        if text:
            return _read(row, text, variable), "environment"
        if row.secret:
            return self._kept(row.name) or (_default(row), "default")
        if row.scope is SettingScope.COMPANY and row.name in self._company:
            return _read(row, self._company[row.name], row.name), "company"
        if row.name in self._file:
            return _copied(self._file[row.name]), "file"
        return _default(row), "default"

    def _kept(self, name: str) -> Found | None:
        if self._read_secret is None:
            return None
        return self._read_secret(name, self._environ, self.secrets_folder)

    @cached_property
    def _company(self) -> Mapping[str, str]:
        return self._read_company()

    @cached_property
    def _file(self) -> Mapping[str, Value]:
        path = self.known_path()
        return userfile.read(path) if path else {}


def parse(name: str, text: str) -> Value:
    """The value that ``text`` means for the setting ``name``.

    A list is separated by commas, or a JSON array. Raises ``ConfigError``.
    """
    return _read(setting(name), text, name)


def format(name: str, value: object) -> str:
    """The text that stands for ``value``: ``parse`` gives it back, but for a secret."""
    if setting(name).secret and value:
        return HIDDEN
    return to_text(value)


def _read(row: Setting, text: str, place: str) -> Value:
    try:
        return from_text(row, text)
    except BadValue as error:
        raise ConfigError(
            "config.value",
            msg("{place} must be {wanted}.", place=place, wanted=error.wanted),
            name=row.name,
        ) from None


def _from_environment(row: Setting, environ: Mapping[str, str]) -> tuple[str, str]:
    """The variable that speaks for ``row``, and what it says; an empty one says nothing."""
    text = environ.get(row.variable, "")
    if not text and row.name == "no_input" and environ.get("CI", "") not in ("", "0", "false"):
        return "CI", "true"
    if not text and row.name == "color":
        if environ.get("NO_COLOR"):
            return "NO_COLOR", "never"
        if environ.get("FORCE_COLOR"):
            return "FORCE_COLOR", "always"
    return row.variable, text


def _default(row: Setting) -> Any:
    if row.type is SettingType.PATH and row.default is None:
        asked = "user_data_dir", ".local/share", "XDG_DATA_HOME"
        folder = known(lambda: user_folder(*asked), row.variable)
        return str(Path(folder) / "interop.db")
    return _copied(row.default)


def _copied(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


def keeper(name: str, environ: Mapping[str, str], folder: Path | None) -> TargetSecrets:
    """Where the secret setting ``name`` is kept: ``places.key`` under ``places``.

    A file named in ``INTEROP_PLACES_TOKEN_FILE``, the keyring, or a private file.
    """
    from interop_cli.connectors.secrets import TargetSecrets

    group, _, value = name.partition(".")
    return TargetSecrets(group, group, (value,), environ, folder)


def read(name: str, environ: Mapping[str, str], folder: Path | None) -> tuple[str, str] | None:
    """A secret setting and its place, or None where there is none."""
    kept = keeper(name, environ, folder)
    secret = kept.read()
    value = (secret or {}).get(name.partition(".")[2])
    return (str(value), kept.place) if value else None
