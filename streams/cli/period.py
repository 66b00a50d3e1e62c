"""`salespulse period`: close a period, approve its bonuses, list what is closed."""

import getpass

import click

from streams.settings import Settings


@click.group("period")
def command() -> None:
    """Close what is paid: values and bonus proposals stay as they were, later changes become adjustments."""


@command.command("close")
@click.argument("period")
@click.option("--by", default="", help="Who closes it. [default: the user of this machine]")
def _close(period: str, by: str) -> None:
    """Store the KPI and the bonus proposals of PERIOD (2027-01, or 2027-01-11..2027-01-24) as they are now.

    A period is closed once, when it is over in every time zone of the directory. `salespulse reconcile`
    beforehand tells whether everything has been counted.
    """
    from streams.clock import now_ms
    from streams.periods import parse
    from streams.sinks.closing import close_period
    from streams.sinks.connection import connect

    asked = parse(period)
    client = connect(Settings.from_env().clickhouse)
    try:
        stored = close_period(client, asked, by.strip() or getpass.getuser(), now_ms())
    finally:
        client.close()
    click.echo(f"closed {asked}: {stored.values} values of KPI, {stored.terms} bonus terms")
    if stored.adjustments:
        click.echo(
            f"settled with it: {stored.adjustments} adjustments of earlier periods (adjustments_closed)"
        )
    if stored.terms:
        click.echo(f"the bonuses are proposals until `salespulse period approve {asked} --by NAME`")


@command.command("approve")
@click.argument("period")
@click.option("--by", required=True, help="The person who decided.")
@click.option("--group", help="Only the bonuses of this group. [default: all that wait]")
def _approve(period: str, by: str, group: str | None) -> None:
    """Note that a person approved the bonus proposals of the closed PERIOD."""
    from streams.clock import now_ms
    from streams.periods import parse
    from streams.sinks.closing import approve_bonus
    from streams.sinks.connection import connect

    if not by.strip():
        raise click.BadParameter("expected the name of a person", param_hint="--by")
    asked = parse(period)
    client = connect(Settings.from_env().clickhouse)
    try:
        groups = approve_bonus(client, asked, by.strip(), group, now_ms())
    finally:
        client.close()
    click.echo(f"approved by {by.strip()}: the bonuses of {asked} of {', '.join(groups)}")


@command.command("list")
def _list() -> None:
    """Show what is closed, by whom, what was approved and what has changed since."""
    from streams.sinks.closing import closed_periods
    from streams.sinks.connection import connect

    client = connect(Settings.from_env().clickhouse)
    try:
        found = closed_periods(client)
    finally:
        client.close()
    if not found:
        click.echo("nothing is closed")
    for closed in found:
        click.echo(
            f"{closed.period}  closed {closed.at:%Y-%m-%d %H:%M} UTC by {closed.by}: "
            f"{closed.values} values, {closed.terms} bonus terms, {closed.adjustments} changed since"
        )
        for approval in closed.approvals:
            click.echo(f"  bonus of {approval}")
        for group in closed.waiting:
            click.echo(f"  bonus of {group} waits for approval")
