"""The command `salespulse`: one file a command, imported when it is called."""

import logging
from importlib import import_module
from importlib.metadata import version

import click

from streams.cli.faults import explain

#: Command -> module with `command`, and the line of `salespulse --help`.
_COMMANDS = {
    "up": ("streams.cli.up", "The whole pipeline on this machine, on embedded parts."),
    "worker": ("streams.cli.worker", "Role: events to journeys to windows, and the alert rules."),
    "sink": ("streams.cli.sink", "Role: everything to ClickHouse, alerts to the webhook."),
    "gateway": ("streams.cli.gateway", "Role: takes events over HTTP."),
    "topics": ("streams.cli.topics", "Make or check the topics of Kafka."),
    "migrate": ("streams.cli.migrate", "Apply the migrations of ClickHouse."),
    "simulate": ("streams.cli.simulate", "A believable day of a call centre."),
    "import": ("streams.cli.import_", "History from files into the topics."),
    "reconcile": ("streams.cli.reconcile", "Compare the stored minutes with a recount."),
    "rebuild": ("streams.cli.rebuild", "Count everything anew, and switch over to it."),
    "compare": ("streams.cli.compare", "Each call that differs from the vendor's own report, and why."),
    "forget": ("streams.cli.forget", "Remove a customer's phone everywhere."),
    "period": ("streams.cli.period", "Close what is paid; approve its bonuses."),
    "doctor": ("streams.cli.doctor", "What is wrong, and what to do about it."),
    "settings": ("streams.cli.settings", "The settings as this process has them."),
}


class _Commands(click.Group):
    """Imports a command only when it is called, so that `salespulse --help` is instant."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(_COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        # It says in a log of its own what it raises anyway.
        logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)
        try:
            return super().invoke(ctx)
        except Exception as fault:
            told = explain(fault)
            if told is None:
                raise
            raise click.ClickException(told) from fault


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("salespulse"), prog_name="salespulse")
def main() -> None:
    """Live figures of sales call centres: Kafka, Faust, ClickHouse, and alerts."""
