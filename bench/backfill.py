"""How long a year of a call centre takes to come in: from a file to rows, live values and sums of days.

    python -m bench.backfill [--days 365] [--managers 100] [--calls-per-day 1800] [--workers 1 2]

Writes the file first (100 managers make some 5 million events a year), then, once with each number of
workers, `salespulse import events` reads it into a broker of its own while workers, sink and ClickHouse
are at work. Everything shares the machine's cores. In the end the tables must hold as many events, calls,
leads and deals as the file. Goal: 15 minutes, better 5.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clickhouse_connect.driver.client import Client

from bench.backlog import sized_config
from bench.figures import Figures, save
from bench.parts import ClickHouse, Process, Role, wait_for
from bench.processes import Meter, memory_mb
from bench.progress import CORRECTIONS, SINK, WORKER, Progress
from bench.year import Year, write_year
from streams.kpis.measurements import MEASUREMENTS, NOT_IN_PANES
from streams.kpis.sql_day_keep import DaySums
from streams.local.broker import Broker
from streams.settings import Settings
from streams.sinks.connection import connect
from streams.sinks.migrations import migrate
from streams.topics import InternalTopics
from streams.topology import ensure_topics

_WITHIN_S, _LOOK_S, _LOOKS_AT_DAYS_S = 3 * 3600.0, 1.0, 5.0
_PARTITIONS = 8
#: What must be stored: the query and the count in the file.
_COUNTS = {
    "events": "SELECT count() FROM sales_rows.events FINAL",
    "calls": "SELECT count() FROM sales_rows.calls FINAL",
    "leads": "SELECT count() FROM sales_rows.leads FINAL",
    "deals": "SELECT uniqExact(deal_id) FROM sales_rows.stage_stays FINAL",
}


#: Kinds of measurements that panes count one by one.
_COUNTED = {each.kind for each in MEASUREMENTS.values()} - {"set", *NOT_IN_PANES}


@dataclass(frozen=True, slots=True)
class Backfill:
    """One import; times in seconds from its beginning."""

    workers: int
    imported_s: float  #: every line is on its topic
    folded_s: float  #: every event is folded by all stages
    stored_s: float  #: every row is stored
    kept_s: float  #: every day's sums are kept
    cpu_us: dict[str, float]  #: per event, by part
    peak_mb: dict[str, float]
    histories: int  #: asked back from ClickHouse, to be folded again
    recounts: int  #: requests to count minutes anew
    minutes: int  #: rows of `kpi_minutes`
    disk_mb: float  #: of ClickHouse


def backfill(folder: Path, file: Path, config: Path, year: Year, workers: int) -> Backfill:
    """One import with so many workers, into parts that hold nothing yet."""
    broker = Broker(folder / "kafka")
    broker.start()
    assert broker.process is not None
    clickhouse = ClickHouse(folder)
    settings = Settings(
        kafka=broker.bootstrap,
        clickhouse=clickhouse.url,
        config=config,
        secret="a secret of the benches",  # noqa: S106 - it keeps nothing secret
        partitions=_PARTITIONS,
    )
    parts: list[Process] = [clickhouse]
    try:
        ensure_topics(settings)
        client = connect(settings.clickhouse)
        migrate(client)
        parts.append(Role("sink", settings, folder).wait_ready())
        parts += [Role("worker", settings, folder, f"worker {n + 1}").wait_ready() for n in range(workers)]
        pids = {"broker": broker.process.pid, **{part.name: part.pid for part in parts}}
        return _measure(settings, client, file, pids, year, workers)
    finally:
        for part in reversed(parts):
            part.stop()
        broker.kill()


def _measure(
    settings: Settings, client: Client, file: Path, pids: dict[str, int], year: Year, workers: int
) -> Backfill:
    topics = InternalTopics(settings.epoch)
    progress, meter, began = Progress(settings.kafka), Meter(pids), time.monotonic()

    def since() -> float:
        return time.monotonic() - began

    command = [sys.executable, "-m", "streams.cli", "import", "events", str(file)]
    with subprocess.Popen(command, env={**settings.environment(), "PATH": ""}) as importing:
        if importing.wait():
            sys.exit("the import failed")
    imported_s = since()
    print(f"  imported after {imported_s:,.0f} s", flush=True)

    def wait_through(what: str, *groups: str) -> None:
        wait_for(lambda: progress.through(settings.epoch, *groups), what, _WITHIN_S, _LOOK_S)

    wait_through("all events are folded", WORKER)
    folded_s = since()
    print(f"  folded after {folded_s:,.0f} s", flush=True)
    wait_through("all rows are stored", WORKER, CORRECTIONS, SINK)
    stored_s = since()
    print(f"  stored after {stored_s:,.0f} s", flush=True)
    wait_for(lambda: not _stale(client, year.days), "all days' sums are kept", _WITHIN_S, _LOOKS_AT_DAYS_S)
    kept_s, used = since(), meter.used()
    _check(client, year)
    return Backfill(
        workers,
        imported_s,
        folded_s,
        stored_s,
        kept_s,
        {part: cpu / year.events * 1e6 for part, cpu in used.items()},
        {part: memory_mb(pid, peak=True) for part, pid in pids.items()},
        progress.written([topics.history]),
        progress.written([topics.recompute]),
        _one(client, "SELECT count() FROM sales_rows.kpi_minutes FINAL"),
        _one(client, "SELECT sum(bytes_on_disk) FROM system.parts WHERE active") / 2**20,
    )


def _stale(client: Client, days: int) -> bool:
    """Whether sums of any day but those that last are not what its rows give."""
    today, sums = datetime.now(UTC).date(), DaySums.of()
    first, last = today - timedelta(days=days + 2), today - timedelta(days=2)
    return any(client.query(sums.stale(source, first, last)).result_rows for source in ("panes", "lines"))


def _one(client: Client, query: str) -> int:
    return int(client.query(query).result_rows[0][0])


def _check(client: Client, year: Year) -> None:
    """Ends the bench when the tables do not hold what the file held: its times would mean nothing."""
    for name, query in _COUNTS.items():
        stored, held = _one(client, query), getattr(year, name)
        if stored != held:
            sys.exit(f"{name}: {stored:,} stored, the file has {held:,}")
    counted, recounted = (client.query(query).result_rows[0] for query in _minutes())
    if counted != recounted:
        sys.exit(f"minutes and what they count: {counted}, by the measurements {recounted}")


def _minutes() -> tuple[str, str]:
    """How many minutes there are and what they count in all: as stored, and by the measurements."""
    counts = " + ".join(f"{name}_n" for name, each in MEASUREMENTS.items() if each.kind in _COUNTED)
    sets, numbers = (
        ", ".join(f"'{name}'" for name, each in MEASUREMENTS.items() if each.kind in kinds)
        for kinds in ({"set"}, _COUNTED)
    )
    return (
        f"SELECT count(), sum({counts}) FROM sales_rows.kpi_minutes FINAL",
        f"""SELECT uniqExact(subject, toStartOfMinute(at)), countIf(name IN ({numbers}))
        FROM sales_rows.measurements FINAL
        ARRAY JOIN arrayConcat(
            if(manager = '', [], [concat('m:', manager)]),
            if(`group` = '', [], [concat('g:', `group`)]),
            if(whole, ['a:all'], [])) AS subject
        WHERE name IN ({numbers}, {sets})""",
    )


def told(found: Backfill, year: Year) -> list[str]:
    """Lines for people and for the README's table."""
    name = "one worker" if found.workers == 1 else f"{found.workers} workers"
    rate = year.events / found.stored_s
    steps = ", ".join(
        f"{what} {seconds / 60:.1f}"
        for what, seconds in (
            ("imported", found.imported_s),
            ("folded", found.folded_s),
            ("stored", found.stored_s),
            ("days kept", found.kept_s),
        )
    )
    cpu = ", ".join(f"{part} {us:,.0f}" for part, us in found.cpu_us.items())
    peak = ", ".join(f"{part} {mb:,.0f}" for part, mb in found.peak_mb.items())
    return [
        f"{year.events:,} events of {year.days} days, {name}: {steps} min; {rate:,.0f} events/s stored",
        f"CPU per event of that import, {name}: {cpu} µs",
        f"peak memory of that import, {name}: {peak} MB; {found.minutes:,} minutes, {found.disk_mb:,.0f} MB on disk",
        f"asked back in that import, {name}: {found.histories:,} histories, {found.recounts:,} times minutes",
    ]


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--managers", type=int, default=100)
    parser.add_argument("--calls-per-day", type=float, default=1800)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config, file = sized_config(folder / "config", asked.managers), folder / "year.ndjson"
        began = time.monotonic()
        year = write_year(file, config, asked.days, asked.calls_per_day)
        size = file.stat().st_size / 2**20
        print(f"{year}, {size:,.0f} MB, written in {time.monotonic() - began:,.0f} s", flush=True)
        found, lines = [], []
        for workers in asked.workers:
            place = folder / f"{workers}"
            place.mkdir()
            print(f"workers {workers}", flush=True)
            found.append(backfill(place, file, config, year, workers))
            lines += told(found[-1], year)
            print("\n".join(lines[-4:]), flush=True)
    figures: Figures = {"year": asdict(year), "runs": [asdict(each) for each in found], "lines": lines}
    save("backfill", figures)


if __name__ == "__main__":
    main()
