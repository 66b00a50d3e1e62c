"""`salespulse settings`."""

import click

from streams.settings import Settings, markdown, table


@click.command("settings")
@click.option(
    "--markdown", "as_markdown", is_flag=True, help="The table of the README: names, defaults, meanings."
)
def command(as_markdown: bool) -> None:
    """Show the settings as this process has them; secrets only as set or not."""
    if as_markdown:
        click.echo(markdown(), nl=False)
        return
    settings = Settings.from_env()
    values = settings.environment()
    for row in table():
        value = values[row.name]
        shown = ("set" if value else "not set") if row.secret else value
        click.echo(f"{row.name:<28} {shown}")
