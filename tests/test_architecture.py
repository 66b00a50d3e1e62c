"""Who may import whom, what pure code must not touch, and how large a file may be."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STREAMS = ROOT / "streams"

#: Decides what events mean: the same input gives the same output in every process, at any time.
PURE = {
    "absences",
    "alerts",
    "bonus",
    "calendars",
    "config_csv",
    "config_text",
    "customers",
    "directory",
    "directory_entries",
    "directory_text",
    "event_fields",
    "event_types",
    "events",
    "funnel",
    "funnel_text",
    "intake",
    "journey",
    "kpis",
    "plans",
    "periods",
    "records",
    "records_tables",
    "reports",
    "simulate",
    "sources",
    "topics",
    "windows",
}

#: A module imports from lower layers only; within a layer, modules do not know each other.
LAYERS = [
    PURE,
    {
        "assignment",
        "background",
        "clock",
        "config",
        "event_schemas",
        "garbage",
        "readiness",
        "settings",
        "whole_log",
    },
    {"epochs"},
    {"engine", "gateway", "importing", "sinks", "topology"},
    {"agents", "corrections", "forget", "live"},
    {"app", "local"},
    {"rebuild"},
    {"cli"},
]

#: What the engine may import.
_OF_THE_ENGINE = {"assignment", "background", "engine", "records"}

#: Outside the standard library, pure code needs these and nothing else.
PURE_LIBRARIES = {"msgspec", "phonenumbers", "yaml"}

#: The standard library's ways to a clock, a file, a process or the network.
IMPURE = {
    "aiohttp",
    "asyncio",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "secrets",
    "shutil",
    "signal",
    "socket",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "urllib",
}
#: Of these, what neither reads nor changes anything: equal strings become one.
PURE_NAMES = {"sys.intern"}
IMPURE_CALLS = {"breakpoint", "input", "open", "print"}
CLOCKS = {"now", "today", "utcnow"}

LONGEST = 350


@cache
def modules() -> list[tuple[str, Path, ast.Module]]:
    """Package or module below `streams`, file, syntax tree."""
    found = []
    for path in sorted(STREAMS.rglob("*.py")):
        within = path.relative_to(STREAMS)
        if within.parts[0] == "__init__.py":
            continue
        found.append((within.parts[0].removesuffix(".py"), path, ast.parse(path.read_text("utf-8"))))
    return found


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that a module imports, lazily or not."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute here"
            if node.module in {"streams", "sys"}:
                for name in node.names:
                    yield node.lineno, f"{node.module}.{name.name}"
            else:
                yield node.lineno, str(node.module)


def test_every_module_has_its_layer() -> None:
    known = set().union(*LAYERS)
    found = {name for name, _, _ in modules()}
    assert found <= known, f"say in LAYERS where {sorted(found - known)} belongs"
    assert known <= found, f"LAYERS names what is no more: {sorted(known - found)}"


def test_imports_go_from_outside_in() -> None:
    layer = {name: rank for rank, names in enumerate(LAYERS) for name in names}
    faults = []
    for name, path, tree in modules():
        for line, target in imported(tree):
            if not target.startswith("streams."):
                continue
            other = target.split(".")[1]
            fine = other == name or layer[other] < layer[name] or {name, other} <= PURE
            if not fine:
                faults.append(f"{path.relative_to(ROOT)}:{line} imports {target}")
    assert not faults, "\n".join(faults)


def test_the_engine_knows_no_business() -> None:
    """Exactness must not depend on what is counted."""
    for name, path, tree in modules():
        if name == "engine":
            for line, target in imported(tree):
                allowed = not target.startswith("streams.") or target.split(".")[1] in _OF_THE_ENGINE
                assert allowed, f"{path.relative_to(ROOT)}:{line} imports {target}"


@pytest.mark.parametrize("library", ["faust", "mode"])
def test_faust_is_known_to_the_engine_and_where_the_app_is_made(library: str) -> None:
    for name, path, tree in modules():
        for line, target in imported(tree):
            if target.split(".")[0] == library:
                assert name in {"engine", "app"}, f"{path.relative_to(ROOT)}:{line} imports {target}"


def test_pure_code_imports_nothing_that_reads_the_world() -> None:
    faults = []
    for name, path, tree in modules():
        if name not in PURE:
            continue
        for line, target in imported(tree):
            first = target.split(".")[0]
            if first == "streams" or target in PURE_NAMES:
                continue
            foreign = first not in sys.stdlib_module_names and first not in PURE_LIBRARIES
            if foreign or first in IMPURE:
                faults.append(f"{path.relative_to(ROOT)}:{line} imports {target}")
    assert not faults, "\n".join(faults)


def test_pure_code_reads_no_clock_and_no_file() -> None:
    faults = [
        f"{path.relative_to(ROOT)}:{node.lineno} calls {ast.unparse(node.func)}"
        for name, path, tree in modules()
        for node in ast.walk(tree)
        if name in PURE and isinstance(node, ast.Call) and _reads_the_world(node.func)
    ]
    assert not faults, "\n".join(faults)


def _reads_the_world(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id in IMPURE_CALLS
    if not isinstance(function, ast.Attribute):
        return False
    of_a_clock = ast.unparse(function.value).split(".")[-1] in {"datetime", "date"}
    return function.attr in CLOCKS and of_a_clock


def test_the_checks_see_what_they_are_for() -> None:
    """A check that finds nothing must be one that could."""
    clock = ast.parse(
        "import time\nfrom datetime import datetime\nx = datetime.now()\ny = open('f')\nz = world.now()"
    )
    assert [target for _, target in imported(clock)] == ["time", "datetime"]
    calls = [node.func for node in ast.walk(clock) if isinstance(node, ast.Call)]
    assert sorted(ast.unparse(call) for call in calls if _reads_the_world(call)) == ["datetime.now", "open"]


@pytest.mark.parametrize("folder", ["streams", "tests", "bench"])
def test_files_are_short_enough_to_read(folder: str) -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sorted((ROOT / folder).rglob("*.py"))
        if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST
    }
    assert not long, f"longer than {LONGEST} lines: {long}"
