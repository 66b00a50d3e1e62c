"""View `kpi_rolling`: the value of every KPI and window at every minute, from the stored panes.

A window's sums stay the same from one change to the next. Such runs are made first (`sql_runs`) and
then unfolded into their minutes, so that the work grows with the panes and not with panes times
minutes.

Every minute at which a KPI's n is not 0 has a row. The minute at which it has become 0 has one more,
with value null, so that a line in a chart breaks there. No row lies after now. A KPI of which no source
provides what it needs has no value and n 0 in any of them.
"""

from collections.abc import Mapping

from streams.kpis.declarations import KPIS
from streams.kpis.kpi import ROLLING, SUBJECT_KINDS, Kpi
from streams.kpis.sql_connected import UNCONNECTED
from streams.kpis.sql_levels import known_levels
from streams.kpis.sql_panes import PANES
from streams.kpis.sql_runs import runs
from streams.kpis.sql_zoned import zone_tables

#: The plain view covers the newest panes, about so many: a month of a centre of 100 managers, years
#: of a small one. Asked for one KPI and subject it answers in a few tenths of a second.
RECENT_PANES = 500_000

_NOW = "toUnixTimestamp(now('UTC'))"
_RECENT = (
    "(SELECT if(count() = 0, 0, toUnixTimestamp(min(minute))) FROM (SELECT minute FROM "
    f"{PANES} WHERE minute <= now('UTC') ORDER BY minute DESC LIMIT {RECENT_PANES}))"
)
_DEFINE = "CREATE OR REPLACE VIEW sales.{name} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS\n"


def rolling_view_sql(kpis: Mapping[str, Kpi] = KPIS) -> list[str]:
    """Statements that define `sales.kpi_rolling` and `sales.kpi_rolling_between(from, to)`.

    The first covers the newest panes (`RECENT_PANES`), the second any span of time, and only that.
    """
    first = "toUnixTimestamp({from:DateTime64(3, 'UTC')})"
    last = f"least(toUnixTimestamp({{to:DateTime64(3, 'UTC')}}), {_NOW})"
    return [
        _DEFINE.format(name="kpi_rolling") + rolling_select(_RECENT, _NOW, kpis),
        _DEFINE.format(name="kpi_rolling_between") + rolling_select(first, last, kpis),
    ]


def rolling_select(first: str, last: str, kpis: Mapping[str, Kpi] = KPIS) -> str:
    """SELECT of the rows with `as_of` from `first` to `last`: expressions in s since the epoch."""
    letters = ", ".join(f"'{letter}'" for letter in SUBJECT_KINDS)
    kinds = ", ".join(f"'{kind}'" for kind in SUBJECT_KINDS.values())
    return f"""WITH
    toUInt32(intDiv({first} + 59, 60) * 60) AS first,
    toUInt32(intDiv({last}, 60) * 60) AS last,
{known_levels()},
{zone_tables()},
{runs(kpis)}
SELECT
    toDateTime64(moment, 3, 'UTC') AS as_of,
    transform(substring(runs.subject, 1, 1), [{letters}], [{kinds}], '') AS subject_kind,
    substring(runs.subject, 3) AS subject,
    kpi,
    window,
    if(runs.kpi IN {UNCONNECTED}, NULL, runs.value) AS value,
    if(runs.kpi IN {UNCONNECTED}, 0, runs.n) AS n
FROM runs
ARRAY JOIN range(greatest(runs.at, first), if(runs.n = 0, runs.at + 60, runs.next), 60) AS moment
WHERE moment <= last{_declared(kpis)}"""


def _declared(kpis: Mapping[str, Kpi]) -> str:
    """Condition that leaves out the windows that a KPI does not have."""
    lacking = [
        f"('{kpi.id}', '{window}')"
        for kpi in kpis.values()
        if kpi.rolling
        for window in ROLLING
        if window not in kpi.windows
    ]
    return f" AND (kpi, window) NOT IN ({', '.join(lacking)})" if lacking else ""
