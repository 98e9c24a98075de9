"""Files that a user may give us by mistake, and what must become of each.

A case says how to make the file and what reading it must end with, so that the readers and the
command line can be tested with the same ones. ``line`` is the line the error must name; the cases
that end with 0 are odd but right, and give ``rows`` rows.
"""

from __future__ import annotations

import gzip
import io
import os
import socket
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HEADER = "code,name,line1,city,province,postal_code,country"
CANARY = "Zacharie"  # a person's name: no error may show it
ROW = f"ACME,{CANARY} inc.,100 rue Sherbrooke O,Montréal,QC,H2X 1X1,CA"
SECOND = f"BETA,Imprimerie {CANARY},12 rue Principale,Québec,QC,G1R 2L3,CA"
OBJECT = (
    f'"name":"{CANARY} inc.","line1":"100 rue Sherbrooke O","city":"Montréal","province":"QC",'
    '"postal_code":"H2X 1X1","country":"CA"'
)
GOOD = '{"code":"ACME",' + OBJECT + "}"
GOOD_TOO = '{"code":"BETA",' + OBJECT + "}"


Content = bytes | Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """One file: its ``content``, or a function that makes it at a path."""

    name: str
    content: Content
    exit_code: int
    code: str | None = None
    line: int | None = None
    rows: int | None = None
    format: str = "csv"
    options: tuple[str, ...] = ()

    @property
    def filename(self) -> str:
        return f"{self.name}.{self.format}"

    def write(self, folder: Path) -> Path:
        """The file, made in ``folder``."""
        path = folder / self.filename
        if isinstance(self.content, bytes):
            path.write_bytes(self.content)
        else:
            self.content(path)
        return path


def bad(
    name: str,
    content: Content | str,
    code: str,
    line: int | None = None,
    *options: str,
    exit_code: int = 65,
) -> Case:
    """A CSV that cannot be read."""
    return Case(name, _bytes(content), exit_code, code, line, options=options)


def odd(name: str, content: str | bytes, rows: int, *options: str) -> Case:
    """A CSV that looks wrong and is not."""
    return Case(name, _bytes(content), 0, rows=rows, options=options)


def bad_json(name: str, content: str | bytes, code: str, line: int | None = None) -> Case:
    """An NDJSON file that cannot be read."""
    return Case(name, _bytes(content), 65, code, line, format="ndjson")


def odd_json(name: str, content: str | bytes, rows: int) -> Case:
    """An NDJSON file that looks wrong and is not."""
    return Case(name, _bytes(content), 0, rows=rows, format="ndjson")


def _bytes(content: Content | str) -> Content:
    return content.encode() if isinstance(content, str) else content


def _csv(*rows: str, end: str = "\n") -> str:
    return end.join([HEADER, *rows, ""])


def _zip() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("clients.csv", _csv(ROW))
    return data.getvalue()


def _unreadable(path: Path) -> None:
    path.write_text(_csv(ROW), "utf-8")
    path.chmod(0)


def _socket(path: Path) -> None:
    # The path of a socket is short on some systems; the name in its own folder always fits.
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(before)


# Short forms for rows whose fault is what matters.
_QUOTED = ROW.replace("100 rue Sherbrooke O", '"100 rue Sherbrooke O\n"')
_LONG = 131_072

NOT_FILES = [
    Case("missing", lambda path: None, 74, "input.missing"),
    Case("missing-folder", lambda path: None, 74, "input.missing", format="csv/x.csv"),
    Case("folder", Path.mkdir, 74, "input.not_a_file"),
    Case("fifo", os.mkfifo, 74, "input.not_a_file"),
    Case("socket", _socket, 74, "input.not_a_file"),
    Case("dev-zero", lambda path: path.symlink_to("/dev/zero"), 74, "input.not_a_file"),
    Case("dev-null", lambda path: path.symlink_to("/dev/null"), 74, "input.not_a_file"),
    Case("dangling-link", lambda path: path.symlink_to("nowhere"), 74, "input.missing"),
    Case("link-to-itself", lambda path: path.symlink_to(path.name), 74, "input.unreadable"),
    Case("unreadable", _unreadable, 74, "input.unreadable"),
]

BAD_CSV = [
    bad("utf16-le", _csv(ROW).encode("utf-16"), "input.encoding", 1),
    bad("utf16-be", b"\xfe\xff" + _csv(ROW).encode("utf-16-be"), "input.encoding", 1),
    bad("utf32", _csv(ROW).encode("utf-32"), "input.encoding", 1),
    bad("utf16-without-mark", _csv(ROW).encode("utf-16-le"), "input.encoding", 1),
    bad("cp1252", _csv(SECOND, ROW).encode("cp1252"), "input.encoding", 2),
    bad("latin-1-later", (_csv(SECOND) + ROW).encode()[:-1] + b"\xe9\n", "input.encoding", 3),
    bad("mac-roman", _csv(ROW).encode("mac-roman"), "input.encoding", 2),
    bad("cut-in-a-letter", _csv(ROW).encode() + b"X\xc3", "input.encoding", 3),
    bad("overlong-utf8", _csv(ROW).encode() + b"\xc0\xaf\n", "input.encoding", 3),
    bad("surrogate-in-utf8", _csv(ROW).encode() + b"\xed\xa0\x80\n", "input.encoding", 3),
    bad("bad-byte-after-cr", f"{HEADER}\r{ROW}\r".encode() + b"\xff\r", "input.encoding", 3),
    bad("nul-in-a-cell", _csv(ROW, ROW.replace("inc", "i\0nc")), "input.nul", 3),
    bad("nul-in-the-header", "code\0" + _csv(ROW), "input.nul", 1),
    bad("nul-only", b"\0" * 1000, "input.nul", 1),
    bad("too-many-cells", _csv(ROW, SECOND + ",x"), "input.ragged", 3),
    bad("too-few-cells", _csv(ROW, "BETA,Beta"), "input.ragged", 3),
    bad("ragged-after-many-lines", _csv(_QUOTED, "", SECOND + ",x"), "input.ragged", 5),
    bad("other-delimiter-below", _csv(ROW.replace(",", ";")), "input.ragged", 2),
    bad("wrong-delimiter", _csv(ROW), "import.column.unknown", 1, "--delimiter", ";"),
    bad("duplicate-header", "code,name,name\n" + "A,B,C\n", "input.header.duplicate", 1),
    bad("duplicate-but-spaces", "code,name, name \nA,B,C\n", "input.header.duplicate", 1),
    bad("empty-header", "code,,name\nA,B,C\n", "input.header.empty", 1),
    bad("blank-header", "code,  ,name\nA,B,C\n", "input.header.empty", 1),
    bad("header-after-blanks", "\n  \ncode,code\nA,B\n", "input.header.duplicate", 3),
    bad("no-header", f"{ROW}\n{SECOND}\n", "import.column.unknown", 1),
    bad("unterminated-quote", _csv(ROW, 'BETA,"Beta', SECOND, ROW), "input.quote", 3),
    bad("unterminated-late-in-row", _csv(ROW, 'B,"x\ny","z', SECOND), "input.quote", 4),
    bad("unterminated-after-doubled", _csv('B,"x ""y"", z', ROW), "input.quote", 2),
    bad("unterminated-header", '"code,name\nA,B\n', "input.quote", 1),
    bad("quote-then-text", _csv(ROW, 'BETA,"Beta" inc.,a,b,QC,G1R 2L3,CA'), "input.csv", 3),
    bad("backslash-quote", _csv('BETA,"Be\\"ta",a,b,QC,G1R 2L3,CA'), "input.csv", 2),
    bad("huge-field", _csv(ROW, "B," + "x" * (_LONG + 1)), "input.field_too_long", 3),
    bad("huge-quoted-field", _csv(ROW, 'B,"' + "x\n" * _LONG), "input.field_too_long", 3),
    bad("huge-header", "x" * (_LONG + 1) + "\nA\n", "input.field_too_long", 1),
    bad("huge-line", _csv(ROW, "x," * 600_000), "input.line_too_long", 3),
    bad("huge-first-line", "x," * 600_000, "input.line_too_long", 1),
    bad("ten-megabytes-a-line", _csv(ROW) + "x" * 10_000_000, "input.line_too_long", 3),
    bad("endless-row", _csv(ROW, '"\n",' * 6_000_000), "input.record_too_long", 3),
    bad("zip", _zip(), "input.archive"),
    bad("gzip", gzip.compress(_csv(ROW).encode()), "input.archive"),
    bad("old-excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "input.archive"),
    bad("web-page", b"\xef\xbb\xbf <HTML><table>\n<tr><td>code</td></tr></table>", "input.archive"),
    bad("pdf", b"%PDF-1.7\n", "input.archive"),
    bad(
        "no-such-encoding",
        _csv(ROW),
        "input.encoding.unknown",
        None,
        "--encoding",
        "utf8000",
        exit_code=2,
    ),
    bad(
        "no-text-encoding",
        _csv(ROW),
        "input.encoding.unknown",
        None,
        "--encoding",
        "base64",
        exit_code=2,
    ),
    bad("long-delimiter", _csv(ROW), "input.delimiter", None, "--delimiter", "::", exit_code=2),
    bad("not-ascii", _csv(ROW), "input.encoding", 2, "--encoding", "ascii"),
    bad("not-utf16", _csv(ROW)[:-1], "input.encoding", 1, "--encoding", "utf-16-be"),
]

# What is right and holds nothing; that it is an error is for the import to say.
EMPTY = [
    bad("empty", "", "import.empty"),
    bad("only-a-mark", b"\xef\xbb\xbf", "import.empty"),
    bad("only-blank-lines", "\n\r\n  \n\r", "import.empty"),
    bad("only-a-header", HEADER, "import.empty"),
    bad("only-a-header-and-blanks", HEADER + "\n\n  \n\n", "import.empty"),
    Case("empty-ndjson", b"", 65, "import.empty", format="ndjson"),
    Case("blank-ndjson", b"\xef\xbb\xbf\n  \r\n", 65, "import.empty", format="ndjson"),
]

ODD_CSV = [
    odd("empty-columns-at-the-end", f"{HEADER},,\n{ROW},,\n{SECOND},, \n", 2),
    odd("cells-at-the-end", f"{HEADER}\n{ROW},,\n{SECOND},\n", 2),
    odd("an-empty-row-first", f",,,\n{HEADER}\n{ROW}\n", 1),
    odd("mark", b"\xef\xbb\xbf" + _csv(ROW).encode(), 1),
    odd("crlf", _csv(ROW, SECOND, end="\r\n"), 2),
    odd("cr-only", _csv(ROW, SECOND, end="\r"), 2),
    odd("mixed-ends", f"{HEADER}\r\n{ROW}\r{SECOND}\n", 2),
    odd("no-end-at-the-end", f"{HEADER}\n{ROW}", 1),
    odd("blank-lines", f"\n{HEADER}\n\n{ROW}\n   \n{SECOND}\n\n\n", 2),
    odd("quotes-inside", _csv(ROW.replace("100 rue", '100 1/2" rue')), 1),
    odd(
        "doubled-quotes",
        _csv(
            ROW.replace("ACME", '"ACME"').replace(
                "100 rue Sherbrooke O", '"100 ""rue"" Sherbrooke O"'
            )
        ),
        1,
    ),
    odd("ends-in-quotes", _csv(_QUOTED, _QUOTED.replace("ACME", "BETA").replace("\n", "\r\n")), 2),
    odd("comma-in-quotes", _csv(_QUOTED.replace("rue", "rue,")), 1),
    odd("spaces-around", _csv(ROW.replace(",", " , ")).replace(",name", " , name"), 1),
    odd("semicolons", _csv(ROW).replace(",", ";"), 1),
    odd("tabs", _csv(ROW).replace(",", "\t"), 1),
    odd("pipes", _csv(ROW).replace(",", "|"), 1),
    odd("guarded-cells", _csv(ROW.replace(CANARY, "'=" + CANARY)), 1),
    odd("apostrophes", _csv(ROW.replace(CANARY, "'t " + CANARY)), 1),
    odd("line-separator", _csv(ROW.replace(CANARY, f"{CANARY}\u2028")), 1),
    odd("cp1252-said", _csv(ROW).encode("cp1252"), 1, "--encoding", "cp1252"),
    odd("utf16-said", _csv(ROW).encode("utf-16"), 1, "--encoding", "utf-16"),
    odd("delimiter-said", _csv(ROW).replace(",", ":"), 1, "--delimiter", ":"),
]

BAD_JSON = [
    bad_json("json-utf16", GOOD.encode("utf-16"), "input.encoding", 1),
    bad_json("json-cp1252", f"{GOOD}\n".encode() + GOOD.encode("cp1252"), "input.encoding", 2),
    bad_json("json-nul", GOOD + "\n\0", "input.nul", 2),
    bad_json("json-gzip", gzip.compress(GOOD.encode()), "input.archive"),
    bad_json("array", f"[{GOOD}]", "input.json.array", 1),
    bad_json("array-on-lines", f"\n[\n{GOOD},\n{GOOD}\n]", "input.json.array", 2),
    bad_json("pretty", '{\n  "code": "ACME"\n}\n', "input.json.pretty", 1),
    bad_json("pretty-inside", '{"code": "ACME",\n"name": "Acme"}\n', "input.json.pretty", 1),
    bad_json("cut-off", f"{GOOD}\n{GOOD[:40]}", "input.json.syntax", 2),
    bad_json("two-on-a-line", f"{GOOD}{GOOD}", "input.json.syntax", 1),
    bad_json("comma-at-the-end", f"{GOOD},\n{GOOD}", "input.json.syntax", 1),
    bad_json("trailing-comma", '{"code":"ACME",}', "input.json.syntax", 1),
    bad_json("single-quotes", "{'code':'ACME'}", "input.json.syntax", 1),
    bad_json("comment", f"// {CANARY}\n{GOOD}", "input.json.syntax", 1),
    bad_json("not-json", f"{GOOD}\n{CANARY}", "input.json.syntax", 2),
    bad_json("csv-inside", _csv(ROW), "input.json.syntax", 1),
    bad_json("tab-in-a-string", '{"code":"A\tB"}', "input.json.syntax", 1),
    bad_json("bad-escape", '{"code":"A\\x"}', "input.json.syntax", 1),
    bad_json("string", f'{GOOD}\n"{CANARY}"', "input.json.object", 2),
    bad_json("number", f"{GOOD}\n7", "input.json.object", 2),
    bad_json("null", f"{GOOD}\nnull", "input.json.object", 2),
    bad_json("array-later", f"{GOOD}\n[1]", "input.json.object", 2),
    bad_json("nan", f'{GOOD}\n{{"name":NaN}}', "input.json.constant", 2),
    bad_json("infinity", '{"name":[1,-Infinity]}', "input.json.constant", 1),
    bad_json("1e400", '{"name":1e400}', "input.json.number", 1),
    bad_json("minus-1e400", '{"name":-1E+400}', "input.json.number", 1),
    bad_json("two-to-63", f'{{"name":{2**63}}}', "input.json.number", 1),
    bad_json("minus-two-to-63-less-1", f'{{"name":{-(2**63) - 1}}}', "input.json.number", 1),
    bad_json("5000-digits", '{"name":' + "9" * 5000 + "}", "input.json.number", 1),
    bad_json("duplicate-keys", f'{GOOD}\n{{"code":"A","code":"B"}}', "input.json.duplicate", 2),
    bad_json("duplicate-escaped", '{"code":1,"c\\u006fde":2}', "input.json.duplicate", 1),
    bad_json("duplicate-inside", '{"a":[{"b":1,"b":1}]}', "input.json.duplicate", 1),
    bad_json("depth-100000", '{"a":' + "[" * 100_000, "input.json.depth", 1),
    bad_json("depth-closed", '{"a":' * 100_000 + "1" + "}" * 100_000, "input.json.depth", 1),
    bad_json("depth-65", '{"a":' + "[" * 64 + "]" * 64 + "}", "input.json.depth", 1),
    bad_json("high-surrogate", '{"name":"\\ud83d"}', "input.json.surrogate", 1),
    bad_json("low-surrogate", '{"name":"\\udc00\\ud83d\\ude00"}', "input.json.surrogate", 1),
    bad_json("swapped-pair", '{"name":"\\ude00\\ud83d"}', "input.json.surrogate", 1),
    bad_json("surrogate-in-a-key", '{"\\uD800":1}', "input.json.surrogate", 1),
    bad_json("string-of-17-mb", f'{GOOD}\n{{"a":"' + "x" * 17_000_000, "input.json.syntax", 2),
]

ODD_JSON = [
    odd_json("json-mark", b"\xef\xbb\xbf" + f"{GOOD}\n{GOOD_TOO}".encode(), 2),
    odd_json("json-crlf", f"{GOOD}\r\n{GOOD_TOO}\r\n", 2),
    odd_json("json-blank-lines", f"\n{GOOD}\n  \n{GOOD_TOO}\n\n", 2),
    odd_json("json-spaces", f"  {GOOD.replace(':', ' : ')}  \n", 1),
    odd_json("json-escapes", GOOD.replace("é", "\\u00e9").replace("inc.", "\\ud83d\\ude00"), 1),
    odd_json("json-escaped-backslash", GOOD.replace("inc.", "\\\\ud800"), 1),
    odd_json("json-brackets-in-text", GOOD.replace("inc.", "[{" * 40), 1),
]

CASES = [*NOT_FILES, *BAD_CSV, *EMPTY, *ODD_CSV, *BAD_JSON, *ODD_JSON]
