"""`salespulse reconcile`."""

import click

from streams.settings import Settings


@click.command("reconcile")
@click.option(
    "--wait", "within", default=60.0, show_default=True, help="Seconds to let worker and sink catch up."
)
@click.option("--mend", "mending", is_flag=True, help="Replace what differs by what the measurements give.")
def command(within: float, mending: bool) -> None:
    """Recompute every stored minute from the stored measurements; exit 0 only when none differs."""
    settings = Settings.from_env()
    from streams.sinks.reconcile import mend_panes, reconcile
    from streams.topology import reach

    reach(settings.kafka)
    differences = reconcile(settings, within)
    for difference in differences:
        click.echo(str(difference))
    if differences and mending:
        mended = len({difference.pane for difference in differences})
        differences = mend_panes(settings, differences)
        for difference in differences:
            click.echo(f"still: {difference}")
        click.echo(f"{mended} minutes counted anew from the measurements")
    if differences:
        click.echo(f"{len(differences)} differences between minutes and measurements", err=True)
        raise SystemExit(1)
    click.echo("no difference: every stored minute equals a recount of the stored measurements")
