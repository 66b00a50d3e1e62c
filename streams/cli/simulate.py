"""`salespulse simulate`: a believable feed, into Kafka or a file."""

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click

from streams.directory import Directory
from streams.event_types import EVENT_TYPES
from streams.settings import Settings
from streams.simulate import Centre, centre_of, live, simulate
from streams.simulate.pacing import at_speed, in_time

Event = dict[str, Any]
Put = Callable[[Event], None]
_DAY = 86_400  #: seconds
_TOLERANCE = 300  #: seconds that an event may be ahead of its record


class _Moment(click.ParamType):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r}: expected a time such as 2027-01-11T09:00:00+03:00", param, ctx)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


@dataclass(frozen=True, slots=True)
class _Options:
    """What was asked for on the command line."""

    seed: int
    speed: float | None
    managers: int | None
    days: float
    calls_per_day: float | None
    start: float | None
    endless: bool
    directory: Path | None
    out: str | None
    kafka: str | None


@click.command("simulate")
@click.option("--seed", default=1, show_default=True, help="The same seed, the same events.")
@click.option("--speed", type=click.FloatRange(min=0.001), help="Times real time; default: at once.")
@click.option("--managers", type=click.IntRange(1, 5000), help="Default: those of the centre.")
@click.option("--days", type=click.FloatRange(0, 400), default=1.0, show_default=True)
@click.option("--calls-per-day", type=click.FloatRange(0), help="Default: 60 for each manager.")
@click.option("--start", type=_Moment(), help="Default: so long ago that the run ends now.")
@click.option("--live", "endless", is_flag=True, help="Today up to now at once, then on and on.")
@click.option(
    "--directory",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A directory.yaml whose people to play; default: those of the example.",
)
@click.option("--out", metavar="FILE", help="Write JSON lines to a file, or to - (standard output).")
@click.option("--kafka", metavar="HOST:PORT", help="Default: SALESPULSE_KAFKA.")
def command(**given: Any) -> None:
    """Tells a believable day of a call centre: calls, callbacks, leads and deals."""
    options = _Options(**given)
    stop = _stopped_by_signals()
    events = _events(options, time.time(), stop)
    with _sink(options) as put:
        count = 0
        for event in events:
            if stop.is_set():
                break
            put(event)
            count += 1
    click.echo(f"{count} events written", err=True)


def _events(options: _Options, now: float, stop: threading.Event) -> Iterator[Event]:
    centre = _centre(options.directory, now)
    if options.endless:
        return in_time(live(options.seed, int(now * 1000), centre), time.time, stop.wait)
    begins = options.start if options.start is not None else int(now - options.days * _DAY)
    if begins + options.days * _DAY > now + _TOLERANCE:
        click.echo(
            "Note: the run ends in the future; a pipeline refuses events more than 5 minutes ahead",
            err=True,
        )
    told = simulate(
        options.seed,
        options.managers,
        options.days,
        options.calls_per_day,
        start=int(begins * 1000),
        centre=centre,
    )
    if options.speed is None:
        return told
    return at_speed(told, options.speed, begins, time.time, stop.wait)


def _stopped_by_signals() -> threading.Event:
    stop = threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
    return stop


def _centre(directory: Path | None, now: float) -> Centre | None:
    if directory is None:
        return None
    try:
        return centre_of(Directory.from_text(directory.read_text("utf-8")), int(now * 1000))
    except ValueError as error:
        raise click.ClickException(f"{directory}: {error}") from None


@contextmanager
def _sink(options: _Options) -> Iterator[Put]:
    """Where events go: a file, standard output, or the topics."""
    if options.out is None:
        with _topics(options.kafka or Settings.from_env().kafka) as put:
            yield put
    elif options.out == "-":
        yield lambda event: _write(sys.stdout, event)
        sys.stdout.flush()
    else:
        with Path(options.out).open("w", encoding="utf-8", newline="\n") as file:
            yield lambda event: _write(file, event)


@contextmanager
def _topics(kafka: str) -> Iterator[Put]:
    """Writes to the public topics, keyed by customer. Raises `ImportStopped`."""
    from streams.importing.writer import KafkaWriter

    writer = KafkaWriter(kafka)

    def put(event: Event) -> None:
        key = event.get("customer") or event.get("manager", "")
        writer.put(EVENT_TYPES[event["type"]].topic, key.encode() or None, _line(event).encode())

    yield put
    writer.finish()


def _write(file: TextIO, event: Event) -> None:
    file.write(_line(event) + "\n")


def _line(event: Event) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))
