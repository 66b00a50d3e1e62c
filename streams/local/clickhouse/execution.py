"""Runs one question on the engine, in the rights of one user."""

from dataclasses import dataclass

from streams.local.clickhouse.access import READER_ROLE, Limits
from streams.local.clickhouse.engine import (
    READ_ONLY,
    Connection,
    Engine,
    Result,
    quote,
    quote_name,
)
from streams.local.clickhouse.failures import Code, QueryFailure
from streams.local.clickhouse.guard import READER_DATABASES, Catalogue, check_reader
from streams.local.clickhouse.question import Question
from streams.local.clickhouse.reader_settings import check_settings
from streams.local.clickhouse.statement import asked_format, first_word, insert_of

DEFAULT_FORMAT = "TabSeparated"

#: readonly=1: a user who may not even change settings.
SETTINGS_FIXED = 1


@dataclass(frozen=True, slots=True)
class User:
    """Someone who may ask. `readonly` is 0 for the owner, else 1 (settings fixed) or 2."""

    name: str
    password: str
    readonly: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A result and the format it is in; '' for a statement that gives no rows."""

    result: Result
    format: str = ""


class Execution:
    """Runs questions; may be called from several threads at once."""

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self._engine = engine
        self._limits = limits
        with engine.session() as connection:
            self._catalogue = Catalogue.of(connection)

    def run(self, question: Question, user: User) -> Answer:
        """The answer, or `QueryFailure`. Blocks until the engine is done."""
        _check_session(question)
        with self._engine.session() as connection:
            if user.readonly:
                return self._run_named(connection, question, user)
            return _run_owner(connection, question)

    def cancel(self, *, reads_only: bool) -> None:
        """Cancels the statements that run: SELECTs alone, or all. Those fail with code 394."""
        self._kill("query_kind = 'Select'" if reads_only else "query_kind != 'KillQuery'")

    def cancel_read(self, question: Question) -> None:
        """Cancels the SELECT of one question, if it runs."""
        mark = quote(f"%{question.mark}")
        self._kill(f"query_kind = 'Select' AND Settings['log_comment'] LIKE {mark}")

    def _kill(self, condition: str) -> None:
        with self._engine.session() as connection:
            connection.run(f"KILL QUERY WHERE {condition} ASYNC")

    def _run_named(self, connection: Connection, question: Question, user: User) -> Answer:
        """The engine knows every session as `default`: its refusals get the user's own name."""
        try:
            return self._run_reader(connection, question, user)
        except QueryFailure as failure:
            message = failure.message.removeprefix("default: ")
            if message == failure.message:
                raise
            raise QueryFailure(failure.code, f"{user.name}: {message}") from None

    def _run_reader(self, connection: Connection, question: Question, user: User) -> Answer:
        if question.database and question.database not in READER_DATABASES:
            raise QueryFailure.named(
                Code.ACCESS_DENIED, f"Not enough privileges on database {question.database}."
            )
        if question.tables:
            raise QueryFailure.named(
                Code.NOT_IMPLEMENTED, "External tables are not for a read-only user here."
            )
        _use(connection, question.database)
        connection.run(f"SET ROLE {READER_ROLE}")
        connection.set(
            {
                "max_memory_usage": str(self._limits.reader_memory),
                "max_execution_time": str(self._limits.reader_seconds),
                "allow_introspection_functions": "0",
                "log_comment": _comment(question),
                "readonly": str(user.readonly),
            }
        )
        if user.readonly != SETTINGS_FIXED:  # else the engine refuses every setting by itself
            check_settings(question.settings)
        connection.set(question.settings)
        sql = _decoded(question.text)
        check_reader(connection, sql, self._catalogue)
        return _ask(connection, question, sql, gives_rows=True)


def _run_owner(connection: Connection, question: Question) -> Answer:
    _use(connection, question.database)
    for table in question.tables:
        connection.run(f"CREATE TEMPORARY TABLE {quote_name(table.name)} ({table.structure})")
        connection.insert(f"INSERT INTO {quote_name(table.name)}", table.format, table.data)
    settings = {"log_comment": _comment(question), **question.settings}
    if not question.may_write:
        settings.setdefault("readonly", "2")
    connection.set(settings)
    insert = insert_of(question.text)
    if insert is None:
        sql = _decoded(question.text)
        kind = connection.kind(sql)
        if kind.count > 1:
            raise QueryFailure.named(Code.SYNTAX_ERROR, "Syntax error (Multi-statements are not allowed)")
        return _ask(connection, question, sql, gives_rows=kind.name == READ_ONLY)
    if not question.may_write:
        raise QueryFailure.named(
            Code.READONLY,
            "Cannot execute query in readonly mode. For queries over HTTP, method GET implies "
            "readonly. You should use method POST for modifying queries.",
        )
    data = memoryview(question.text)[insert.data_at :]
    return Answer(connection.insert(insert.head, insert.format, data, insert.settings))


def _ask(connection: Connection, question: Question, sql: str, *, gives_rows: bool) -> Answer:
    default = question.default_format or DEFAULT_FORMAT
    result = connection.run(sql, default)
    if not gives_rows and not result.body:
        return Answer(result)
    return Answer(result, asked_format(sql) or default)


def _comment(question: Question) -> str:
    return f"{question.query_id} {question.mark}"


def _use(connection: Connection, database: str) -> None:
    if database and database != "default":
        connection.run(f"USE {quote_name(database)}")


def _check_session(question: Question) -> None:
    """Sessions are off: an id is accepted, for clients that always send one, but holds nothing."""
    if not question.session_id:
        return
    if question.session_check:
        raise QueryFailure.named(
            Code.SESSION_NOT_FOUND, f"Session {question.session_id} not found: sessions are off."
        )
    words = question.text[:4096].upper().split()[:3]
    if first_word(question.text) in ("SET", "USE") or words[:2] == [b"CREATE", b"TEMPORARY"]:
        raise QueryFailure.named(
            Code.NOT_IMPLEMENTED,
            "Sessions are off in the embedded ClickHouse: what this statement sets would be lost. "
            "Give settings and the database with each request.",
        )


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise QueryFailure.named(Code.SYNTAX_ERROR, "Syntax error: not valid UTF-8") from None
