"""`salespulse gateway`: the role, against the Kafka and ClickHouse of the settings."""

import click

from streams.cli.roles import role_settings


@click.command("gateway")
def command() -> None:
    """Takes events over HTTP; until SIGTERM."""
    settings = role_settings()
    from streams.gateway.service import run_gateway

    run_gateway(settings)
