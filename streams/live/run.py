"""Keeps the view up to date until it is stopped."""

import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console
from rich.live import Live

from streams.live.latency import Latency
from streams.live.reading import Reader
from streams.live.rendering import plain, render
from streams.settings import Settings

_LOOK_S = 0.25  #: how often the newest event is looked for
_REFRESH_S = 1.0
_LINE_S = 5.0  #: how often a line is printed where there is no terminal


def run_live(
    settings: Settings,
    stop: threading.Event,
    *,
    console: Console | None = None,
    notices: Sequence[str] = (),
) -> list[float]:
    """Shows the view until `stop` is set; blocks, so it wants a thread of its own.

    Full screen on a terminal, else a line every 5 s. `notices` may grow meanwhile: its last lines
    are shown at the bottom. Returns the latencies seen, from Kafka to ClickHouse, in seconds.
    """
    console = console or Console(file=sys.stdout)
    reader = Reader(settings.clickhouse, settings.parts_file)
    latency = Latency()
    try:
        if console.is_terminal:
            _on_screen(reader, latency, stop, console, notices)
        else:
            _in_lines(reader, latency, stop, console)
    finally:
        reader.close()
    return latency.samples


def _on_screen(
    reader: Reader,
    latency: Latency,
    stop: threading.Event,
    console: Console,
    notices: Sequence[str],
) -> None:
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while not stop.is_set():
            board = replace(reader.read(), notices=tuple(notices[-3:]))
            live.update(render(board, console.size.height, console.size.width), refresh=True)
            _look(reader, latency, stop, _REFRESH_S)


def _in_lines(reader: Reader, latency: Latency, stop: threading.Event, console: Console) -> None:
    while not stop.is_set():
        console.print(plain(reader.read()), highlight=False, soft_wrap=True)
        _look(reader, latency, stop, _LINE_S)


def _look(reader: Reader, latency: Latency, stop: threading.Event, seconds: float) -> None:
    """Watches for new events for a while."""
    until = time.monotonic() + seconds
    while not stop.is_set() and (left := until - time.monotonic()) > 0:
        latency.saw(reader.newest_event(), datetime.now(UTC))
        stop.wait(min(_LOOK_S, left))
