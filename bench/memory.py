"""How much memory the state of one worker takes: journeys of the customers, panes and windows of the managers.

    python -m bench.memory [--managers 200 --customers 50000 --deals 5000]

One process takes in a simulated day and writes what journeys read into a file; another, which starts
empty, folds it through the real stages and looks at its own memory after each part. What the stages
give is thrown away, as in a worker that has sent it. Goal: under 600 MB. Figures are what the system
counts (RSS) less what the process had before it folded anything, so they hold the allocator's waste.
"""

import argparse
import asyncio
import gc
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bench.memory_feed import DAY, INTERNAL, PARTITIONS, Raw, Size, configuration, read_feed, write_feed
from streams.agents.configurations import Configurations
from streams.agents.journeys import JourneysStage
from streams.agents.now import LiveValues
from streams.agents.subjects import midnights
from streams.agents.windows import WindowsStage
from streams.directory import Directory
from streams.engine import Output

GOAL_MB = 600
#: Records between two checkpoints: some thousand events, as under load.
_EVERY = 20
#: Event time between two looks at all live values, ms; a worker looks once a minute.
_LIVE_EVERY = 1_800_000
_PAGE = os.sysconf("SC_PAGE_SIZE")
_FRAME = struct.Struct(">II")


class _OneConfiguration(Configurations):
    """The configuration of the bench, whatever version is asked for."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def directory(self, version: str) -> Directory:  # noqa: ARG002 - there is but one
        return self._directory


class _Windows(WindowsStage):
    """Sends live values nowhere."""

    async def deliver(self, outputs: list[Output]) -> None:
        """Throws them away."""


class _Memory:
    """Memory of this process above what it was at the start."""

    def __init__(self) -> None:
        gc.collect()
        self._before = self._rss()
        self.highest = 0.0

    def mb(self) -> float:
        """MB more than at the start, now."""
        now = (self._rss() - self._before) / 1e6
        self.highest = max(self.highest, now)
        return now

    @staticmethod
    def _rss() -> int:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE


class _Journeys:
    """Folds events records; what windows read goes into a file."""

    def __init__(self, directory: Directory, measured: BinaryIO, memory: _Memory) -> None:
        self.stage = JourneysStage(
            configurations=_OneConfiguration(directory), internal=INTERNAL, partitions=PARTITIONS
        )
        self.stage.clear()
        self._measured = measured
        self._memory = memory
        self._offsets = [0] * PARTITIONS
        self._records = 0

    def fold(self, partition: int, value: bytes) -> None:
        """Folds a record and all that it makes this stage send to itself."""
        waiting = deque([(partition, value)])
        while waiting:
            to, content = waiting.popleft()
            self.stage.fold(Raw(INTERNAL.events, to, self._offsets[to], DAY, None, content))
            self._offsets[to] += 1
            self._records += 1
            if self._records % _EVERY == 0 or not waiting:
                waiting.extend(self._checkpoint())

    def _checkpoint(self) -> Iterator[tuple[int, bytes]]:
        for wave in self.stage.collect().waves:
            for output in wave:
                if output.value is None or output.partition is None:
                    continue
                if output.topic == INTERNAL.events:
                    yield output.partition, output.value
                elif output.topic == INTERNAL.measurements:
                    self._measured.write(_FRAME.pack(output.partition, len(output.value)))
                    self._measured.write(output.value)
        self._memory.mb()

    def held(self) -> tuple[int, int]:
        """How many customers, and how many deals and other entities, are kept."""
        keys = [key for number in range(PARTITIONS) for key in self.stage.slots(number)]
        entities = sum(self.stage.needs_gone(key.encode()) for key in keys)
        return len(keys) - entities, entities


def _fold_windows(directory: Directory, path: Path, memory: _Memory) -> WindowsStage:
    stage = _Windows(internal=INTERNAL, midnight=midnights(directory))
    stage.clear()
    live = LiveValues(stage, directory)
    offsets = [0] * PARTITIONS
    with path.open("rb") as file:
        count = sent = 0
        while head := file.read(_FRAME.size):
            partition, length = _FRAME.unpack(head)
            stage.fold(
                Raw(INTERNAL.measurements, partition, offsets[partition], DAY, None, file.read(length))
            )
            offsets[partition] += 1
            count += 1
            if count % (_EVERY * PARTITIONS) == 0:
                stage.collect()
                memory.mb()
                now = max(held.meta.watermark for held in stage.all_held().values())
                if now - sent >= _LIVE_EVERY:
                    asyncio.run(live.send(now))
                    sent = now
    stage.collect()
    began = time.process_time()
    asyncio.run(live.send(max(held.meta.watermark for held in stage.all_held().values()) + _LIVE_EVERY))
    print(f"all live values told at one go: {time.process_time() - began:.2f} s of CPU", flush=True)
    memory.mb()
    # Live values are part of what a worker holds.
    stage.live = live  # type: ignore[attr-defined]
    return stage


def measure(size: Size, feed: Path, measured: Path) -> None:
    """Folds the feed and prints what that took."""
    directory = configuration(size).directory
    memory = _Memory()
    with measured.open("wb") as file:
        journeys = _Journeys(directory, file, memory)
        deals = 0.0
        begun = 0
        for part, partition, value in read_feed(feed):
            if part != begun:
                gc.collect()
                deals, begun = memory.mb(), part
                of_deals = sum(journeys.held())
                print(
                    f"memory of open deals before the day: {deals:.0f} MB, {of_deals:,} journeys", flush=True
                )
            journeys.fold(partition, value)
    gc.collect()
    all_journeys = memory.mb()
    customers, entities = journeys.held()
    stage = _fold_windows(directory, measured, memory)
    gc.collect()
    total = memory.mb()
    panes = sum(len(held.panes) for held in stage.all_held().values())
    subjects = sum(len(held.subjects()) for held in stage.all_held().values())
    day = all_journeys - deals
    print(
        f"memory of journeys: {all_journeys:.0f} MB, {customers:,} customers, {entities:,} deals, leads and tasks"
    )
    print(
        f"memory of panes and windows: {total - all_journeys:.0f} MB, {panes:,} panes of {subjects:,} subjects"
    )
    print(f"memory of one more open deal: {deals / size.deals * 1000:.1f} kB")
    print(f"memory of one more customer of the day: {day / (customers - size.deals) * 1000:.1f} kB")
    print(f"memory of one more manager: {(total - all_journeys) / size.managers:.2f} MB")
    print(
        f"state of one worker, {size.managers} managers, {customers:,} customers, {size.deals:,} open deals: "
        f"{total:.0f} MB, at its highest {memory.highest:.0f} MB, goal {GOAL_MB} MB"
    )


def main() -> None:
    """Write the feed, then measure in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for name, default in (("managers", 200), ("customers", 50_000), ("deals", 5_000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--feed", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    size = Size(asked.managers, asked.customers, asked.deals)
    if asked.feed is not None:
        measure(size, asked.feed, asked.feed.with_suffix(".measured"))
        return
    with tempfile.TemporaryDirectory(prefix="bench-memory-") as folder:
        feed = Path(folder) / "feed"
        told = write_feed(size, feed)
        print(f"feed of a day: {told['events']:,} events of {told['customers']:,} customers", flush=True)
        sizes = [f"--{name}={getattr(size, name)}" for name in ("managers", "customers", "deals")]
        subprocess.run([sys.executable, "-m", "bench.memory", *sizes, "--feed", str(feed)], check=True)


if __name__ == "__main__":
    main()
