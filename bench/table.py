"""The last figures of all benches as one Markdown table, for the README.

    python -m bench.table

Reads `bench/results`.
"""

import argparse
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.figures import Figures, folder, load, median

Row = tuple[str, str, str]  #: what, figure, goal

_PARTS = ("broker", "clickhouse", "worker", "sink", "gateway")
#: Cores used by others from which on they are told; the bench itself uses a little.
_DISTURBS = 0.25
_WAYS = {
    "workers 1": "one worker process",
    "workers 2": "two worker processes",
    "unstored 1": "one worker process without sink and ClickHouse",
    "unstored 2": "two worker processes without sink and ClickHouse",
}
_AGES = {
    "pane": "topic to stored pane",
    "event": "topic to `events`",
    "call": "topic to its call's row",
    "minute": "topic to its minute (`kpi_minutes`)",
    "live": "topic to the live value (`kpi_now`)",
    "alert": "what causes an alert to the alert on topic `alerts`",
    "alert_row": "what causes an alert to its row in `alerts`",
    "alert_post": "what causes an alert to the alert at the webhook",
}
_ALONE = ", ClickHouse and sink standing still"
#: Goals of the ages, by what is reached and events/s.
_GOALS = {("pane", 500): "p99 400 ms", ("live", 200): "p95 1 s"}
_GOALS_OF_CORES = {500: "worker 0.5"}
#: Rates of which the broker took less than this share, or that left the worker this many seconds of events,
#: were more than the machine carries.
_FED = 0.98
_LEFT_S = 5.0
#: Below so many a p99 is one of the two or three longest.
_FEW = 300


def rows() -> Iterator[Row]:
    """All rows for which there are figures."""
    if whole := load("whole"):
        yield from _whole(whole)
    if ready := load("ready"):
        yield from _ready(ready)
    if latency := load("latency"):
        yield from _latency(latency)
    if backfill := load("backfill"):
        yield from _told(backfill["lines"])
    for text in sorted(folder().glob("*.txt")):
        yield from _lines(text)


def _whole(figures: Figures) -> Iterator[Row]:
    ways = figures["ways"]
    plain = ways.get("plain")
    plain_rate = median(plain["worker_rate"]) if plain else 0.0
    if plain:
        cpu = plain["cpu_us"]["worker"]
        yield (
            "plain Faust app, a count per manager",
            f"{plain_rate:,.0f} events/s, {cpu:,.0f} µs of CPU each",
            "",
        )
    for way, name in _WAYS.items():
        if way not in ways:
            continue
        run = ways[way]
        for what, rates in (("folded", run["worker_rate"]), ("stored", run["stored_rate"])):
            rate = median(rates)
            if not rate:
                continue
            times = f", {rate / plain_rate:.1f} times plain Faust" if plain_rate else ""
            yield f"whole pipeline, {name}, all {what}", f"{rate:,.0f} events/s{times}", ""
        yield f"CPU per event, {name}", _parts(run["cpu_us"], "µs"), ""
        yield f"cores in use, {name}", _cores(run["cores"]), ""
        yield f"memory at its peak, {name}", _parts(run["peak_mb"], "MB"), ""


def _ready(figures: Figures) -> Iterator[Row]:
    for what, name in (("first", "first start"), ("second", "later start")):
        told = f"{median(figures[what]):.1f} s"
        yield f"`salespulse up` to ready, {name}", told, "15 s"
    if kills := figures["kills"]:
        yield "kill -9 of the worker to ready", f"{median(kills):.1f} s, longest {max(kills):.1f} s", ""


def _latency(figures: Figures) -> Iterator[Row]:
    for each in figures.get("rates", ()):
        yield from _latency_at(each)


def _latency_at(figures: Figures) -> Iterator[Row]:
    rate = figures["rate"]
    at = f"at {rate:,.0f} events/s" + (_ALONE if figures.get("alone") else "")
    for what, name in _AGES.items():
        if what in figures["ages_ms"]:
            yield f"{name}, {at}", _ages(figures["ages_ms"][what]), _GOALS.get((what, rate), "")
    fed, left, after = figures["fed"], figures["left"], figures["after_s"]
    if fed < _FED * rate or left > _LEFT_S * rate:
        lag = f"{fed:,.0f} events/s for {figures['seconds']:.0f} s; at the end {left:,} not taken yet, {after:.0f} s later all stored"
        yield f"fed {at}", lag, ""
    cores = {part: used for part, used in figures["cores"].items() if part != "bench"}
    told = f"{_cores(cores)}; the bench itself {figures['cores']['bench']:.2f}"
    yield f"cores in use, {at}", told, _GOALS_OF_CORES.get(rate, "")
    yield f"memory, {at}", _parts(figures["memory_mb"], "MB"), ""


def _ages(ages: dict[str, float]) -> str:
    """In ms, or in s when not even the p99 is below one; of how many, when those are few."""
    shares = ("p50", "p95", "p99")
    few = f", of {ages['of']}" if ages["of"] < _FEW else ""
    if ages["p99"] < 1000:
        return ", ".join(f"{share} {ages[share]:.0f} ms" for share in shares) + few
    return ", ".join(f"{share} {ages[share] / 1000:.2f} s" for share in shares) + few


def _parts(figures: dict[str, float], unit: str, digits: int = 0) -> str:
    told = (f"{part} {figures[part]:,.{digits}f}" for part in _PARTS if part in figures)
    return ", ".join(told) + (f" {unit}" if unit else "")


def _cores(cores: dict[str, float]) -> str:
    told = _parts(cores, "", 2)
    others = cores.get("others", 0.0)
    return f"{told} (and {others:.2f} by programs outside)" if others > _DISTURBS else told


def _lines(path: Path) -> Iterator[Row]:
    """What a bench without JSON printed."""
    yield from _told(path.read_text("utf-8").splitlines())


def _told(lines: Iterable[str]) -> Iterator[Row]:
    """Each line that says something of something."""
    for line in lines:
        what, colon, figure = line.partition(": ")
        if colon and what.strip() and not line.startswith(" "):
            yield what, " ".join(figure.split()), ""


def machine() -> str:
    """What the figures were taken on."""
    try:
        told = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        told = ""
    names = [line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores" + (f" ({names[0]})" if names else "")


def markdown() -> str:
    """The table with its heading."""
    told = [row for row in rows() if row[1]]
    head = f"`make bench`, on {machine()}, shared by everything: broker, ClickHouse, roles and the bench.\n"
    lines = [head, "| what | measured | goal |", "|---|---|---|"]
    lines += [f"| {what} | {figure} | {goal} |" for what, figure, goal in told]
    if peers := load("peers"):
        lines += ["", f"One job by several engines in turn, {peers['events']:,} events:", "", *peers["table"]]
    return "\n".join(lines)


def main() -> None:
    """Print it."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    print(markdown())


if __name__ == "__main__":
    main()
