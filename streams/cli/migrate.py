"""`salespulse migrate`."""

import click

from streams.settings import Settings


@click.command("migrate")
def command() -> None:
    """Apply the migrations of ClickHouse that are not applied yet; a second run changes nothing."""
    settings = Settings.from_env()
    from streams.sinks.connection import connect
    from streams.sinks.migrations import migrate

    client = connect(settings.clickhouse)
    try:
        applied = migrate(client)
    finally:
        client.close()
    for name in applied:
        click.echo(f"applied {name}")
    click.echo(
        f"{len(applied)} applied" if applied else "nothing to apply: the schema is as this version wants it"
    )
