"""`salespulse worker`: the role, against the Kafka and ClickHouse of the settings."""

import click

from streams.cli.roles import role_settings


@click.command("worker")
def command() -> None:
    """Events to journeys to windows, and the alert rules; until SIGTERM."""
    settings = role_settings(with_secret=True)
    from streams.app import run_worker

    run_worker(settings)
