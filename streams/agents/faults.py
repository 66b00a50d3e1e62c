"""Dead letters for events that were valid and on which the product itself failed."""

import traceback

import msgspec

from streams import topics
from streams.engine import Output
from streams.intake import DeadLetter
from streams.records import EventRow

_JSON = msgspec.json.Encoder()


def internal_letter(row: EventRow, fault: Exception) -> Output:
    """The dead letter `internal`; its payload is the event as accepted, with the customer's key."""
    event = row.event
    topic = topics.EVENT_TOPICS[row.topic]
    origin = f"{topic}/{row.partition}/{row.offset}"
    trace = "".join(traceback.format_exception(fault)[-3:])
    payload = _JSON.encode(
        {
            "source": event.source,
            "event_id": event.event_id,
            "type": event.type,
            "at": event.at,
            "customer": event.customer,
            "manager": event.manager,
            "group": event.group,
            **event.extra,
            **event.data,
        }
    )
    letter = DeadLetter(
        topic=topic,
        partition=row.partition,
        offset=row.offset,
        received_at=row.logged_at,
        source=event.source,
        reason="internal",
        detail=f"the event is valid, but the program failed on it: {fault!r}\n{trace}"[:4000],
        payload=payload.decode(),
        encoding="utf8",
        origin=origin,
    )
    return Output(topics.DEAD_LETTERS, None, origin.encode(), _JSON.encode(letter))
