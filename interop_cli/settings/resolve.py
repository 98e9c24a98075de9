"""``Settings``: the value of a setting, and who set it; and the user's own file, ``config.toml``.

The file is read strictly, and changed without losing a comment. Its errors name the file and the
key and never a value, which may be a password in a database address.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interop_cli.disk import expanded, known, sync_folder, user_folder
from interop_cli.domain.errors import ConfigError, IoFailure
from interop_cli.domain.messages import Message, msg
from interop_cli.settings.table import (
    SETTINGS,
    BadValue,
    Setting,
    SettingScope,
    SettingType,
    Value,
    from_text,
    from_toml,
    nearest,
    setting,
    to_text,
)

if TYPE_CHECKING:
    from interop_cli.connectors.secrets import TargetSecrets

PLACE = "INTEROP_CONFIG"
_ELSEWHERE = msg("Name another settings file in {variable}.", variable=PLACE)


def user_path(environ: Mapping[str, str]) -> Path:
    """``INTEROP_CONFIG``, else ``interop/config.toml`` in the platform's folder.

    Raises ConfigError ``config.home`` where that is in a home folder nobody knows.
    """
    if chosen := environ.get(PLACE):
        return Path(expanded(chosen, PLACE))
    folder = known(lambda: user_folder("user_config_dir", ".config", "XDG_CONFIG_HOME"), PLACE)
    return Path(folder) / "config.toml"


def read_file(path: Path) -> dict[str, Value]:
    """The settings in the file, by dotted name; none where there is no file.

    Raises ``ConfigError``: ``config.file`` (not readable, not TOML), ``config.unknown``,
    ``config.value``.
    """
    text = _text_of(path)
    if text is None:
        return {}
    import tomllib

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(path, error) from None
    return {name: _value_in(path, name, value) for name, value in _flat(document)}


def change_file(path: Path, name: str, value: Value | None) -> bool:
    """Set ``name`` to ``value``, or take it out (``None``); whether it was there before.

    The file is replaced as a whole, and only its owner can read it.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    if value is not None:
        setting(name)
    text = _text_of(path) or ""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise _not_toml(path, error) from None
    try:
        was_there = _put(document, name.split("."), value)
    except TypeError:
        raise _problem(path, name, msg("a table")) from None
    if value is not None or was_there:
        _write(path, tomlkit.dumps(document))
    return was_there


def _put(table: Any, path: list[str], value: Value | None) -> bool:
    """Put ``value`` at ``path``; tables that become empty go."""
    import tomlkit

    key, *rest = path
    if not rest:
        was_there = key in table
        if value is not None:
            table[key] = value
        elif was_there:
            del table[key]
        return was_there
    if key not in table:
        if value is None:
            return False
        table[key] = tomlkit.table()
    if not isinstance(table[key], dict):
        raise TypeError(key)
    was_there = _put(table[key], rest, value)
    if value is None and not table[key]:
        del table[key]
    return was_there


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError:
        reason: Message | str = msg("it is not UTF-8")
    except OSError as error:
        from interop_cli.domain.errors import why

        reason = why(error)
    raise ConfigError(
        "config.file",
        msg("The settings file {path} cannot be read: {reason}.", path=str(path), reason=reason),
        hint=_ELSEWHERE,
    )


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, dict) and prefix + key not in SETTINGS:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _value_in(path: Path, name: str, value: object) -> Value:
    if name not in SETTINGS:
        raise ConfigError(
            "config.unknown",
            msg("{path}: there is no setting {name}.", path=str(path), name=name),
            hint=nearest(name),
            name=name,
        )
    try:
        return from_toml(SETTINGS[name], value)
    except BadValue as error:
        raise _problem(path, name, error.wanted) from None


def _problem(path: Path, name: str, wanted: Message) -> ConfigError:
    return ConfigError(
        "config.value",
        msg("{path}: {name} must be {wanted}.", path=str(path), name=name, wanted=wanted),
        name=name,
    )


def _not_toml(path: Path, error: Exception) -> ConfigError:
    """The parsers quote the text in their message, so only the place is taken from it."""
    import re

    found = re.search(r"at line (\d+)", str(error))
    where = msg("line {line}", line=int(found[1])) if found else msg("at its end")
    return ConfigError(
        "config.file",
        msg("The settings file {path} is not valid TOML ({where}).", path=str(path), where=where),
    )


def _write(path: Path, text: str) -> None:
    """Replace the file as a whole, mode 0600, in a folder made where there is none."""
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        from interop_cli.domain.errors import why_not_written

        with suppress(OSError):
            temporary.unlink()
        raise IoFailure(
            "config.write",
            msg(
                "{path} cannot be written: {reason}.", path=str(path), reason=why_not_written(error)
            ),
            hint=_ELSEWHERE,
        ) from error


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
        return self._path or user_path(self._environ)

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
        change_file(self.user_path(), name, parse(name, text))
        self.__dict__.pop("_file", None)

    def unset_user(self, name: str) -> bool:
        """Take one setting out of the user's file; whether it was there."""
        removed = change_file(self.user_path(), name, None)
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
        return read_file(path) if path else {}


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
