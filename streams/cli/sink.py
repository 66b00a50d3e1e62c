"""`salespulse sink`: the role, against the Kafka and ClickHouse of the settings."""

import click

from streams.cli.roles import role_settings


@click.command("sink")
def command() -> None:
    """Everything to ClickHouse, alerts to the webhook; until SIGTERM."""
    settings = role_settings()
    from streams.app import run_sink

    run_sink(settings)
