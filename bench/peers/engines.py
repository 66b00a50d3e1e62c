"""The engines that are compared: how each is started, and what its output looks like."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from bench.peers import environments
from bench.peers.job import HOUR, SHORT
from streams.records import NowRecord

#: manager -> name of a total -> its last value
Rows = dict[str, dict[str, int]]

_JSON = msgspec.json.Decoder(dict[str, int | str]).decode
_NOW = msgspec.msgpack.Decoder(NowRecord).decode
#: What the product's KPI are in the job's words, with their windows.
_KPI = {"calls_handled": "n", "talk_s": "t", "offers_missed": "m"}
_WINDOWS = {"5m": SHORT, "1h": HOUR}


def take_json(rows: Rows, value: bytes) -> None:
    """Takes a row of JSON; one that pathway takes back (`diff` -1) is none."""
    row = _JSON(value)
    if row.get("diff") != -1:
        rows[str(row["manager_id"])] = {k: v for k, v in row.items() if isinstance(v, int)}


def take_values(rows: Rows, value: bytes) -> None:
    """Takes live values of KPI, of those that the job has too."""
    for row in _NOW(value).rows:
        if row.kpi in _KPI and row.window in _WINDOWS:
            held = rows.setdefault(row.subject.removeprefix("m:"), {})
            held[f"{_KPI[row.kpi]}{_WINDOWS[row.window]}"] = round(row.value or 0)  # none is no 0 there


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to do the job."""

    title: str
    command: Callable[[], list[str]]
    #: events of the topic that it gets; the slow ones get fewer
    share: float = 1.0
    #: how its output is read; None: it writes none
    take: Callable[[Rows, bytes], None] | None = take_json
    #: whether all rows are as of the last event of all, not of each manager's last
    together: bool = False
    #: ledger to be made before it starts
    ledger: bool = False


def _own(module: str) -> Callable[[], list[str]]:
    return lambda: [sys.executable, "-m", f"bench.peers.{module}"]


def _peers(module: str) -> Callable[[], list[str]]:
    return lambda: [environments.python(), "-m", f"bench.peers.{module}"]


ENGINES: dict[str, Engine] = {
    "windows": Engine(
        "this product's windows stage, every KPI",
        _own("run_windows"),
        take=take_values,
        together=True,
        ledger=True,
    ),
    "engine": Engine("this product's engine, the job's sums alone", _own("run_engine"), ledger=True),
    "pathway": Engine("pathway 0.33, commits of 100 ms", _peers("run_pathway")),
    "kafka-streams": Engine("Kafka Streams 4.1, Processor, cached", environments.kafka_streams),
    "quixstreams": Engine("quixstreams 3.28, stateful function", _peers("run_quixstreams"), share=0.2),
    "plain-faust": Engine("plain Faust 0.15, table of minutes", _own("run_plain_faust"), share=0.05),
    "reading": Engine("the limit: aiokafka reads, msgspec decodes", _own("run_reading"), take=None),
}
