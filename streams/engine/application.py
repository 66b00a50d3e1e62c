"""A Faust app with the batching transport and the settings that were proven with it.

Proven with faust-streaming 0.15.3 and aiokafka 0.14.0. No Faust table may be declared on it: their
recovery loses events at a restart with a backlog (`bench/stock_faust_tables.py` shows it).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import faust
import faust.streams
from faust.types import TP
from mode.supervisors import CrashingSupervisor

from streams.engine.batch import MAX_RECORD_BYTES
from streams.engine.clock import BrokerClock
from streams.engine.connection import Connection
from streams.engine.faults import EngineFault
from streams.engine.identity import check_identities
from streams.engine.transport import BatchConsumer, BatchTransport

if TYPE_CHECKING:
    from streams.engine.stage import Stage

#: Stages rest while something has waited for one after them for longer than this, s. A checkpoint may take a
#: second of a backlog's work: who rests sooner leaves one worker by itself without anything to do.
REST_AFTER = 1.5
#: Once something has waited for longer than this, s, a backlog is worked off: nothing that is read is new,
#: and checkpoints begin so long after the first thing folded. They cost less the more they hold.
BACKLOG_AFTER = 5.0
INTERVAL_IN_BACKLOG = 2.0

#: Called with a stage's name and a point of its checkpoint; tests end the process in it.
FailPoint = Callable[[str, str], Awaitable[None]]


async def _no_fail_point(_stage: str, _point: str) -> None:
    return None


def _loses_no_chunk(_tp: TP) -> bool:
    return False


class EngineApp(faust.App):
    """A Faust app that runs stages."""

    connection: Connection
    consumer: BatchConsumer
    chunk_records: dict[str, int]  #: topic -> records per chunk
    in_order: list[tuple[str, ...]]  #: topics of each stage that reads them in the order of writing
    pace: float  #: pause after a small fetch, s
    fetch_wait_ms: int
    identities: str | None  #: see `streams.engine.identity`
    stages: list["Stage"]
    clock: BrokerClock
    fail_point: FailPoint
    loses_chunk: Callable[[TP], bool]  #: for tests of the guard
    identity_check: tuple[int, asyncio.Future[None]] | None

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker, self, loop=self.loop)

    def _create_directories(self) -> None:
        """None: tables live in memory here, and Faust would leave empty folders wherever it is started."""

    async def check_identities(self) -> None:
        """Checks, once per generation, that the topics are the ones read before."""
        if self.identities is None:
            return
        generation = self.consumer_generation_id
        if self.identity_check is None or self.identity_check[0] != generation:
            wanted = {(s.epoch, name) for s in self.stages for name in (*s.topics, s.ledger) if name}
            check = asyncio.ensure_future(
                check_identities(self.connection, self.producer, self.identities, wanted)
            )
            self.identity_check = (generation, check)
        await asyncio.shield(self.identity_check[1])

    def interval(self, stage: "Stage") -> float:
        """How long after the first thing folded a checkpoint of the stage begins, s."""
        backlog = any(each.behind(BACKLOG_AFTER) for each in self.stages)
        return max(INTERVAL_IN_BACKLOG, stage.interval) if backlog else stage.interval

    def resting(self) -> frozenset[str]:
        """Topics that are not read on for now, since a stage after theirs is behind, or one is held up.

        So a backlog waits at the front, in the order in which it came, and what a stage tells another
        one about it is not weeks of events behind it.
        """
        for number, stage in reversed(list(enumerate(self.stages, 1))):
            if stage.held_up:
                return _topics_of(self.stages[:number])
            if stage.behind(REST_AFTER):
                return _topics_of(self.stages[: number - 1])
        return frozenset()

    def add(self, stage: "Stage") -> None:
        """Makes `stage` read its topics as an agent of this app, after those added before."""
        for topic in stage.topics:
            if topic in self.chunk_records:
                raise ValueError(f"two stages read {topic}")
            self.chunk_records[topic] = stage.chunk_records
        if stage.in_order:
            self.in_order.append(stage.topics)
        self.stages.append(stage)
        stage.attach(self)


def _topics_of(stages: list["Stage"]) -> frozenset[str]:
    return frozenset(topic for stage in stages for topic in stage.topics)


def make_app(  # noqa: PLR0913  settings are many
    name: str,
    connection: Connection,
    *,
    worker: str | None = None,
    identities: str | None = None,
    session_timeout: float = 10.0,
    commit_interval: float = 0.25,
    pace: float = 0.01,
    fetch_wait_ms: int = 20,
    web_port: int | None = None,
    fail_point: FailPoint = _no_fail_point,
    loses_chunk: Callable[[TP], bool] = _loses_no_chunk,
    **settings: Any,
) -> EngineApp:
    """An app of the consumer group `name`.

    `worker`: stable name of this process for static membership; it then comes back after a crash
    without a rebalance. None for workers that are scaled. `identities`: internal topic where the
    ids of the topics read are kept, so that a topic made anew is noticed. `session_timeout`,
    `commit_interval` and `pace` are in seconds. Further settings go to Faust as they are.
    """
    if getattr(faust.streams, "_CStreamIterator", None) is None:
        raise EngineFault(
            "Faust's compiled stream loop is missing. Install faust-streaming from its wheel and "
            "unset NO_CYTHON: the pure Python loop treats skipped records as processed."
        )
    heartbeat = min(2.0, session_timeout / 4)
    app = EngineApp(
        name,
        **{
            **connection.faust(),
            "store": "memory://",
            "processing_guarantee": "at_least_once",
            "agent_supervisor": CrashingSupervisor,
            "stream_wait_empty": False,
            "stream_buffer_maxsize": 16,  # chunks
            "table_standby_replicas": 0,
            "topic_disable_leader": True,
            "topic_allow_declare": False,
            "consumer_auto_offset_reset": "earliest",
            "consumer_group_instance_id": worker,
            "consumer_max_fetch_size": 1 << 20,
            "broker_max_poll_records": 4000,
            "broker_commit_interval": commit_interval,
            "broker_session_timeout": session_timeout,
            "broker_heartbeat_interval": heartbeat,
            "broker_rebalance_timeout": 30.0,
            "broker_request_timeout": 30.0,
            "producer_acks": -1,
            "producer_linger": 0.0,
            "producer_compression_type": "zstd",  # of aiokafka: a quarter of the CPU of its lz4, and smaller
            "producer_request_timeout": 60.0,
            "producer_max_batch_size": 1 << 20,
            "producer_max_request_size": MAX_RECORD_BYTES,
            "web_enabled": web_port is not None,
            **({"web_port": web_port} if web_port is not None else {}),
            **settings,
        },
    )
    app.connection, app.identities = connection, identities
    app.chunk_records, app.in_order, app.stages = {}, [], []
    app.clock, app.identity_check = BrokerClock(), None
    app.pace, app.fetch_wait_ms = pace, fetch_wait_ms
    app.fail_point, app.loses_chunk = fail_point, loses_chunk
    return app
