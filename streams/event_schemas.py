"""JSON Schemas of the canonical events, for those who write producers in other languages.

Made from the same declaration as the validation. `python -m streams.event_schemas FOLDER` writes
them; a test holds the files in `schemas/events` against this.
"""

import json
import sys
from pathlib import Path
from typing import Any

from streams.event_fields import AMOUNT, LARGEST_AMOUNT, LARGEST_NUMBER, PREFIXES
from streams.event_types import EVENT_TYPES, MAX_LINKED, MAX_TEXT, EventType, Field, Kind

#: Some dialects let `$` match before a last line feed.
_END = r"$(?!\n)"
_PHONE = r"\+[1-9][0-9]{6,14}"
_OTHERS = "|".join(prefix[:-1] for prefix in PREFIXES)
_CUSTOMER = rf"^({_PHONE}|({_OTHERS}):(?!{_PHONE}{_END})[\s\S]+){_END}"
_MOMENT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    rf"([Zz]|[+-][0-9]{{2}}:?[0-9]{{2}}){_END}"
)
_NUMBER = {"type": "number", "minimum": 0, "maximum": LARGEST_NUMBER}
_AMOUNT = int(LARGEST_AMOUNT)

_MEANINGS = {
    "event_id": "Unique in its source: the same id twice is the same event.",
    "occurred_at": "When it happened, RFC 3339 with an offset; only this orders events.",
    "source": "The system it came from.",
    "customer": "A phone in E.164, crm:<id>, anonymous:<call_id> or ext:<extension>.",
    "manager": "The source's own name of the manager, or an id of the directory.",
    "group": "The source's own name of the group, or an id of the directory.",
    "actor": "Who did it, when that is not the manager; `system` for robots.",
    "call_id": "The call's id in its source, the same in all of its events.",
    "line": "The number or trunk on which the customer called.",
    "amount": "As a number, or as text with a decimal point.",
    "same_as": "Other ids and phones of the same customer.",
}


def schema_of(kind: EventType) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one type. Fields that it does not know are allowed."""
    required = {"type", *kind.required_names}
    properties = {name: _property(kind, field, name in required) for name, field in kind.fields.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.name,
        "description": f"Canonical event, version 1, on topic {kind.topic}; at most 64 KiB.",
        "type": "object",
        "required": sorted(required),
        "properties": dict(sorted(properties.items())),
    }


def files() -> dict[str, str]:
    """The text of each schema by the name of its file."""
    return {
        f"{name}.json": json.dumps(schema_of(kind), indent=2) + "\n" for name, kind in EVENT_TYPES.items()
    }


def _property(kind: EventType, field: Field, required: bool) -> dict[str, Any]:
    if field.name == "type":
        return {"const": kind.name}
    found = _filled(field)
    if not required:
        # Null and the empty text mean that the field is absent.
        found = {"anyOf": [found, {"enum": [None, ""]}]}
    if field.name in _MEANINGS:
        found = {"description": _MEANINGS[field.name], **found}
    return found


def _filled(field: Field) -> dict[str, Any]:
    """What a field that is not absent may hold."""
    customer = {"type": "string", "pattern": _CUSTOMER, "maxLength": MAX_TEXT}
    kinds: dict[Kind, dict[str, Any]] = {
        Kind.TEXT: {"type": "string", "minLength": 1, "maxLength": MAX_TEXT},
        Kind.CHOICE: {"enum": list(field.choices)},
        Kind.CUSTOMER: customer,
        Kind.MOMENT: {"type": "string", "format": "date-time", "pattern": _MOMENT},
        Kind.DECIMAL: {
            "anyOf": [
                {"type": "string", "pattern": f"^{AMOUNT.pattern}{_END}"},
                {"type": "number", "exclusiveMinimum": -_AMOUNT, "exclusiveMaximum": _AMOUNT},
            ]
        },
        Kind.NUMBER: _NUMBER,
        Kind.FLAG: {"type": "boolean"},
        Kind.SCORES: {"type": "object", "additionalProperties": _NUMBER},
        Kind.CUSTOMERS: {
            "type": "array",
            "items": customer,
            "minItems": 1,
            "maxItems": MAX_LINKED,
        },
    }
    return kinds[field.kind]


def write(folder: Path) -> None:
    """Writes every schema into the folder."""
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
