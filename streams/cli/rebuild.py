"""`salespulse rebuild`."""

import click

from streams.settings import Settings


@click.command("rebuild")
@click.option(
    "--config",
    "which",
    type=click.Choice(["today", "then"]),
    default="today",
    show_default=True,
    help="Count by the configuration of today, or each event by the one of its time.",
)
def command(which: str) -> None:
    """Make everything that follows from the stored events anew, while the pipeline runs, and switch over.

    Until it switches over, what was in force stays in force, however the rebuild ends.
    """
    settings = Settings.from_env()
    from streams.rebuild.run import rebuild
    from streams.topology import reach

    reach(settings.kafka)
    rebuild(settings, then=which == "then", say=click.echo)
