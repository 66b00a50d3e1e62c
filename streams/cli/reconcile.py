"""`salespulse reconcile`."""

import click

from streams.settings import Settings


@click.command("reconcile")
@click.option(
    "--wait", "within", default=60.0, show_default=True, help="Seconds to let worker and sink catch up."
)
def command(within: float) -> None:
    """Recompute every stored minute from the stored measurements; exit 0 only when none differs."""
    settings = Settings.from_env()
    from streams.sinks.reconcile import reconcile
    from streams.topology import reach

    reach(settings.kafka)
    differences = reconcile(settings, within)
    for difference in differences:
        click.echo(str(difference))
    if differences:
        click.echo(f"{len(differences)} differences between minutes and measurements", err=True)
        raise SystemExit(1)
    click.echo("no difference: every stored minute equals a recount of the stored measurements")
