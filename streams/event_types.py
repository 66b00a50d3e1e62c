"""The types of canonical events, version 1: which fields each has and what stands in them.

The one declaration from which validation (`streams.events`) and the JSON Schemas
(`streams.event_schemas`) come. Source: the contract's table of canonical events.
"""

from dataclasses import dataclass
from enum import Enum, auto

from streams.topics import CALLS, STAGES

MAX_TEXT = 256  #: characters of a text
MAX_RECORD = 64 * 1024  #: bytes of a record
MAX_DEPTH = 16  #: levels of lists and objects in a record
MAX_LINKED = 50  #: customers in one `same_as`


class Kind(Enum):
    """What stands in a field."""

    TEXT = auto()
    CHOICE = auto()  #: a text of a closed list
    CUSTOMER = auto()  #: a phone in E.164, or `crm:`, `anonymous:`, `ext:` with an id
    MOMENT = auto()  #: RFC 3339 with an offset; read as ms since the epoch
    DECIMAL = auto()  #: an amount, as number or text; read as text
    NUMBER = auto()  #: a number of at least 0
    FLAG = auto()  #: true or false
    SCORES = auto()  #: an object of name to number
    CUSTOMERS = auto()  #: a list of customers


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an event."""

    name: str
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventType:
    """A type of event: its public topic and its fields besides the common ones."""

    name: str
    topic: str
    required: tuple[Field, ...]
    optional: tuple[Field, ...]

    @property
    def fields(self) -> dict[str, Field]:
        """Every known field by name, the common ones included."""
        every = (*COMMON, TYPE, *COMMON_OPTIONAL, *self.optional, *self.required)
        return {field.name: field for field in every}

    @property
    def required_names(self) -> frozenset[str]:
        """Fields without which an event of this type means nothing; `type` is one by nature."""
        return frozenset(field.name for field in (*COMMON, *self.required))


TYPE = Field("type")
#: Required in every event, besides `type`.
COMMON = (Field("event_id"), Field("occurred_at", Kind.MOMENT), Field("source"))
#: Allowed in every event.
COMMON_OPTIONAL = (Field("actor"), Field("customer", Kind.CUSTOMER))

_KINDS_BY_NAME = {
    "customer": Kind.CUSTOMER,
    "same_as": Kind.CUSTOMERS,
    "amount": Kind.DECIMAL,
    "score": Kind.NUMBER,
    "score_max": Kind.NUMBER,
    "criteria": Kind.SCORES,
    "justified": Kind.FLAG,
    "due_at": Kind.MOMENT,
    "callback_at": Kind.MOMENT,
}
_CHOICES_BY_NAME = {
    "direction": ("in", "out", "internal"),
    "ended_by": ("customer", "manager", "system"),
    "rated_by": ("customer", "reviewer", "machine"),
    "status": ("available", "on_call", "wrap_up", "paused", "offline"),
    "stage_kind": ("open", "won", "lost"),
    "why": ("deleted", "merged", "test"),
    "via": ("mobile", "messenger", "email", "chat", "visit"),
    "flag": ("spam", "test", "shared", "staff", "supplier", "do_not_call"),
}
_OFFER_ENDED = ("no_answer", "declined", "busy", "answered_elsewhere", "caller_left")
_CALL_ENDED = (
    "hangup",
    "ivr_end",
    "voicemail",
    "queue_timeout",
    "queue_empty",
    "closed",
    "callback_taken",
    "blocked",
    "failed",
    "lost",
)
#: `reason` is a closed list in these types, and free text elsewhere.
_REASONS_BY_TYPE = {"call.offer_ended": _OFFER_ENDED, "call.ended": _CALL_ENDED}


def _field(type_name: str, name: str) -> Field:
    choices = _REASONS_BY_TYPE.get(type_name, ()) if name == "reason" else ()
    choices = choices or _CHOICES_BY_NAME.get(name, ())
    if choices:
        return Field(name, Kind.CHOICE, choices)
    return Field(name, _KINDS_BY_NAME.get(name, Kind.TEXT))


def _type(topic: str, name: str, required: str, optional: str = "") -> EventType:
    return EventType(
        name,
        topic,
        tuple(_field(name, word) for word in required.split()),
        tuple(_field(name, word) for word in optional.split()),
    )


_ALL = (
    _type(CALLS, "call.started", "call_id direction customer", "group manager line"),
    _type(CALLS, "call.queued", "call_id customer group"),
    _type(CALLS, "call.offered", "call_id customer manager", "group"),
    _type(CALLS, "call.offer_ended", "call_id customer manager reason"),
    _type(CALLS, "call.answered", "call_id customer manager", "group"),
    _type(CALLS, "call.transferred", "call_id customer manager", "to_manager to_group"),
    _type(CALLS, "call.held", "call_id customer manager"),
    _type(CALLS, "call.resumed", "call_id customer manager"),
    _type(CALLS, "call.ended", "call_id customer", "ended_by reason recording"),
    _type(CALLS, "call.rated", "call_id customer manager score", "score_max rated_by criteria"),
    _type(CALLS, "callback.requested", "customer", "group manager call_id callback_at"),
    _type(CALLS, "agent.status", "manager status"),
    _type(STAGES, "lead.created", "lead_id customer", "manager group channel"),
    _type(STAGES, "lead.assigned", "lead_id customer manager", "group"),
    _type(STAGES, "lead.disqualified", "lead_id customer", "manager reason"),
    _type(
        STAGES,
        "deal.stage_changed",
        "deal_id customer manager pipeline stage stage_kind",
        "amount currency loss_reason lead_id",
    ),
    _type(STAGES, "proposal.sent", "deal_id customer manager", "amount"),
    _type(STAGES, "meeting.scheduled", "customer manager", "deal_id"),
    _type(STAGES, "meeting.held", "customer manager", "deal_id"),
    _type(STAGES, "meeting.missed", "customer manager", "deal_id"),
    _type(STAGES, "task.created", "task_id customer manager", "due_at"),
    _type(STAGES, "task.done", "task_id customer manager", "due_at"),
    _type(STAGES, "complaint.created", "customer", "manager call_id justified"),
    _type(STAGES, "complaint.closed", "customer", "manager call_id justified"),
    _type(STAGES, "lead.removed", "lead_id", "why into"),
    _type(STAGES, "deal.removed", "deal_id", "why into"),
    _type(STAGES, "task.removed", "task_id", "why into"),
    _type(STAGES, "deal.changed", "deal_id customer", "manager amount currency pipeline"),
    _type(STAGES, "task.changed", "task_id customer", "due_at manager"),
    _type(STAGES, "customer.contacted", "customer manager via", "lead_id deal_id"),
    _type(STAGES, "customer.linked", "customer same_as"),
    _type(STAGES, "customer.flagged", "customer flag"),
    _type(STAGES, "item.taken", "item_id customer manager", "reason"),
    _type(STAGES, "item.closed", "item_id customer manager", "reason"),
)

#: Every type by name.
EVENT_TYPES: dict[str, EventType] = {each.name: each for each in _ALL}
