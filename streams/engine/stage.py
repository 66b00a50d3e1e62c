"""A stage: a pure fold over Kafka topics whose results are exact after any crash.

Proven with faust-streaming 0.15.3, aiokafka 0.14.0 and Kafka 4.1 (`tests/engine`). The laws:

1. Outputs before state, state before acknowledgement. The engine sees to it.
2. State carries the version up to which it holds its input. The stage skips what it holds.
3. The fold is a pure function of the log: no clock, no reads from elsewhere. The stage's part.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn

from streams import records
from streams.engine.batch import Batch, Output, Record
from streams.engine.faults import end_process
from streams.engine.runner import Runner
from streams.engine.statistics import Statistics

if TYPE_CHECKING:
    from streams.engine.application import EngineApp


class Stage(ABC):
    """Subclass, set the attributes, fill in the hooks, and `app.add(stage)`.

    All hooks but `on_load` are synchronous. `partition` is the number of an input partition, which
    is also that of the ledger. With a ledger a stage reads exactly one topic.
    """

    #: names the agent, messages and metrics
    name: str
    #: what it reads
    topics: tuple[str, ...]
    #: compacted topic of its state, with as many partitions as the input; None if it has no state
    ledger: str | None = None
    #: epoch of the internal topics, part of every version
    epoch: int = 1
    #: s between checkpoints, while nothing waits for long
    interval: float = 0.1
    #: events (as `fold` counts them) after which a checkpoint begins before its time
    max_events: int = 10_000
    #: most records per delivery; few where a record is itself a large batch
    chunk_records: int = 1000
    #: whether a backlog of several partitions is read in the order in which it was written
    in_order: bool = False
    #: whether input offsets may be missing, as in public topics with transactional producers
    may_have_holes: bool = False
    #: a lost chunk with nothing behind it is read again after this long, s
    stall_seconds: float = 10.0
    #: when stale keys of the ledger are looked for the second time after a load, s
    repair_seconds: float = 120.0

    def __init__(self) -> None:
        self.statistics = Statistics()
        #: set while the stage is to rest, and all before it
        self.held_up = False
        self._runner: Runner | None = None
        self._timers: list[tuple[float, Callable[[], Awaitable[None]]]] = []

    # -- hooks

    @abstractmethod
    def clear(self) -> None:
        """Forgets all state and everything collected, of all partitions."""

    def needs_gone(self, key: bytes) -> bool:  # noqa: ARG002  for those who override it
        """Whether the end of a key's state is told at loading however long ago it was."""
        return False

    def restore(  # noqa: B027  stages without a ledger need none; `attach` sees that others have it
        self, partition: int, key: bytes, version: int, state: bytes | None
    ) -> None:
        """Takes over a key's state from the ledger; called once per key, in no set order.

        `state` None: the key was forgotten at `version`, and records up to it can come again;
        the key must stay as it is for these.
        """

    def drop(self, partition: int) -> None:  # noqa: B027  stages without state need none
        """Forgets the state of a partition that went to another worker.

        Everything that was folded has been written before.
        """

    @abstractmethod
    def fold(self, record: Record) -> int:
        """Folds the next record of its partition; returns how many events it held."""

    @abstractmethod
    def collect(self) -> Batch:
        """Hands over all outputs and changed state since the last call, as final bytes."""

    async def on_load(self, partitions: frozenset[int]) -> None:  # noqa: B027  most need none
        """Called when these partitions' state is restored, before anything of them is folded.

        The place to read what belongs to the state and is not in the ledger.
        """

    # -- for subclasses and their timers

    def version(self, offset: int) -> int:
        """Version of what includes the input up to `offset`."""
        return records.version(self.epoch, offset)

    @property
    def loaded(self) -> bool:
        """Whether the memory is that of the partitions assigned now."""
        return self._runner is not None and self._runner.loader.ready

    @property
    def partitions(self) -> frozenset[int]:
        """Partitions whose state is in memory; empty while loading."""
        return self._running.partitions if self.loaded else frozenset()

    def every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Calls `work` every so often while the stage is loaded. To be set up before the start."""
        self._timers.append((seconds, work))

    async def confirm(self) -> bool:
        """Whether the broker acknowledges, now, that this worker still owns its partitions.

        False for one that was frozen and has been replaced meanwhile.
        """
        return await self._running.confirm()

    def behind(self, seconds: float) -> bool:
        """Whether a record has waited here for so long: those before it in the pipeline had better rest."""
        return self.loaded and self._running.loader.waiting.longer_than(seconds)

    async def deliver(self, outputs: list[Output]) -> None:
        """Writes records outside of checkpoints and waits until all are acknowledged."""
        await self._running.checkpoints.deliver(outputs)

    def now_ms(self) -> int:
        """Wall-clock time corrected by the broker's, for timers; never for a fold."""
        return self._running.app.clock.now_ms()

    def end_process(self, fault: BaseException) -> NoReturn:
        """Ends this worker at once with a message; see `streams.engine.faults`."""
        end_process(f"stage {self.name}", fault)

    # -- the engine's side

    @property
    def _running(self) -> Runner:
        if self._runner is None:
            raise RuntimeError(f"stage {self.name} was not added to an app")
        return self._runner

    def attach(self, app: "EngineApp") -> None:
        """Registers the stage's agent; see `EngineApp.add`."""
        if self.ledger is not None and len(self.topics) != 1:
            raise ValueError(f"stage {self.name} has a ledger, so it must read one topic")
        if self.ledger is not None and type(self).restore is Stage.restore:
            raise TypeError(f"stage {self.name} has a ledger, so it must restore from it")
        self.clear()
        runner = self._runner = Runner(self, app, self._timers)
        source = app.topic(*self.topics, key_serializer="raw", value_serializer="raw", allow_empty=True)

        async def body(stream: Any) -> None:
            await runner.run(stream)

        body.__name__ = body.__qualname__ = self.name
        app.agent(source, name=f"{app.conf.id}.{self.name}")(body)
