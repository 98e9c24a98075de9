"""How this very installation is given a library that only some need.

``pip install 'NAME[extra]'`` would be wrong for most: it asks an index for the package by its name,
and whoever used pipx, uv or an editable copy has another way. What is named is the library that the
extra brings, or the place that interop came from.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from interop_cli.domain.messages import Message, msg

PACKAGE = "interop-cli"


def how_to_add(extra: str) -> Message:
    """The hint that says how what ``extra`` brings is added to this installation."""
    prefix, needed = Path(sys.prefix), _needed(extra)
    source = _source()
    if (prefix / "pipx_metadata.json").is_file():
        return _run("pipx", "inject", prefix.name, *needed)
    if (prefix / "uv-receipt.toml").is_file():
        added = [word for one in needed for word in ("--with", one)]
        return _run("uv", "tool", "install", *added, *_from_receipt(prefix / "uv-receipt.toml"))
    if source.get("dir_info", {}).get("editable"):
        return _run(*_pip(), "-e", f"{_path(source['url'])}[{extra}]")
    if sys.prefix == sys.base_prefix and _is_of_the_system():
        return msg(
            "This Python belongs to the operating system: add {library} with its package manager,"
            " or install interop in an environment of its own.",
            library=", ".join(needed),
        )
    return _run(*_pip(), *needed)


def _run(*words: str) -> Message:
    if os.name == "nt":
        from subprocess import list2cmdline

        return msg("Run: {command}", command=list2cmdline(words))
    return msg("Run: {command}", command=shlex.join(words))


def _pip() -> tuple[str, ...]:
    """What installs here: this Python's pip, or uv where it has none."""
    if find_spec("pip") is not None:
        return sys.executable, "-m", "pip", "install"
    return "uv", "pip", "install", "--python", sys.executable


def _needed(extra: str) -> list[str]:
    """The libraries of an extra, as the package itself says."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        lines = requires(PACKAGE) or []
    except PackageNotFoundError:
        lines = []
    found = [
        line.partition(";")[0].strip()
        for line in lines
        if line.partition(";")[2].replace("'", '"').strip() == f'extra == "{extra}"'
    ]
    return found or [extra]


def _source() -> dict[str, Any]:
    """Where the package was installed from, where that was no index (PEP 610)."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        text = distribution(PACKAGE).read_text("direct_url.json")
    except PackageNotFoundError:
        text = None
    found: dict[str, Any] = json.loads(text) if text else {}
    return found


def _path(url: str) -> str:
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    return url2pathname(urlsplit(url).path)


def _from_receipt(receipt: Path) -> list[str]:
    """What ``uv tool install`` was told: the place of interop, and what came along."""
    import tomllib

    words: list[str] = []
    source = PACKAGE
    for one in tomllib.loads(receipt.read_text("utf-8"))["tool"]["requirements"]:
        places = [
            str(one[key]) for key in ("editable", "directory", "path", "url", "git") if key in one
        ]
        if one["name"] != PACKAGE:
            words += ["--with", places[0] if places else one["name"] + one.get("specifier", "")]
        elif places:
            source = f"git+{places[0]}" if "git" in one else places[0]
            words += ["--editable"] if "editable" in one else []
    return [*words, source]


def _is_of_the_system() -> bool:
    import sysconfig

    return (Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED").is_file()
