"""How old an event is when its effects are there, while `salespulse up` runs with all KPI on.

    python -m bench.latency [--rate 200 500] [--alone 500] [--seconds 60] [--managers 100] [--crossings 100]

Call events of a simulated centre are written at each of these rates in turn, each dated at the moment of
writing. Its age counts from Kafka's time of the raw record to the moment
  pane        when a consumer can read an inbound call in a pane of the whole centre on the ledger
  event       when ClickHouse writes the block with the event's row in `events`
  call        ... with its call's row in `calls` (starts, answers and ends)
  minute      ... with an inbound call in the minutes' counter of the whole centre (`kpi_minutes`)
  live        ... with an inbound call in the live value of the whole centre (`kpi_now`)
  alert       when Kafka gets the alert of which this event is the cause (topic `alerts`)
  alert_row   when ClickHouse writes the block with that alert's row in `alerts`
  alert_post  when the receiver of the webhook has that alert
Materialized views note the moments in ClickHouse, nobody polls. The causes of alerts are offers that
further managers decline, one after the other, see `crossings`; every alert must come exactly once.

A rate that the machine does not carry is measured as well: its ages grow while it lasts, of which there
are no more than 125,000 events. How many of these the worker has not taken when the last is written is
`left`, and how long it takes from then until ClickHouse has all, `after_s`.

At the rates of `--alone` ClickHouse and the sink stand still while it is measured, and go on afterwards: what the
worker does when it need not share two cores with them, or when ClickHouse is away. Panes and alerts are
all there is to see then.
Goals: pane p99 under 400 ms at 500 events/s with at most 0.5 cores of the worker; live p95 under 1 s at 200.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.backlog import Event, call_events, sized_config
from bench.crossings import EVENTS_EACH, add_watched, before, crossings, expected
from bench.figures import Figures, quantiles, save
from bench.latency_feed import feed, merged
from bench.noted import NotYet, Passage, begin_noting, stored_passages
from bench.noted_alerts import alert_passages, came
from bench.noted_panes import PaneNotes
from bench.noted_posts import PostNotes
from bench.parts import Process, standing_still, wait_for
from bench.processes import Meter, cpu_s, memory_mb
from bench.progress import WORKER, Progress
from streams.topics import CALLS
from tests.e2e.installation import Installation

_WARMS_UP_S = 5.0
_MOST_EVENTS = 125_000
#: How long what was written may take to arrive everywhere, s.
_ARRIVES_WITHIN = 600.0
#: The same for what ClickHouse need not have when its tables are drained: live values, alerts, posts.
_FOLLOWS_WITHIN = 120.0
#: What arrives where no ClickHouse is needed.
_WITHOUT_STORES = ("pane", "alert")
#: What does not tell when all was stored: an event that leaves its call's row as it is has the row to come for
#: its own, and that may be another rate's.
_NOT_THE_LAST = (*_WITHOUT_STORES, "call")


@dataclass(frozen=True, slots=True)
class Section:
    """One rate of a run."""

    number: int  #: from 1
    rate: float  #: events/s, of the simulated feed and of what causes alerts together
    seconds: float
    crossings: int
    alone: bool = False  #: ClickHouse and the sink stand still

    @property
    def warms_up_s(self) -> float:
        """Before it is measured; long enough for every watched manager's first call."""
        return max(_WARMS_UP_S, 2 * self.crossings * EVENTS_EACH / self.rate)

    @property
    def events(self) -> int:
        """Events of the simulated feed that it takes at most."""
        return int((self.warms_up_s + self.seconds) * self.rate)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen while a section was fed, its warming up left out."""

    section: Section
    since: int  #: ms since the epoch, as `until`
    until: int
    fed: float  #: events/s that the broker took
    left: int  #: raw events that the worker had not committed at the end
    cores: dict[str, float]  #: in use, by part; `bench` are the bench's own processes
    memory_mb: dict[str, float]  #: when all had arrived


class Bench:
    """The installation and those who take notes of it."""

    def __init__(self, folder: Path, config: Path) -> None:
        """Starts all. What it started is ended by `end`, also when this fails."""
        self.posts = PostNotes(folder)
        self.installation = Installation(folder / "data", config, SALESPULSE_WEBHOOK=self.posts.url)
        self._notes: list[Process] = [self.posts]
        try:
            self.installation.start()
            begin_noting(self.installation)
            self.panes = PaneNotes(folder, self.installation.kafka)
            self._notes.append(self.panes)
        except BaseException:
            self.end()
            raise
        self._progress = Progress(self.installation.kafka)

    def end(self) -> None:
        """Kills whatever is left."""
        self.installation.destroy()
        for notes in self._notes:
            notes.kill()

    def measure(self, section: Section, events: Iterator[Event]) -> Measured:
        """Feeds a section, and waits until all of it has arrived."""
        first = before(section.number, section.crossings, section.warms_up_s)
        then = crossings(section.number, section.crossings, section.seconds)
        warming = merged(events, first, section.rate, section.warms_up_s)
        lines = merged(events, then, section.rate, section.seconds)
        feed(self.installation, warming, section.rate)
        since, began = _now_ms(), time.monotonic()
        pids = self.installation.parts()
        meter, own = Meter(pids), self._own_cpu_s()
        with standing_still([pids[part] for part in ("clickhouse", "sink") if section.alone]):
            fed = feed(self.installation, lines, section.rate)
            seconds, used = time.monotonic() - began, meter.used()
        used["bench"] = self._own_cpu_s() - own
        used["others"] = max(0.0, used["others"] - used["bench"])
        until, left = _now_ms(), self._progress.left(WORKER, [CALLS])
        self._wait_arrived(section)
        cores = {part: cpu / seconds for part, cpu in used.items()}
        memory = {part: memory_mb(pid) for part, pid in pids.items()}
        return Measured(section, since, until, fed, left, cores, memory)

    def _own_cpu_s(self) -> float:
        return time.process_time() + sum(cpu_s(notes.pid) for notes in self._notes)

    def _wait_arrived(self, section: Section) -> None:
        self.installation.wait_drained(_ARRIVES_WITHIN)
        if section.crossings:
            wait_for(
                lambda: came(self.installation, section.number) >= section.crossings,
                f"all alerts of {section.rate:g} events/s",
                _FOLLOWS_WITHIN,
                every=0.5,
            )

    def passages(self, sections: list[Section]) -> dict[str, list[Passage]]:
        """Everything that arrived, by where; waits for what is on its way."""
        causes = {id: what for each in sections for id, what in expected(each.number, each.crossings).items()}
        deadline = time.monotonic() + _FOLLOWS_WITHIN
        while True:
            try:
                found = stored_passages(self.installation, self.panes.steps())
                return found | alert_passages(self.installation, self.posts.posts(), causes)
            except NotYet:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def figures_of(measured: Measured, passages: dict[str, list[Passage]]) -> Figures:
    """Ages of what Kafka got while the section was measured, and what that took."""
    section = measured.section
    mine = {
        name: [each for each in found if measured.since < each[0] <= measured.until]
        for name, found in passages.items()
        if name in _WITHOUT_STORES or not section.alone
    }
    ages = {name: [there - logged for logged, there in found] for name, found in mine.items()}
    stored = [name for name in mine if name not in _NOT_THE_LAST] or list(_WITHOUT_STORES)
    last = max(there for name in stored for _, there in mine[name])
    return {
        "rate": section.rate,
        "alone": section.alone,
        "seconds": section.seconds,
        "fed": measured.fed,
        "left": measured.left,
        "after_s": max(0, last - measured.until) / 1000,
        "ages_ms": {name: {**quantiles(each), "of": len(each)} for name, each in ages.items() if each},
        "cores": measured.cores,
        "memory_mb": measured.memory_mb,
    }


def told(figures: Figures) -> Iterator[str]:
    """The figures of one rate as lines."""
    alone = ", ClickHouse and sink standing still" if figures["alone"] else ""
    yield f"-- {figures['rate']:.0f} events/s for {figures['seconds']:.0f} s{alone}"
    for what, each in figures["ages_ms"].items():
        shares = ", ".join(f"{share} {age} ms" for share, age in each.items() if share != "of")
        yield f"{what}: {shares} (of {each['of']:,})"
    yield f"fed: {figures['fed']:,.0f} events/s, {figures['left']:,} left to the worker at the end, all stored {figures['after_s']:.1f} s after it"
    yield "cores: " + ", ".join(f"{part} {cores:.2f}" for part, cores in figures["cores"].items())
    yield "memory, MB: " + ", ".join(f"{part} {mb:.0f}" for part, mb in figures["memory_mb"].items())


def sections_of(asked: Any) -> list[Section]:
    """The sections that the arguments ask for."""
    rates = [(rate, False) for rate in asked.rate] + [(rate, True) for rate in asked.alone]
    return [
        Section(number, rate, min(asked.seconds, _MOST_EVENTS / rate), asked.crossings, alone)
        for number, (rate, alone) in enumerate(rates, 1)
    ]


def run(asked: Any, folder: Path) -> list[Figures]:
    """All sections on one installation."""
    sections = sections_of(asked)
    config = sized_config(folder / "config", asked.managers)
    events = iter(call_events(sum(each.events for each in sections), config))
    add_watched(config, asked.crossings, len(sections))
    bench = Bench(folder, config)
    try:
        measured = [bench.measure(each, events) for each in sections]
        passages = bench.passages(sections)
        bench.installation.stop()
    finally:
        bench.end()
    return [figures_of(each, passages) for each in measured]


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rate", type=float, nargs="+", default=[200.0, 500.0], help="events/s")
    parser.add_argument(
        "--alone", type=float, nargs="*", default=[500.0], help="events/s, without ClickHouse"
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="of each rate")
    parser.add_argument("--managers", type=int, default=100, help="of the simulated centre")
    parser.add_argument("--crossings", type=int, default=100, help="alerts at each rate")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        rates = run(asked, Path(name))
    for figures in rates:
        print("\n".join(told(figures)), flush=True)
    save("latency", {"managers": asked.managers, "crossings": asked.crossings, "rates": rates})


if __name__ == "__main__":
    main()
