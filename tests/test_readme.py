"""The README's tables are what the code says."""

from pathlib import Path

import click
import pytest

from streams.cli import main
from streams.kpis.table import markdown_table

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def test_the_table_of_kpi_is_made_from_the_declarations() -> None:
    assert markdown_table() in README, "paste there what streams.kpis.table.markdown_table() gives"


@pytest.mark.parametrize(
    "command", ["up", "import", "reconcile", "doctor", "simulate", "compare", "forget", "period"]
)
def test_commands_of_the_readme_exist(command: str) -> None:
    assert f"salespulse {command}" in README
    assert isinstance(main, click.Group)
    assert command in main.list_commands(click.Context(main))
