"""Settings: the order of the sources, types, the user's file, and what is loaded for it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.errors import ConfigError, IoFailure
from interop_cli.settings import SETTINGS, Settings, SettingScope, SettingType, format, parse


class Company:
    """The company's settings, and how often they were read."""

    def __init__(self, **values: str) -> None:
        self.values = {name.replace("__", "."): value for name, value in values.items()}
        self.reads = 0

    def __call__(self) -> Mapping[str, str]:
        self.reads += 1
        return self.values


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def settings(
    path: Path,
    options: dict[str, object] | None = None,
    environ: dict[str, str] | None = None,
    company: Company | None = None,
) -> Settings:
    return Settings(options or {}, environ or {}, company or Company(), path)


def test_each_source_beats_the_next(path: Path) -> None:
    sources: list[tuple[str, Any]] = []
    company = Company()
    options: dict[str, object] = {}
    environ: dict[str, str] = {}

    def ask() -> None:
        found = Settings(options, environ, company, path)
        sources.append((found.origin("defaults.country"), found.get("defaults.country")))

    ask()
    path.write_text('[defaults]\ncountry = "fr"\n')
    ask()
    company.values["defaults.country"] = "US"
    ask()
    environ["INTEROP_DEFAULTS_COUNTRY"] = "mx"
    ask()
    options["defaults.country"] = "BE"
    ask()
    assert sources == [
        ("default", "CA"),
        ("file", "FR"),
        ("company", "US"),
        ("environment", "MX"),
        ("option", "BE"),
    ]


def test_the_database_is_read_once_and_only_for_company_settings(path: Path) -> None:
    company = Company(sync__auto="true")
    found = settings(path, {"db": "x.db"}, {"INTEROP_BULK_MAX_AFFECTED": "7"}, company)
    for name in ("db", "output", "lang", "lock_timeout", "no_input"):
        found.get(name)
    assert found.get("bulk.max_affected") == 7
    assert company.reads == 0
    assert found.get("sync.auto") is True
    assert found.get("defaults.prospect") is False
    assert company.reads == 1


def test_company_settings_cannot_be_user_settings(path: Path) -> None:
    found = settings(path, company=Company(db="/elsewhere.db", output="json"))
    assert found.origin("output") == "default"
    assert found.origin("db") == "default"


@pytest.mark.parametrize(
    ("name", "variable", "text", "value"),
    [
        ("db", "INTEROP_DB", "postgresql://host/x", "postgresql://host/x"),
        ("output", "INTEROP_OUTPUT", "ndjson", "ndjson"),
        ("lang", "INTEROP_LANG", "fr", "fr"),
        ("lock_timeout", "INTEROP_LOCK_TIMEOUT", "2.5", 2.5),
        ("lock_timeout", "INTEROP_LOCK_TIMEOUT", "0", 0.0),
        ("error_format", "INTEROP_ERROR_FORMAT", "json", "json"),
        ("no_input", "INTEROP_NO_INPUT", "1", True),
        ("no_input", "INTEROP_NO_INPUT", "non", False),
        ("no_input", "CI", "true", True),
        ("color", "NO_COLOR", "1", "never"),
        ("color", "FORCE_COLOR", "1", "always"),
        ("address.strict", "INTEROP_ADDRESS_STRICT", "ca, us,fr", ["CA", "US", "FR"]),
        ("address.strict", "INTEROP_ADDRESS_STRICT", "[]", []),
        ("note.categories", "INTEROP_NOTE_CATEGORIES", '["a, b"]', ["a, b"]),
        ("note.max_attachment_mb", "INTEROP_NOTE_MAX_ATTACHMENT_MB", "3", 3),
    ],
)
def test_environment(path: Path, name: str, variable: str, text: str, value: object) -> None:
    found = settings(path, environ={variable: text})
    assert found.get(name) == value
    assert type(found.get(name)) is type(value)
    assert found.origin(name) == "environment"


def test_an_empty_variable_says_nothing(path: Path) -> None:
    found = settings(path, environ={"INTEROP_OUTPUT": "", "CI": "", "NO_COLOR": ""})
    assert [found.origin(n) for n in ("output", "no_input", "color")] == ["default"] * 3
    assert settings(path, environ={"CI": "false"}).get("no_input") is False


def test_our_own_variable_beats_the_general_one(path: Path) -> None:
    environ = {"INTEROP_COLOR": "always", "NO_COLOR": "1", "INTEROP_NO_INPUT": "0", "CI": "1"}
    found = settings(path, environ=environ)
    assert found.get("color") == "always"
    assert found.get("no_input") is False


def test_an_option_as_click_gives_it_is_kept(path: Path) -> None:
    found = settings(path, {"lock_timeout": 0.0, "no_input": False, "output": None})
    assert found.get("lock_timeout") == 0.0
    assert found.origin("lock_timeout") == "option"
    assert found.origin("no_input") == "option"
    assert found.origin("output") == "default"


def test_home_is_expanded_in_a_path_and_not_in_an_address(path: Path, isolation: Path) -> None:
    assert settings(path, environ={"INTEROP_DB": "~/a.db"}).get("db") == str(isolation / "a.db")
    assert settings(path, {"db": "~/a.db"}).get("db") == str(isolation / "a.db")
    assert settings(path, {"db": "postgresql://~/a"}).get("db") == "postgresql://~/a"


def test_the_default_database_lies_in_the_data_folder(path: Path) -> None:
    default = Path(settings(path).get("db"))
    assert default.parts[-2:] == ("interop", "interop.db")
    assert default.is_absolute()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("output", "xml"),
        ("note.categories", "[]"),
        ("lock_timeout", "-1"),
        ("lock_timeout", "nan"),
        ("db", " "),
        ("lock_timeout", "inf"),
        ("lock_timeout", "soon"),
        ("bulk.max_affected", "1.5"),
        ("bulk.max_affected", "-1"),
        ("sync.auto", "maybe"),
        ("defaults.country", "CAN"),
        ("address.strict", "CA,Canada"),
        ("route.provider", "bing"),
        ("defaults.language", "de"),
    ],
)
def test_a_bad_value_is_refused_and_not_repeated(path: Path, name: str, text: str) -> None:
    variable = SETTINGS[name].variable
    with pytest.raises(ConfigError) as caught:
        settings(path, environ={variable: text}).get(name)
    assert caught.value.code == "config.value"
    assert caught.value.exit_code == 78
    assert caught.value.message.params["place"] == variable
    with pytest.raises(ConfigError):
        parse(name, text)


@pytest.mark.parametrize(("name", "text"), [("mail.port", "65536"), ("note.categories", "")])
def test_what_no_setting_can_be(name: str, text: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.value"):
        parse(name, text)
    assert parse("mail.port", "65535") == 65_535


def test_unknown_names(path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(path).get("defaults.contry")
    assert caught.value.code == "config.unknown"
    assert str(caught.value.hint) == "Did you mean defaults.country?"
    with pytest.raises(ConfigError):
        format("nothing", 1)


# The user's file


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("output = 'xml-s3cret'", "config.value", "output"),
        ("lock_timeout = 's3cret'", "config.value", "lock_timeout"),
        ("lock_timeout = true", "config.value", "lock_timeout"),
        ("[bulk]\nmax_affected = 1.5", "config.value", "bulk.max_affected"),
        ("[bulk]\nmax_affected = true", "config.value", "bulk.max_affected"),
        ("[address]\nstrict = 's3cret'", "config.value", "address.strict"),
        ("[address]\nstrict = [1]", "config.value", "address.strict"),
        ("[output]\nx = 's3cret'", "config.value", "output"),
        ("password = 's3cret'", "config.unknown", "password"),
        ("[defaults]\ncontry = 's3cret'", "config.unknown", "defaults.contry"),
        ("defaults = 's3cret'", "config.unknown", "defaults"),
        ("db = s3cret", "config.file", "line 1"),
        ("\noutput = 'json\ns3cret", "config.file", "at its end"),
    ],
)
def test_a_bad_file_names_file_and_key_and_no_value(
    path: Path, text: str, code: str, named: str
) -> None:
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        settings(path).get("output")
    error = caught.value
    shown = f"{error.message} {error.hint} {error.data} {error.details}"
    assert error.code == code
    assert str(path) in shown
    assert named in shown
    assert "s3cret" not in shown
    assert error.__cause__ is None


def test_files_that_cannot_be_read(path: Path) -> None:
    path.write_bytes(b"db = '\xff'")
    with pytest.raises(ConfigError, match=r"config\.file"):
        settings(path).get("output")
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigError, match=r"config\.file"):
        settings(path).get("output")


def test_a_file_with_a_byte_order_mark_and_dotted_keys(path: Path) -> None:
    path.write_bytes(
        b"\xef\xbb\xbfoutput = 'json'\r\ndefaults.country = 'us'\r\nlock_timeout = 3\r\n"
    )
    found = settings(path)
    assert (found.get("output"), found.get("defaults.country")) == ("json", "US")
    assert found.get("lock_timeout") == 3.0


def test_writing_keeps_comments_and_order(path: Path) -> None:
    path.write_text("# mine\noutput = 'csv'  # for cron\n\n[defaults]\ncountry = 'CA'\n")
    found = settings(path)
    assert found.get("output") == "csv"
    found.set_user("output", "json")
    found.set_user("lang", "fr")
    found.set_user("defaults.prospect", "oui")
    found.set_user("address.strict", "ca")
    text = path.read_text()
    assert text.startswith('# mine\noutput = "json"  # for cron\n')
    again = settings(path)
    assert (again.get("output"), again.get("lang")) == ("json", "fr")
    assert again.get("defaults.prospect") is True
    assert again.get("defaults.country") == "CA"
    assert again.get("address.strict") == ["CA"]
    assert found.get("output") == "json", "the same object sees its own change"


def test_unset(path: Path) -> None:
    found = settings(path)
    assert found.unset_user("output") is False
    assert not path.exists()
    found.set_user("defaults.country", "US")
    assert found.unset_user("defaults.country") is True
    assert found.unset_user("defaults.country") is False
    assert found.get("defaults.country") == "CA"
    assert "defaults" not in path.read_text(), "an empty table goes with its last key"


def test_unset_removes_a_name_that_is_no_setting(path: Path) -> None:
    path.write_text("old = 1\noutput = 'csv'\n")
    found = settings(path)
    assert found.unset_user("old") is True
    assert found.get("output") == "csv"


def test_a_bad_value_is_not_written(path: Path) -> None:
    path.write_text("output = 'csv'\n")
    with pytest.raises(ConfigError):
        settings(path).set_user("output", "xml")
    with pytest.raises(ConfigError):
        settings(path).set_user("nothing", "1")
    assert path.read_text() == "output = 'csv'\n"


def test_a_key_in_the_way_of_a_table(path: Path) -> None:
    path.write_text("defaults = 1\n")
    with pytest.raises(ConfigError, match=r"config\.value"):
        settings(path).set_user("defaults.country", "US")
    assert path.read_text() == "defaults = 1\n"


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_the_file_is_private_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "config.toml"
    settings(path).set_user("output", "json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    path.chmod(0o644)
    settings(link).set_user("output", "csv")
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["config.toml"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(IoFailure, match=r"config\.write"):
        settings(tmp_path / "file" / "config.toml").set_user("output", "json")


def test_user_path(tmp_path: Path, isolation: Path) -> None:
    default = Settings({}, {}, Company()).user_path()
    assert default.parts[-2:] == ("interop", "config.toml")
    assert isolation in default.parents
    chosen = Settings({}, {"INTEROP_CONFIG": "~/x.toml"}, Company())
    assert chosen.user_path() == isolation / "x.toml"
    (isolation / "x.toml").write_text("output = 'tsv'")
    assert chosen.get("output") == "tsv"


# All of them


def test_all_lists_each_setting_once(path: Path) -> None:
    path.write_text("output = 'csv'")
    found = settings(path, {"lang": "fr"}, {"CI": "1"}, Company(sync__auto="true", unknown="1"))
    rows = found.all()
    assert [name for name, _, _ in rows] == list(SETTINGS)
    origins = {name: origin for name, _, origin in rows}
    assert {n: o for n, o in origins.items() if o != "default"} == {
        "output": "file",
        "lang": "option",
        "no_input": "environment",
        "sync.auto": "company",
    }
    company = Company()
    assert len(settings(path, company=company).all(SettingScope.USER)) == 10
    assert company.reads == 0


def test_every_default_fits_its_own_row() -> None:
    for name, row in SETTINGS.items():
        assert row.help.endswith(".")
        if row.default is not None:
            value = parse(name, format(name, row.default))
            assert value == (list(row.default) if isinstance(row.default, tuple) else row.default)


def test_a_list_is_the_callers_own(path: Path) -> None:
    found = settings(path)
    found.get("note.categories").append("x")
    assert "x" not in found.get("note.categories")


texts = st.text()


@given(st.lists(texts))
def test_lists_round_trip_as_text(items: list[str]) -> None:
    assert parse("print.fonts", format("print.fonts", items)) == items


@given(st.one_of(st.booleans(), st.integers(0), st.floats(0, allow_infinity=False)))
def test_numbers_round_trip_as_text(value: bool | int | float) -> None:
    name = {bool: "sync.auto", int: "bulk.max_affected", float: "lock_timeout"}[type(value)]
    assert parse(name, format(name, value)) == value


OWN = sorted(name for name, row in SETTINGS.items() if not row.shared and not row.secret)
steps = st.lists(st.tuples(st.sampled_from(OWN), st.booleans()), max_size=12)


def test_what_the_company_alone_says_is_not_said_by_the_environment_or_a_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[rights]\ndefault_role = "admin"\n')
    environ = {"INTEROP_RIGHTS_DEFAULT_ROLE": "admin"}
    alone = Settings({}, environ, dict, path)
    assert alone.get("rights.default_role") == "editor"
    told = Settings({}, environ, lambda: {"rights.default_role": "viewer"}, path)
    assert told.get("rights.default_role") == "viewer"
    assert told.origin("rights.default_role") == "company"


@given(steps)
def test_the_file_stays_readable_whatever_is_set_and_unset(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bool]]
) -> None:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    samples = {
        SettingType.PATH: "x.db",
        SettingType.BOOL: "true",
        SettingType.INT: "9",
        SettingType.SECONDS: "9",
        SettingType.LIST: "AB",
    }
    model: dict[str, Any] = {}
    for name, adding in steps:
        row = SETTINGS[name]
        if adding:
            code = "AB" if row.pattern == "[A-Z]{2}" else "ABC"
            text = row.choices[-1] if row.choices else samples.get(row.type, code)
            settings(path).set_user(name, text)
            model[name] = parse(name, text)
        else:
            assert settings(path).unset_user(name) is (model.pop(name, None) is not None)
    found = settings(path)
    got = {name: value for name, value, origin in found.all() if origin == "file"}
    assert got == model
    if path.exists():
        tomlkit.parse(path.read_text())


def test_nothing_heavy_is_loaded_for_the_usual_questions() -> None:
    code = (
        "import sys; from interop_cli.settings import Settings\n"
        "s = Settings({'db': 'x'}, {'INTEROP_CONFIG': '/nowhere', 'INTEROP_OUTPUT': 'csv'}, dict)\n"
        "[s.get(n) for n in ('db', 'output', 'lang', 'lock_timeout', 'bulk.max_affected')]\n"
        "heavy = {'pydantic', 'tomllib', 'tomlkit', 'platformdirs', 'difflib', 'tempfile'}\n"
        "print(heavy & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_secret_is_read_from_where_it_is_kept_and_never_shown(path: Path) -> None:
    path.write_text("[places]\nkey = 'in-the-file'\n")
    kept = Settings(
        {}, {}, dict, path, lambda name, _environ, _folder: (f"key of {name}", "keyring")
    )
    assert kept.get("places.key") == "key of places.key"
    assert kept.origin("places.key") == "keyring"
    assert format("places.key", kept.get("places.key")) == "********"
    assert format("places.key", "") == ""
    # The settings' file is no place for it.
    assert Settings({}, {}, dict, path).get("places.key") == ""
    assert (
        Settings({}, {"INTEROP_PLACES_KEY": "x"}, dict, path).origin("places.key") == "environment"
    )
