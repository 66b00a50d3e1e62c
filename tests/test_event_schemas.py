"""The JSON Schemas say what validation does."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.event_schemas import files, schema_of
from streams.event_types import EVENT_TYPES, Kind
from streams.events import Invalid, parse
from tests.test_events import INVALID, RECEIVED, VALID, name_of

FOLDER = Path(__file__).parent.parent / "schemas" / "events"
CHECKERS = {name: jsonschema.Draft202012Validator(schema_of(kind)) for name, kind in EVENT_TYPES.items()}
#: What a schema can't say.
BEYOND = ("implausible_time", "bad_time.occurred_at.no-such", "too_large.record")


def test_the_files_are_those_of_the_declaration() -> None:
    written = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    assert written == files(), "run: python -m streams.event_schemas schemas/events"


def test_each_schema_is_one() -> None:
    for kind in EVENT_TYPES.values():
        jsonschema.Draft202012Validator.check_schema(schema_of(kind))


@pytest.mark.parametrize("path", VALID, ids=name_of)
def test_valid_examples_agree_with_their_schema(path: Path) -> None:
    CHECKERS[path.parent.name].validate(json.loads(path.read_bytes()))


@pytest.mark.parametrize("path", [p for p in INVALID if p.parent.name in EVENT_TYPES], ids=name_of)
def test_invalid_examples_contradict_their_schema(path: Path) -> None:
    if not path.name.startswith(BEYOND):
        assert not CHECKERS[path.parent.name].is_valid(json.loads(path.read_bytes()))


_PLAUSIBLE: dict[Kind, list[Any]] = {
    Kind.TEXT: ["x", "", None, "x" * 256, "x" * 257, 7, True, [], {}],
    Kind.CUSTOMER: ["+74951234567", "crm:1", "crm:", "ext:+74951234567", "74951234567", "", None, 7],
    Kind.MOMENT: ["2027-01-18T10:15:30Z", "2027-01-18T10:15:30", "18.01.2027", "", None, 1800256530],
    Kind.DECIMAL: [0, -1.5, "12.50", "1e3", " 1", "1_0", 10**15, 10**15 - 1, True, None, "", [], {}],
    Kind.NUMBER: [0, 4.5, -1, 1_000_000, 1_000_001, True, "4", None, ""],
    Kind.FLAG: [True, False, 1, "true", None, ""],
    Kind.SCORES: [{}, {"a": 1}, {"a": -1}, {"a": "1"}, [], None, ""],
    Kind.CUSTOMERS: [["crm:1"], [], ["crm:"], "crm:1", ["crm:1"] * 51, [7], None, ""],
}


@st.composite
def _events(draw: st.DrawFn) -> dict[str, Any]:
    """Mostly valid events: each field is left as in a valid example or holds something at the edge."""
    path = draw(st.sampled_from(VALID))
    fields: dict[str, Any] = json.loads(path.read_bytes())
    known = EVENT_TYPES[path.parent.name].fields
    for name in draw(st.lists(st.sampled_from(sorted(set(known) - {"type"})), max_size=2)):
        field = known[name]
        edges: list[Any] = [*field.choices, "other", "", None, 1] if field.choices else _PLAUSIBLE[field.kind]
        fields[name] = draw(st.sampled_from(edges))
    for name in draw(st.lists(st.sampled_from(sorted(known)), max_size=1)):
        fields.pop(name, None)
    return fields


@settings(deadline=None)
@given(_events())
def test_schema_and_validation_agree(fields: dict[str, Any]) -> None:
    checker = CHECKERS.get(fields.get("type", ""))
    valid = checker is not None and checker.is_valid(fields)
    result = parse(json.dumps(fields).encode(), logged_at=RECEIVED)
    assert valid == (not isinstance(result, Invalid)), result
