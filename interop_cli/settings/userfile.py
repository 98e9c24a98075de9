"""The user's settings file, ``config.toml``: read strictly, changed without losing a comment.

Its errors name the file and the key and never a value, which may be a password in a database
address.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from interop_cli.disk import expanded, known, sync_folder, user_folder
from interop_cli.domain.errors import ConfigError, IoFailure
from interop_cli.domain.messages import Message, msg
from interop_cli.settings.table import SETTINGS, BadValue, Value, from_toml, nearest, setting

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


def read(path: Path) -> dict[str, Value]:
    """The settings in the file, by dotted name; none where there is no file.

    Raises ``ConfigError``: ``config.file`` (not readable, not TOML), ``config.unknown``,
    ``config.value``.
    """
    text = _text(path)
    if text is None:
        return {}
    import tomllib

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(path, error) from None
    return {name: _value(path, name, value) for name, value in _flat(document)}


def change(path: Path, name: str, value: Value | None) -> bool:
    """Set ``name`` to ``value``, or take it out (``None``); whether it was there before.

    The file is replaced as a whole, and only its owner can read it.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    if value is not None:
        setting(name)
    text = _text(path) or ""
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


def _text(path: Path) -> str | None:
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


def _value(path: Path, name: str, value: object) -> Value:
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
