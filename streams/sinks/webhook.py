"""Posts every alert transition to a webhook, at least once and in order.

The body is the record of topic `alerts` as it stands. Header `Idempotency-Key` is the same for the
same transition, so that a receiver can tell a repetition. A receiver that is away, slow or failing is
asked again with growing pauses; one that refuses the transition itself (4xx) is not.
"""

import asyncio
import hashlib
import logging
from http import HTTPStatus
from typing import Protocol

import aiohttp
import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from streams import topics
from streams.sinks import metrics
from streams.sinks.feed import Feed

_LOG = logging.getLogger(__name__)

GROUP = "salespulse.webhook"

_POLL_MS = 500
_RECORDS_PER_POLL = 50
#: A webhook that is set for the first time hears of this much of the past.
_FIRST_MS = 15 * 60_000
_ANSWER_S = 10
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 60.0
#: Answers of 4xx that mean "not now" rather than "not this".
_LATER = frozenset({401, 403, 404, 408, 425, 429})


class Transition(msgspec.Struct):
    """What identifies a transition of an alert."""

    alert_id: str
    state: str
    severity: str
    at: int | str = 0
    change: str = ""


#: Written again daily so that the topic can be read back: no news to anybody.
_NO_NEWS = "recorded"
#: The beginning and the end of an alert happen once. What lies between (reminders, a severity that
#: goes up and down) may happen again, and is told apart by its time.
_ONCE = frozenset({"", "fired", "resolved"})

_TRANSITION = msgspec.json.Decoder(Transition)


class Stop(Protocol):
    """What is needed of an asyncio.Event."""

    def is_set(self) -> bool: ...
    async def wait(self) -> bool: ...


def idempotency_key(transition: Transition) -> str:
    """The same for the same transition of the same alert."""
    text = f"{transition.alert_id}\n{transition.state}\n{transition.severity}"
    if transition.change not in _ONCE:
        text += f"\n{transition.at}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Webhook:
    """Posts transitions until told to stop."""

    name = "webhook"

    def __init__(self, brokers: str, url: str, *, group: str = GROUP, instance: str | None = None) -> None:
        """`instance`: name under which a restarted process gets its partitions back at once."""
        self._url = url
        self._feed = Feed(brokers, group, [topics.ALERTS], instance=instance, first_ms=_FIRST_MS)

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set; what was not delivered by then is posted after the next start."""
        timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
        try:
            await self._feed.start()
            async with aiohttp.ClientSession(timeout=timeout) as session:
                while not stop.is_set():
                    for record in await self._feed.poll(_POLL_MS, _RECORDS_PER_POLL):
                        if not await self._deliver(session, record, stop):
                            return
        finally:
            await self._feed.stop()

    async def _deliver(self, session: aiohttp.ClientSession, record: ConsumerRecord, stop: Stop) -> bool:
        """Posts one transition and commits it; False when told to stop before it was taken."""
        body: bytes = record.value or b""
        try:
            transition = _TRANSITION.decode(body)
        except msgspec.MsgspecError as fault:
            _LOG.warning("alerts/%d/%d is no transition: %s", record.partition, record.offset, fault)
        else:
            news = transition.change != _NO_NEWS
            if news and not await self._post(session, transition, body, stop):
                return False
        await self._feed.commit({TopicPartition(record.topic, record.partition): record.offset + 1})
        return True

    async def _post(
        self, session: aiohttp.ClientSession, transition: Transition, body: bytes, stop: Stop
    ) -> bool:
        pause = _FIRST_PAUSE_S
        while True:
            problem = await self._attempt(session, transition, body)
            if problem is None:
                return True
            _LOG.warning("webhook: %s, again in %.1f s", problem, pause)
            try:
                async with asyncio.timeout(pause):
                    await stop.wait()
                return False
            except TimeoutError:
                pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _attempt(
        self, session: aiohttp.ClientSession, transition: Transition, body: bytes
    ) -> str | None:
        """Posts once. None when that is settled, else what stands in the way for now."""
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency_key(transition),
        }
        try:
            async with session.post(self._url, data=body, headers=headers) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            metrics.WEBHOOK_POSTS.labels("unreachable").inc()
            return f"{type(fault).__name__}: {fault}"
        if status < HTTPStatus.MULTIPLE_CHOICES:
            metrics.WEBHOOK_POSTS.labels("accepted").inc()
            return None
        if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _LATER:
            metrics.WEBHOOK_POSTS.labels("refused").inc()
            _LOG.error("webhook refused alert %s with status %d", transition.alert_id, status)
            return None
        metrics.WEBHOOK_POSTS.labels("failed").inc()
        return f"status {status}"
