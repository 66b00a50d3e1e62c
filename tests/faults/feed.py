"""What is sent to the product: a random log with duplicates, disorder and records that nobody can use."""

import json
import random
import threading
from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Any

from confluent_kafka import KafkaError, Producer
from confluent_kafka import Message as Report

from tests.e2e.feeding import message, recent_log, valid
from tests.e2e.outside import Message
from tests.faults.sizes import EVENTS_PER_CALL
from tests.random_calls import Nastiness

Json = dict[str, Any]
#: 10 % duplicates, 5 % out of order, and some events that come again under their id with other content.
NASTINESS = Nastiness(lost=0.02, twice=0.1, other_content=0.01, late=0.05, skewed=0.03)
#: One record in a hundred cannot be used.
BAD = 0.01
_LARGE = 2 << 20


class Feed:
    """A log in the order of arrival, handed out in portions; knows what each record means.

    `events`: about so many. The payloads of bad records differ, but for those that are empty.
    """

    def __init__(self, seed: int, events: int) -> None:
        calls = round(events / EVENTS_PER_CALL)
        log = recent_log(
            seed,
            calls=calls,
            customers=calls // 4 + 2,
            days=2.0,
            deals=calls // 15,
            links=min(40, calls // 40),
            nastiness=NASTINESS,
        )
        chance = random.Random(seed)
        #: payload of a record that is an event
        self.good: dict[bytes, Json] = {}
        #: payload of a record that is none, and the reason that its dead letter gives
        self.bad: dict[bytes, str] = {}
        self.messages: list[Message] = []
        for number, event in enumerate(log):
            self.messages.append(self.known(event))
            if chance.random() < BAD:
                self.messages.append(self._bad(number))
        self._next = 0
        self._more = count()
        self.sent: Counter[bytes] = Counter()
        self._lock = threading.Lock()

    def known(self, event: Json) -> Message:
        """The record of an event, which the recount is to know too."""
        made = message(event)
        self.good[made[2] or b""] = event
        return made

    def _bad(self, number: int) -> Message:
        payload, reason = _bad_payload(number)
        self.bad[payload or b""] = reason
        return "pbx.calls", None, payload

    def portion(self, share: float) -> Sequence[Message]:
        """The next records, so large a share of all."""
        first = self._next
        self._next = min(len(self.messages), first + max(1, round(share * len(self.messages))))
        return self.messages[first : self._next]

    def rest(self) -> Sequence[Message]:
        """All records that were not handed out yet."""
        return self.portion(1.0)

    def send(self, bootstrap: str, messages: Sequence[Message], rate: float | None = None) -> None:
        """Writes records as any producer would, `rate` a second if given; they wait while the broker is away.

        Returns when all are acknowledged.
        """
        pause, failed = threading.Event(), []
        producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "compression.type": "lz4",
                "enable.idempotence": True,
                "message.max.bytes": 4 << 20,
                "queue.buffering.max.messages": 1_000_000,
                "delivery.timeout.ms": 900_000,
                "reconnect.backoff.max.ms": 1000,
                "log_level": 0,
            }
        )

        def delivered(error: KafkaError | None, report: Report) -> None:
            if error:
                failed.append(error)
            else:
                with self._lock:
                    self.sent[report.value() or b""] += 1

        for number, (topic, key, value) in enumerate(messages):
            producer.produce(topic, value, key, on_delivery=delivered)
            if number % 20 == 0:
                producer.poll(0)
                if rate:
                    pause.wait(20 / rate)
        assert producer.flush(900) == 0, "the broker did not take everything"
        assert not failed, failed[:3]

    def sending(self, bootstrap: str, messages: Sequence[Message], rate: float) -> threading.Thread:
        """The same from a thread of its own."""
        thread = threading.Thread(target=self.send, args=(bootstrap, messages, rate), daemon=True)
        thread.start()
        return thread


def _bad_payload(number: int) -> tuple[bytes | None, str]:
    """A record that cannot be used, each time another one, and the reason that it gets."""
    id = f"bad-{number}"
    without = valid(event_id=id)
    del without["call_id"]
    cases: list[tuple[bytes | None, str]] = [
        (b"{not json %d" % number, "not_json"),
        (b"[%d, 2]" % number, "not_an_object"),
        (b'{"event_id": "\xff\xfe %d"}' % number, "not_utf8"),
        (json.dumps(without).encode(), "missing_field"),
        (json.dumps(valid(event_id=id, call_id=5)).encode(), "wrong_type"),
        (json.dumps(valid(event_id=id, type="call.sneezed")).encode(), "unknown_type"),
        (json.dumps(valid(event_id=id, occurred_at="1970-01-01T00:00:00Z")).encode(), "implausible_time"),
        (json.dumps(valid(event_id=id, occurred_at="2100-01-01T00:00:00Z")).encode(), "implausible_time"),
        (b'{"event_id": "%d", "amount": NaN}' % number, "not_json"),
        (json.dumps(valid(event_id="x" * 257 + id)).encode(), "too_large"),
        (None, "null_value"),
    ]
    if number % 50 == 0:
        return json.dumps(valid(event_id=id, note="x" * _LARGE)).encode(), "too_large"
    return cases[number % len(cases)]
