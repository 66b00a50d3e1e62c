"""`salespulse up`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from streams.settings import Settings

_PORT = click.IntRange(1, 65535)


@click.command("up")
@click.option("--demo/--no-demo", default=False, help="Add the live feed of a simulated call centre.")
@click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Where everything is kept. [default: .salespulse]"
)
@click.option("--kafka-port", type=_PORT, default=9092, show_default=True)
@click.option("--clickhouse-port", type=_PORT, default=8123, show_default=True)
@click.option("--http-port", type=_PORT, help="Of the gateway. [default: 8080]")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Folder of the configuration files. [default: the example]",
)
@click.option(
    "--for", "seconds", type=click.FloatRange(0), help="End by itself after so many seconds, with a summary."
)
def command(demo: bool, kafka_port: int, clickhouse_port: int, seconds: float | None, **given: Any) -> None:
    """The whole pipeline on this machine: Kafka, ClickHouse, gateway, worker and sink, on loopback only.

    Ctrl-C stops everything; the data stays, and the next start goes on where it stopped.
    """
    from streams.local.up import Run, up
    from streams.local.watching import Watching

    settings = replace(
        Settings.from_env(), **{name: value for name, value in given.items() if value is not None}
    )
    watching = Watching(seconds)
    up(Run(settings, kafka_port, clickhouse_port, demo), watching.say, watching.watch)
