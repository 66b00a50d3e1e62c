"""The local day that a moment belongs to, without a join.

Its zone is that of the subject, as in `sql_zoned`: a group's own, a manager's group's; all others
have the directory's, which stands at the group `unassigned`.
"""

from typing import Literal

from streams.kpis.sql_zoned import GROUPS, MANAGERS

#: Whether a view's rows are of days, of the period from..to, or of the periods that are closed.
Per = Literal["day", "period", "closed"]

#: Scalars that a view of closed periods reads: their first and last days.
CLOSED = """    (
        SELECT groupArray((period_start, period_end)) FROM sales_rows.closed_periods FINAL
    ) AS closed_ranges,
    arrayMin(arrayMap(range -> range.1, closed_ranges)) AS first_closed,
    arrayMax(arrayMap(range -> range.2, closed_ranges)) AS last_closed"""
#: Columns that name what a row is of.
DIMENSION: dict[Per, str] = {"day": "day,", "period": "", "closed": "period_start, period_end,"}


def zone_lists() -> str:
    """Scalars that `local_day` reads: the directory's zone, and zones in the order of their subjects."""
    return f"""    (
        SELECT if(max(time_zone) = '', 'UTC', toString(max(time_zone)))
        FROM {GROUPS} FINAL
        WHERE `group` = 'unassigned'
    ) AS default_zone,
    (
        SELECT groupArray((subject, zone))
        FROM
        (
            SELECT concat('g:', `group`) AS subject, toString(time_zone) AS zone FROM {GROUPS} FINAL
            UNION ALL
            SELECT concat('m:', manager) AS subject, toString(time_zone) AS zone FROM {MANAGERS} FINAL
        )
        WHERE zone != ''
    ) AS known_zones,
    arrayPushBack(arrayMap(known -> known.1, known_zones), '') AS zoned_subjects,
    arrayPushBack(arrayMap(known -> known.2, known_zones), default_zone) AS zones_of_subjects"""


def local_day(moment: str, subject: str) -> str:
    """Date of a moment (DateTime) where the subject, such as `g:sales`, is."""
    zone = f"transform(toString({subject}), zoned_subjects, zones_of_subjects, default_zone)"
    return f"toDate(formatDateTime({moment}, '%F', {zone}))"
