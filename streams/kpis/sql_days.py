"""The local day that a moment belongs to.

Its zone is that of the subject: a group's own, a manager's group's; all others have the directory's, which
stands at the group `unassigned`. Zones are joined or read as a scalar and not written into the query, whose
text then does not grow with the number of managers.
"""

from collections.abc import Iterable
from typing import Literal

GROUPS = "sales_rows.groups"
MANAGERS = "sales_rows.managers"

#: Whether a view's rows are of days, of the period from..to, of it and of that before it, or of periods
#: that stand somewhere: those that are closed, those that something is planned for, the running month
#: and the one before it.
Per = Literal["day", "period", "halves", "closed", "planned", "months"]


def _ranges(periods: str) -> str:
    return f"""    ({periods}) AS closed_ranges,
    arrayMin(arrayMap(range -> range.1, closed_ranges)) AS first_closed,
    arrayMax(arrayMap(range -> range.2, closed_ranges)) AS last_closed"""


#: Today where the directory is.
TODAY = f"""toDate(formatDateTime(now('UTC'), '%F', assumeNotNull((
        SELECT if(max(time_zone) = '', 'UTC', toString(max(time_zone))) FROM {GROUPS} FINAL
        WHERE `group` = 'unassigned'))))"""

#: Scalars that a view of such periods reads: their first and last days.
CLOSED = _ranges("SELECT groupArray((period_start, period_end)) FROM sales_rows.closed_periods FINAL")
RANGES: dict[Per, str] = {
    "closed": CLOSED,
    "planned": _ranges("SELECT groupUniqArray((period_start, period_end)) FROM sales_rows.plans FINAL"),
    "months": _ranges(
        "SELECT [(toStartOfMonth(addMonths(today, -1)), toStartOfMonth(today) - 1), "
        f"(toStartOfMonth(today), toLastDayOfMonth(today))] FROM (SELECT {TODAY} AS today)"
    ),
}
#: Columns that name what a row is of.
DIMENSION: dict[Per, str] = {
    "day": "day,",
    "period": "",
    "halves": "later,",
    "closed": "period_start, period_end,",
    "planned": "period_start, period_end,",
    "months": "period_start, period_end,",
}

#: Scalar: the directory's zone.
DEFAULT_ZONE = f"""    assumeNotNull((
        SELECT if(max(time_zone) = '', 'UTC', toString(max(time_zone)))
        FROM {GROUPS} FINAL
        WHERE `group` = 'unassigned'
    )) AS default_zone"""

#: SELECT of subject, zone: of all groups and managers that have one.
ZONES = f"""SELECT concat('g:', `group`) AS subject, toString(time_zone) AS zone
    FROM {GROUPS} FINAL
    WHERE time_zone != ''
    UNION ALL
    SELECT concat('m:', manager) AS subject, toString(time_zone) AS zone
    FROM {MANAGERS} FINAL
    WHERE time_zone != ''"""

#: The zone of a row, within `dated`.
ZONE = "if(zones.zone = '', default_zone, zones.zone)"
#: How long before its midnight in UTC a local day begins, and how long after it ends, at most.
BEFORE = "INTERVAL 15 HOUR"
AFTER = "INTERVAL 39 HOUR"


def dated(rows: str, where: str, moment: str = "at", zoned: str = "zoned", further: str = "") -> str:
    """SELECT of rows with `day` and `today`, the local dates of their moment (DateTime) and of now.

    `zoned` is the column with the subject whose zone it is; `where` may speak of both dates. `further`
    columns, each followed by a comma, may use `local_date` of other moments.
    """
    return f"""SELECT rows.*, {further} {local_date(f"rows.{moment}")} AS day, {local_date("now('UTC')")} AS today
FROM ({rows}) AS rows
LEFT JOIN ({ZONES}) AS zones ON zones.subject = rows.{zoned}
WHERE {where}"""


def local_date(moment: str) -> str:
    """Local date of a moment, within `dated`."""
    return f"toDate(formatDateTime({moment}, '%F', {ZONE}))"


def tables_hash(tables: Iterable[str]) -> str:
    """Scalar that is another when a table has been exchanged for another one, as a rebuild does."""
    named = ", ".join(f"'{table}'" for table in tables)
    return f"""(SELECT groupBitXor(cityHash64(name, uuid))
    FROM system.tables
    WHERE database = 'sales_rows' AND name IN ({named}))"""


def zone_lists() -> str:
    """Scalars that `local_day` reads: the directory's zone, and zones in the order of their subjects."""
    return f"""{DEFAULT_ZONE},
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
    return f"toDate(formatDateTime({moment}, '%F', {zone_of(subject)}))"


def zone_of(subject: str) -> str:
    """Zone of a subject, such as `g:sales`."""
    return f"transform(toString({subject}), zoned_subjects, zones_of_subjects, default_zone)"
