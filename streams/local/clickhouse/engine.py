"""The ClickHouse engine in this process: the only module that touches chdb, which has no types.

One engine serves one data folder. A connection is a session of its own (database, settings, roles,
parameters, temporary tables) and costs 0.2 ms, so every request gets a new one and leaves nothing
behind. Connections run side by side; one connection runs one statement at a time.
"""

import importlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streams.local.clickhouse.failures import QueryFailure

#: Statement classes of chdb's own classifier, by the name of its enum.
READ_ONLY = "READ_ONLY"


@dataclass(frozen=True, slots=True)
class Result:
    """What a statement gave: its output in the asked format, and the figures for the summary."""

    body: bytes = b""
    result_rows: int = 0
    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class StatementKind:
    """How the engine's parser classifies a text: `READ_ONLY`, `MUTATING`, `CONTROL`, ...

    `count` is how many statements it holds; 0 if it does not parse.
    """

    name: str
    count: int


def quote(text: str) -> str:
    """`text` as an SQL string literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def quote_name(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


class Connection:
    """One session of the engine. Not for use by two threads at once."""

    def __init__(self, native: Any) -> None:
        self._native = native

    def run(self, sql: str, output_format: str = "TabSeparated") -> Result:
        """Runs a statement (or several); raises `QueryFailure` with ClickHouse's code."""
        try:
            answer = self._native.query(sql, output_format)
        except RuntimeError as error:
            raise QueryFailure.from_engine(error) from None
        return _result(answer, answer.bytes())

    def text(self, sql: str) -> str:
        """The output of a statement as text without its last line break."""
        return self.run(sql).body.decode().rstrip("\n")

    def set(self, values: Mapping[str, str]) -> None:
        """Sets settings, and query parameters (names that begin with `param_`), of this session."""
        if values:
            pairs = ", ".join(f"{name} = {quote(value)}" for name, value in values.items())
            self.run(f"SET {pairs}")

    def insert(self, head: str, input_format: str, data: bytes | memoryview, settings: str = "") -> Result:
        """Runs `head` (an INSERT up to its SETTINGS or FORMAT) with `data` in `input_format`.

        When it returns, the rows are in the table's files; a failure leaves no block half written.
        The rows go as a file in memory: chdb's own stream of rows (`send_insert`) says that all is well
        when the table refuses them (a constraint, too many parts), and they are lost.
        """
        with _as_file(data) as path:
            source = f"FROM INFILE {quote(path)} COMPRESSION 'none'"
            return self.run(f"{head}\n{source} {settings}\nFORMAT {input_format}")

    def kind(self, sql: str) -> StatementKind:
        """How the engine's parser classifies `sql`, without running it."""
        found = self._native.classify_query(sql)
        return StatementKind(found["query_class"].name, found["statement_count"])

    def close(self) -> None:
        """Ends the session."""
        self._native.close()


@contextmanager
def _as_file(data: bytes | memoryview) -> Iterator[str]:
    """The path of a file with these bytes; in memory alone where the system can (Linux)."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("rows")
        with open(descriptor, "wb") as file:  # noqa: PTH123 - it has no path until it is open
            file.write(data)
            file.flush()
            yield f"/proc/self/fd/{descriptor}"
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            yield file.name


def _result(answer: Any, body: bytes) -> Result:
    return Result(
        body,
        answer.rows_read(),
        answer.storage_rows_read(),
        answer.storage_bytes_read(),
        answer.rows_written(),
        answer.bytes_written(),
        answer.elapsed(),
    )


class Engine:
    """The engine over the data in `folder`, started with the configuration file `config`.

    At most one per process; `close` it before opening another. Raises `QueryFailure` when the
    folder can't be opened.
    """

    def __init__(self, folder: Path, config: Path) -> None:
        self._chdb: Any = importlib.import_module("chdb._chdb")
        self._address = f"{folder}?config-file={config}"
        # Keeps the engine alive between requests: chdb stops it with its last connection.
        self._keeper = self._open()
        self.version = self._keeper.text("SELECT version()")
        self.time_zone = self._keeper.text("SELECT timezone()")

    def _open(self) -> Connection:
        try:
            return Connection(self._chdb.connect(self._address))
        except RuntimeError as error:
            raise QueryFailure.from_engine(error) from None

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A new session, closed at the end."""
        connection = self._open()
        try:
            yield connection
        finally:
            connection.close()

    def close(self) -> None:
        """Stops the engine, once every session is closed."""
        self._keeper.close()
