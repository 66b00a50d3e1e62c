"""`salespulse topics`."""

import click

from streams.settings import Settings


@click.command("topics")
@click.option("--correct", is_flag=True, help="Also set settings of Kafka that differ from the declaration.")
def command(correct: bool) -> None:
    """Make the topics that are missing and check the others; a second run changes nothing."""
    from streams.topology import ensure_topics

    findings = ensure_topics(Settings.from_env(), correct=correct)
    for name in findings.made:
        click.echo(f"made {name}")
    for change in findings.corrected:
        click.echo(f"corrected {change}")
    for fault in findings.faults:
        click.echo(fault, err=True)
    click.echo(
        f"{len(findings.made)} made, {len(findings.corrected)} corrected, {findings.fine} were as declared"
    )
    if findings.faults:
        raise SystemExit(1)
