"""What a read-only user's statement may be, judged on the engine's own syntax tree.

The engine enforces the grants (see `access`). This module closes what grants leave open in an
embedded engine: the scalar function `file` and settings that read or write any file of this machine;
statements that could take back the role; system tables that show other users' queries.
"""

import re
from dataclasses import dataclass
from typing import Self

from streams.local.clickhouse.engine import READ_ONLY, Connection, quote
from streams.local.clickhouse.failures import Code, QueryFailure
from streams.local.clickhouse.reader_settings import assigned_in, check_settings

#: Databases that a read-only session may stand in.
READER_DATABASES = frozenset({"sales", "default"})

#: System tables that drivers and BI tools read to find their way; the engine shows in them only
#: what was granted. All others (queries of others, users, parts, ...) stay shut.
SYSTEM_TABLES = frozenset(
    "aggregate_function_combinators asynchronous_metrics build_options clusters collations columns "
    "contributors data_skipping_indices data_type_families databases dictionaries events "
    "formats functions keywords licenses macros merge_tree_settings metrics numbers numbers_mt one "
    "settings settings_changes table_engines table_functions tables "
    "time_zones warnings zeros zeros_mt".split()
)

#: Table functions that make rows from nothing. Names that are not table functions at all are
#: parameterised views, which need a grant like any view.
TABLE_FUNCTIONS = frozenset(
    "numbers numbers_mt zeros zeros_mt generateseries generate_series values null view "
    "sqlstandardvalues primes".split()
)

#: Functions that read beside the tables, or what belongs to others.
FUNCTIONS = frozenset(
    "file joinget joingetornull catboostevaluate addresstoline addresstolinewithinlines "
    "addresstosymbol getserversetting generateserialid".split()
)

#: Statements, by the root of their syntax tree.
STATEMENTS = frozenset(
    "SelectWithUnionQuery SelectIntersectExceptQuery Explain ShowTables ShowColumns ShowFunctions "
    "ShowIndexes ShowSetting DescribeQuery ExistsTableQuery ExistsViewQuery ExistsDatabaseQuery "
    "ExistsDictionaryQuery ShowCreateTableQuery ShowCreateViewQuery ShowCreateDatabaseQuery".split()
)

_NODE = re.compile(r"^(?P<indent> *)(?P<node>\w+)(?: (?P<rest>.*?))?(?: \(children \d+\))?$")
_ALIAS = re.compile(r" \(alias .*$")

#: chdb looks for variables of this very process in any text with `python(`; see its docs.
_PYTHON = re.compile(r"python\s*\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the engine knows by name: table functions in lower case, settings."""

    table_functions: frozenset[str]
    settings: frozenset[str]

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """The catalogue of the engine behind `connection`."""
        functions = connection.text("SELECT lower(name) FROM system.table_functions").split()
        settings = connection.text("SELECT name FROM system.settings").split()
        return cls(frozenset(functions), frozenset(settings))


def check_reader(connection: Connection, sql: str, catalogue: Catalogue) -> None:
    """Raises `QueryFailure` (mostly ACCESS_DENIED or READONLY) unless a read-only user may run `sql`.

    `connection` must have its query parameters set and hold the reader's role already.
    """
    if _PYTHON.search(sql):
        raise _denied("the table function python")
    kind = connection.kind(sql)
    if kind.count and kind.name != READ_ONLY:
        raise QueryFailure.named(Code.READONLY, "Cannot execute query in readonly mode.")
    # For a text that does not parse, this raises the parser's own message.
    tree = connection.run(f"EXPLAIN AST {sql}", "TSVRaw").body.decode(errors="replace")
    if kind.count != 1:
        raise QueryFailure.named(Code.SYNTAX_ERROR, "Syntax error (Multi-statements are not allowed)")
    check_tree(tree, catalogue.table_functions)
    if re.search(r"^ *Set\b", tree, re.MULTILINE):
        formatted = connection.text(f"SELECT formatQuerySingleLine({quote(sql)}) FORMAT TSVRaw")
        check_settings(assigned_in(formatted) & catalogue.settings)


def check_tree(tree: str, table_functions: frozenset[str]) -> None:
    """Judges the text of a syntax tree. A name can't hide a node: forged lines only add nodes."""
    above = ""
    for number, line in enumerate(tree.splitlines()):
        found = _NODE.match(line)
        node, rest = (found["node"], _ALIAS.sub("", found["rest"] or "")) if found else ("", "")
        if number == 0 and node not in STATEMENTS:
            raise _denied(f"the statement {node or line!r}")
        if node in ("TableIdentifier", "Identifier"):
            _check_name(rest)
        elif node == "Function":
            _check_function(rest, above == "TableExpression", table_functions)
        elif node == "ColumnsApplyTransformer":
            raise _denied("APPLY, which hides the function that it calls")
        above = node


def _check_name(name: str) -> None:
    database, _, table = name.partition(".")
    if database == "system" and table.split(".")[0] not in SYSTEM_TABLES:
        raise _denied(name)


def _check_function(name: str, is_table: bool, table_functions: frozenset[str]) -> None:
    lowered = name.lower()
    if lowered in FUNCTIONS or lowered.startswith("ai"):
        raise _denied(f"the function {name}")
    if is_table and lowered in table_functions - TABLE_FUNCTIONS:
        raise _denied(f"the table function {name}")


def _denied(what: str) -> QueryFailure:
    return QueryFailure.named(
        Code.ACCESS_DENIED, f"Not enough privileges: a read-only user may not use {what}."
    )
