"""A long run under load and faults, seen from outside: memory, parts, lag, time to a row."""

import contextlib
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException

from confluent_kafka import KafkaException

from streams.local.broker import Broker
from tests.faults.feed import Feed
from tests.faults.harm import freeze_past_its_session, kill, take_clickhouse_away
from tests.faults.kept import Kept, resident_mb
from tests.faults.live import missed
from tests.faults.product import Product
from tests.waiting import eventually

_PARTS = (
    "SELECT max(n) FROM (SELECT count() AS n FROM system.parts"
    " WHERE active AND database = 'sales_rows' GROUP BY table, partition)"
)
#: Session of a worker in its group, s.
_SESSION = 10.0
#: Looks at the memory between two lines of the table, and calls that are followed to their row.
_LOOKS, _CALLS = 30, 10


#: Something that was seen, and when: s from the beginning.
Seen = list[tuple[float, int]]


@dataclass
class Soak:
    """Two workers and two sinks, of which the first are never harmed."""

    product: Product
    feed: Feed
    seconds: float
    #: lines of the table
    lines: int
    #: MB by part, unless it was just dead
    memory: dict[str, Seen] = field(default_factory=dict)
    #: parts of the partition in ClickHouse that has most, and records that nobody has finished with
    parts: Seen = field(default_factory=list)
    lag: Seen = field(default_factory=list)
    #: when each call was sent, and s until its row said how it ended
    to_row: list[tuple[float, float]] = field(default_factory=list)
    #: when what was done
    done: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.workers = [self.product.worker(f"worker-{number}") for number in range(2)]
        self.sinks = [self.product.sink(f"sink-{number}") for number in range(2)]

    @property
    def pairs(self) -> list[tuple[Kept, Kept]]:
        """The worker and the sink that nothing is done to, each with the one that is killed."""
        return [(self.workers[0], self.workers[1]), (self.sinks[0], self.sinks[1])]

    def run(self, faults: tuple[str, ...], away: float) -> None:
        """Feeds for so long, does to the other parts what `faults` says, and looks on."""
        # What is started again by a thread ends with it, so harm is done by this one.
        self._began, over = time.monotonic(), threading.Event()
        messages = self.feed.rest()
        fed = self.feed.sending(self.product.kafka, messages, len(messages) / self.seconds)
        line = self.seconds / self.lines
        with ThreadPoolExecutor() as pool:
            # Whoever waits for what is away does not keep the others from looking.
            watched: list[Future[None]] = [
                pool.submit(self._again, over, line / _LOOKS, self._look_at_memory),
                pool.submit(self._again, over, line / _LOOKS, self._look_at_parts),
                pool.submit(self._again, over, line / _LOOKS, self._look_at_lag),
                pool.submit(self._again, over, line / _CALLS, self._follow_a_call),
            ]
            try:
                for number, what in enumerate(faults, 1):
                    due = self.seconds * number / (len(faults) + 1)
                    fed.join(max(0.0, due - self._now()))
                    self.done.append((self._now(), what))
                    self._harm(what, away)
                fed.join()
            finally:
                over.set()
        for one in watched:
            one.result()

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _again(self, over: threading.Event, pause: float, what: Callable[[], None]) -> None:
        while not over.wait(pause):
            what()

    def _harm(self, what: str, away: float) -> None:
        if what == "frozen":
            freeze_past_its_session(self.product, self.workers[1], self.workers[0], _SESSION)
        elif what == "away":
            take_clickhouse_away(self.product, away)
        else:
            kill(self.product, {"worker": "worker-1", "sink": "sink-1"}.get(what, what))

    # -- what is seen

    def _look_at_memory(self) -> None:
        processes = {role.name: role.process.pid for role in self.product.roles}
        processes["clickhouse"] = self.product.clickhouse.pid
        broker = self.product.brokers
        if isinstance(broker, Broker) and broker.process is not None:
            processes["broker"] = broker.process.pid
        for name, process in processes.items():
            if memory := resident_mb(process):
                self.memory.setdefault(name, []).append((self._now(), memory))

    def _look_at_parts(self) -> None:
        with contextlib.suppress(OSError, HTTPException, AssertionError):  # ClickHouse is away
            self.parts.append((self._now(), int(self.product.query(_PARTS)[0][0])))

    def _look_at_lag(self) -> None:
        with contextlib.suppress(KafkaException):  # the broker is away
            self.lag.append((self._now(), sum(self.product.lag().values())))

    def _follow_a_call(self) -> None:
        number, began = len(self.to_row), self._now()
        asked = f"SELECT call_id FROM sales.calls WHERE call_id = 'soak-{number}' AND outcome = 'missed'"

        def stored() -> bool:
            try:
                return bool(self.product.query(asked))
            except (OSError, HTTPException, AssertionError):
                return False

        self.feed.send(self.product.kafka, missed(self.feed, "soak", number))
        eventually(stored, 300, 0.1, "the row of a call")
        self.to_row.append((began, self._now() - began))

    # -- what became of it

    def highest(self, part: str, begin: float, end: float) -> int:
        """The most memory of a part between two shares of the time, MB."""
        return _most(self.memory[part], begin * self.seconds, end * self.seconds)

    def table(self) -> str:
        """A line for each stretch of time: the most memory, parts and lag in it, and s to a row."""
        names = sorted(self.memory)
        head = ["until, min", *(f"{name}, MB" for name in names), "parts", "lag", "to a row, s", "done to it"]
        lines = [head, ["---"] * len(head)]
        for number in range(self.lines):
            begin, end = (self.seconds * n / self.lines for n in (number, number + 1))
            calls = [took for at, took in self.to_row if begin <= at < end]
            seen = (*(self.memory[name] for name in names), self.parts, self.lag)
            lines.append(
                [
                    f"{end / 60:.1f}".removesuffix(".0"),
                    *(f"{_most(one, begin, end):,}" for one in seen),
                    f"{statistics.median(calls):.1f}, longest {max(calls):.1f}" if calls else "",
                    ", ".join(what for at, what in self.done if begin <= at < end),
                ]
            )
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _most(seen: Seen, begin: float, end: float) -> int:
    return max((value for at, value in seen if begin <= at < end), default=0)
