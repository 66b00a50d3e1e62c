"""Just enough of ClickHouse's lexis to see where a statement ends and its data begins.

An INSERT over HTTP carries rows in any format, binary ones too, right behind the statement, so it
must be cut before the engine's parser sees it. Everything about meaning is left to that parser.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from streams.local.clickhouse.failures import Code, QueryFailure

_TOKEN = re.compile(
    rb"""
      (?P<space>\s+ | --[^\n]*\n? | \#[!\ ][^\n]*\n? | /\*.*?\*/)
    | (?P<heredoc>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<quoted>'(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`\\]|\\.|``)*`)
    | (?P<number>[0-9][0-9A-Za-z_.]*)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_BLANK = b" \t\f"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a statement that is neither blank nor comment; `depth` counts open brackets."""

    kind: str
    text: bytes
    end: int
    depth: int

    @property
    def word(self) -> str:
        """The word in upper case at the top level, else ''."""
        return self.text.decode().upper() if self.kind == "word" and self.depth == 0 else ""


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT whose rows follow it: `head` without SETTINGS and FORMAT, `format`, where `data` begins."""

    head: str
    format: str
    data_at: int
    settings: str = ""


def tokens(text: bytes) -> Iterator[Token]:
    """The tokens of `text`, as far as they are read: data behind an INSERT is never looked at."""
    at, depth = 0, 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:  # can't be: `sign` takes any byte
            return
        at = found.end()
        kind = found.lastgroup or ""
        if kind == "space":
            continue
        piece = found[0]
        depth -= piece in (b")", b"]", b"}")
        yield Token(kind, piece, at, depth)
        depth += piece in (b"(", b"[", b"{")


def insert_of(text: bytes) -> Insert | None:
    """The INSERT in `text` whose rows are given with it; None for any other statement."""
    stream = tokens(text)
    first = next(stream, None)
    if first is None or first.word != "INSERT":
        return None
    previous = first
    settings_at: int | None = None
    for token in stream:
        if token.word in ("SELECT", "WITH", "FROM", "EXPLAIN"):
            return None
        is_name = previous.word in ("INTO", "TABLE")
        if token.word == "SETTINGS" and not is_name:
            settings_at = token.end - len(token.text)
        if token.word == "VALUES" and not is_name:
            return _cut(text, settings_at, token.end - 6, "Values", token.end)
        if token.word == "FORMAT" and not is_name:
            name = next(stream, None)
            if name is None or name.kind != "word":
                raise QueryFailure.named(Code.SYNTAX_ERROR, "Syntax error: expected a name after FORMAT")
            begins = _data_start(text, name.end)
            return _cut(text, settings_at, token.end - len(token.text), name.text.decode(), begins)
        if token.text == b";" and token.depth == 0:
            return _cut(text, settings_at, token.end - 1, "Values", token.end)
        previous = token
    return _cut(text, settings_at, len(text), "Values", len(text))


def _cut(text: bytes, settings_at: int | None, end: int, name: str, data_at: int) -> Insert:
    at = end if settings_at is None else settings_at
    return Insert(_decoded(text[:at]), name, data_at, _decoded(text[at:end]))


def _data_start(text: bytes, at: int) -> int:
    """Data begins behind the first line break after the format, or else behind the blanks."""
    while text[at : at + 1] and text[at : at + 1] in _BLANK:
        at += 1
    if text[at : at + 1] == b";":
        at += 1
    if text[at : at + 1] == b"\r":
        at += 1
    return at + 1 if text[at : at + 1] == b"\n" else at


def _decoded(head: bytes) -> str:
    try:
        return head.decode()
    except UnicodeDecodeError:
        raise QueryFailure.named(Code.SYNTAX_ERROR, "Syntax error: not valid UTF-8") from None


def asked_format(sql: str) -> str:
    """The output format that the statement names by itself (`... FORMAT JSON`), else ''."""
    if "FORMAT" not in sql.upper():  # spares long lists of values the tokens
        return ""
    found, previous = "", ""
    for token in tokens(sql.encode()):
        if previous == "FORMAT" and token.kind == "word" and token.depth == 0:
            found = token.text.decode()
        previous = token.word
    return found


def first_word(sql: bytes) -> str:
    """The first word in upper case, '' if there is none."""
    token = next(tokens(sql[:4096]), None)
    return token.word if token else ""
