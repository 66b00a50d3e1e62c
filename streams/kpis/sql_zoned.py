"""The local midnight at which a pane leaves the window `today`.

The day is that of the subject's time zone: a group's own, a manager's group's; all others have the
directory's, which stands at the group `unassigned`.
"""

from streams.kpis.sql_days import zone_lists, zone_of
from streams.kpis.sql_panes import PANES

#: Seconds; longer than any local day, so that `today` is whole at the first minute asked for.
_BEFORE = 26 * 3600
#: Seconds; all time zones differ from UTC by whole quarters of an hour.
_QUARTER = 15 * 60

#: Condition on panes: what the query names `first` and `last` (s), and the longest day before.
IN_SPAN = (
    f"minute >= toDateTime(first - least(first, {_BEFORE}), 'UTC') AND minute <= toDateTime(last, 'UTC')"
)


def zone_tables() -> str:
    """Scalars of `sql_days.zone_lists`, and CTE `local_days` (zone, starts, midnight).

    `local_days` has the days around those with panes, in s, so that a stray pane of long ago costs
    no more than any other.
    """
    return f"""{zone_lists()},
    quarters AS
    (
        SELECT DISTINCT toUnixTimestamp(toDateTime(arrayJoin([date - 1, date, date + 1]), 'UTC'))
            + arrayJoin(range(0, 86400, {_QUARTER})) AS quarter
        FROM (SELECT DISTINCT toDate(minute) AS date FROM {PANES} WHERE {IN_SPAN})
    ),
    local_days AS
    (
        SELECT zone, min(quarter) AS starts, max(quarter) + {_QUARTER} AS midnight
        FROM quarters
        CROSS JOIN (SELECT arrayJoin(arrayDistinct(zones_of_subjects)) AS zone) AS known
        GROUP BY zone, formatDateTime(toDateTime(quarter, 'UTC'), '%F', zone)
    )"""


def with_midnight(columns: str, counted: str) -> str:
    """SELECT of `columns` and `midnight` over rows that have `subject` and `begins` (s)."""
    return f"""SELECT {columns}, day.midnight AS midnight
FROM (SELECT *, {zone_of("subject")} AS zone FROM ({counted})) AS zoned
ASOF JOIN local_days AS day ON day.zone = zoned.zone AND day.starts <= zoned.begins"""
