"""What the sink's keeper of days does, by the same statements, over the tables of these tests."""

from datetime import date

from streams.kpis.sql_day_keep import DaySums, Source, clock_select
from tests.kpis.conftest import Tables

_SUMS = DaySums.of()
_FIRST = date(1971, 1, 1)


def keep_days(tables: Tables) -> None:
    """Adds up all days of panes and lines that are not as their rows are; nothing is left to add up then."""
    ((_, _, _, today),) = tables.rows(clock_select())
    ends: list[tuple[Source, date]] = [("panes", date.fromisoformat(today)), ("lines", date(2100, 1, 1))]
    for source, end in ends:
        stale = tables.rows(_SUMS.stale(source, _FIRST, end))
        if stale:
            pairs = [(subject, date.fromisoformat(day)) for subject, day in stale]
            tables.do(_SUMS.replace(source, pairs) + " SETTINGS max_partitions_per_insert_block = 0")
        assert tables.rows(_SUMS.stale(source, _FIRST, end)) == []
