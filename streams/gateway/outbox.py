"""The gateway's way into Kafka: records are taken only when every in-sync broker has them.

The producer is idempotent. When Kafka is away, senders are told so within `answer_s`; what had
been handed over may still arrive later, which is harmless, as events bear their own ids.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from streams.gateway.taking import Outgoing

_LOG = logging.getLogger(__name__)

_MAX_REQUEST = 4 * 1024 * 1024
_PAUSE_S = 0.5  #: between attempts to reach Kafka
_LAST_S = 5.0  #: given to what is on its way when the gateway stops


class KafkaAway(Exception):
    """Kafka did not take the records in time; the sender should try again."""


class Outbox:
    """One producer, made anew whenever it fails for good."""

    def __init__(self, brokers: str, answer_s: float = 10.0) -> None:
        """`answer_s`: how long a sender waits at most for Kafka's answer."""
        self._brokers = brokers
        self._answer_s = answer_s
        self._producer: AIOKafkaProducer | None = None
        self._broken = asyncio.Event()
        self._ending = False
        #: Ends only by `stop`, or by a fault in the program.
        self.keeper: asyncio.Task[None] | None = None
        #: Set while there is a producer that has reached Kafka.
        self.reached = asyncio.Event()

    def start(self) -> None:
        """Begins to look for Kafka; the gateway answers 503 until it is found."""
        self.keeper = asyncio.create_task(self._keep(), name="gateway outbox")

    async def stop(self) -> None:
        """Ends the producer after what is on its way."""
        self._ending = True
        self._broken.set()
        if self.keeper is not None:
            # Not cancelled at once: a connection that is just being made would be left open.
            await asyncio.wait([self.keeper], timeout=2 * _LAST_S)
            self.keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self.keeper

    async def put(self, records: Sequence[Outgoing]) -> None:
        """Returns when Kafka has all records; raises `KafkaAway` when it is not known to have them."""
        if not records:
            return
        try:
            async with asyncio.timeout(self._answer_s):
                await self._deliver(records)
        except TimeoutError:
            raise KafkaAway(f"Kafka at {self._brokers} did not answer in {self._answer_s:g} s") from None
        except KafkaTimeoutError as fault:
            raise KafkaAway(f"Kafka at {self._brokers}: {fault}") from None
        except KafkaError as fault:
            self._broken.set()
            raise KafkaAway(f"Kafka at {self._brokers}: {fault!r}") from None

    async def reachable(self, within_s: float = 2.0) -> bool:
        """Whether Kafka answers now."""
        producer = self._producer
        if producer is None:
            return False
        try:
            async with asyncio.timeout(within_s):
                await producer.client.fetch_all_metadata()
        except (TimeoutError, KafkaError):
            return False
        return any(producer.client.cluster.brokers())

    async def _deliver(self, records: Sequence[Outgoing]) -> None:
        await self.reached.wait()
        producer = self._producer
        if producer is None:
            raise KafkaTimeoutError("the connection was just lost")
        futures = []
        for record in records:
            future = await producer.send(record.topic, record.value, record.key)
            # Whoever stops waiting for it leaves its fault to nobody.
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
            futures.append(future)
        await asyncio.wait(futures)
        for future in futures:
            future.result()

    async def _keep(self) -> None:
        while not self._ending:
            producer = self._new_producer()
            try:
                await producer.start()
                self._broken.clear()
                if not self._ending:
                    self._producer = producer
                    self.reached.set()
                    await self._broken.wait()
            except (KafkaError, OSError) as fault:
                _LOG.warning("Kafka at %s is away: %r", self._brokers, fault)
            finally:
                self.reached.clear()
                self._producer = None
                await _close(producer)
            if not self._ending:
                await asyncio.sleep(_PAUSE_S)

    def _new_producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._brokers,
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            max_request_size=_MAX_REQUEST,
            request_timeout_ms=int(self._answer_s * 1000),
            client_id="salespulse-gateway",
        )


async def _close(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(_LAST_S):
            await producer.stop()
    except (TimeoutError, KafkaError, OSError) as fault:
        _LOG.warning("the producer did not end cleanly: %r", fault)
