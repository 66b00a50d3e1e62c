"""How table `kpi_days` is kept: which days of which subjects are not as their panes are, and their sums.

The row of the empty KPI holds a hash of all that a subject's day rests on: the panes, or the calls of
a line, with when each was stored and whether its minute has come, and the declarations. So a day that has
other panes now, be it by a late event, by the passage of time or by a change of the time zone, is found by
comparing, whatever happened in between. All rows
of a subject's day are written together, with one version, and those that count nothing too: what was
there before is replaced as a whole.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from streams.kpis.declarations import KPIS
from streams.kpis.kpi import Kpi
from streams.kpis.sql_day_counts import (
    BEGUN,
    CALLS,
    CONCERNS,
    COUNTED,
    DAYS,
    LINE_KPIS,
    NO_COUNTS,
    NO_TAGS,
    calls_between,
    dated_calls,
    dated_panes,
    declared,
    known,
    summed_panes,
)
from streams.kpis.sql_days import AFTER, BEFORE, DEFAULT_ZONE, ZONES, dated, tables_hash
from streams.kpis.sql_panes import PANES

Source = Literal["panes", "lines"]
#: A subject, such as `g:sales`, and a day.
SubjectDay = tuple[str, date]

_VERSION = "toUnixTimestamp64Milli(now64(3, 'UTC'))"
_COLUMNS = "kpi, day, subject, upper, n, due, counts, tags, foreseen, percent, shared, divisor, revised_at, stamp, version, gone"


@dataclass(frozen=True, slots=True)
class DaySums:
    """The statements that keep the sums of days, for one set of declarations."""

    kpis: Mapping[str, Kpi]
    declared: str

    @staticmethod
    def of(kpis: Mapping[str, Kpi] = KPIS) -> "DaySums":
        """Statements for these KPI."""
        return DaySums(kpis, declared(kpis))

    def stale(self, source: Source, first: date, last: date) -> str:
        """SELECT of subject and day where the rows are not those of the panes or calls; in order of days."""
        lines = "startsWith(subject, 'l:')" if source == "lines" else "NOT startsWith(subject, 'l:')"
        return f"""WITH
{DEFAULT_ZONE}
SELECT subject, day
FROM
(
    SELECT subject, day, {self._stamp(source)} AS stamp
    FROM ({_dated(source, first, last)})
    GROUP BY subject, day
    UNION ALL
    SELECT toString(subject) AS subject, day, stamp
    FROM {DAYS} FINAL
    WHERE kpi = '' AND day BETWEEN '{first}' AND '{last}' AND {lines}
)
GROUP BY subject, day
HAVING count() = 1 OR min(stamp) != max(stamp)
ORDER BY day, subject"""

    def replace(self, source: Source, asked: Iterable[SubjectDay]) -> str:
        """INSERT of all rows of these days as they are now; without panes or calls they become gone."""
        pairs = sorted(asked, key=lambda pair: pair[1])
        listed = ", ".join(f"({_quoted(subject)}, toDate('{day}'))" for subject, day in pairs)
        among = "(subject, day) IN (SELECT subject, day FROM asked)"
        rows = _dated(source, pairs[0][1], pairs[-1][1], among)
        return f"""INSERT INTO {DAYS} ({_COLUMNS})
WITH
{DEFAULT_ZONE},
    asked AS (SELECT pair.1 AS subject, pair.2 AS day FROM (SELECT arrayJoin([{listed}]) AS pair)),
    known AS ({self._known(source)})
SELECT
    kpi, day, subject, upper, n, due, counts, tags, foreseen, percent, shared, divisor, revised_at,
    if(kpi = '', stamp, 0) AS stamp, {_VERSION}, found = 0
FROM
(
    SELECT kpi, asked.day AS day, asked.subject AS subject, sums.revised_at AS revised_at, sums.stamp AS stamp,
        sums.found AS found, percent, shared, divisor,
        {self._counted(source)}
    FROM asked
    LEFT JOIN ({self._sums(source, rows)}) AS sums ON sums.subject = asked.subject AND sums.day = asked.day
    CROSS JOIN known
    WHERE {CONCERNS.replace("subject,", "asked.subject,")}
)"""

    def _known(self, source: Source) -> str:
        """The rows of a subject's day: one per KPI that it can have, and that of the empty one."""
        if source == "panes":
            return f"{known(self.kpis)} UNION ALL SELECT '', 'mga', [], [], 0, 0, 0, 0, 0, 1"
        rows = [("", 0), *LINE_KPIS]
        return f"""SELECT row.1 AS kpi, 'l' AS subjects, 0 AS percent, row.2 AS shared, 1 AS divisor
    FROM (SELECT arrayJoin({rows}) AS row)"""

    def _counted(self, source: Source) -> str:
        if source == "panes":
            return COUNTED
        at = "indexOf(sums.kpis, kpi)"
        return f"sums.uppers[{at}] AS upper, sums.ns[{at}] AS n, n AS due, {NO_COUNTS} AS counts, {NO_TAGS} AS tags, {NO_TAGS} AS foreseen"

    def _sums(self, source: Source, rows: str) -> str:
        stamp = self._stamp(source)
        if source == "panes":
            return summed_panes(rows, f"subject, day, 1 AS found, {stamp} AS stamp", "subject, day")
        return f"""SELECT subject, day, 1 AS found, groupBitXor(part) AS rows, cityHash64('{self.declared}', rows) AS stamp,
    max(newest) AS revised_at, groupArray(kpi) AS kpis, groupArray(upper) AS uppers, groupArray(n) AS ns
FROM
(
    SELECT subject, day, kpi, sum(upper) AS upper, toInt64(count()) AS n, max(inserted_at) AS newest,
        {_hashed(source)} AS part
    FROM ({rows})
    GROUP BY subject, day, kpi
)
GROUP BY subject, day"""

    def _stamp(self, source: Source) -> str:
        return f"cityHash64('{self.declared}', {_hashed(source)})"


def _hashed(source: Source) -> str:
    """Hash of rows, whatever their order: what they are, when each was stored, and whether it counts yet."""
    own = f"minute, {BEGUN}" if source == "panes" else "source, call_id, kpi, at"
    return f"groupBitXor(cityHash64({own}, inserted_at, version))"


def stored_since(source: Source, since: int, through: date) -> str:
    """SELECT of days, up to `through`, with rows stored since a moment (ms): day, newest, how many.

    A call can leave a day that its new row does not name: the days around are meant too.
    """
    recent = f"inserted_at >= fromUnixTimestamp64Milli({since}, 'UTC')"
    if source == "panes":
        minute = f"minute < toDateTime('{through}', 'UTC') + INTERVAL 3 DAY"
        panes = f"SELECT toString(subject) AS subject, minute, inserted_at FROM {PANES} WHERE {recent} AND {minute}"
        rows = dated(panes, "1", "minute", "subject")
    else:
        moments = "[started_at, answered_at, ended_at]"
        rows = f"""SELECT toDate(assumeNotNull(moment)) + arrayJoin(range(-1, 2)) AS day, inserted_at
FROM {CALLS}
ARRAY JOIN arrayFilter(moment -> isNotNull(moment), {moments}) AS moment
WHERE {recent} AND line != ''"""
    return f"""WITH
{DEFAULT_ZONE}
SELECT day, max(inserted_at), count()
FROM ({rows})
WHERE day <= '{through}'
GROUP BY day
ORDER BY day"""


def clock_select() -> str:
    """SELECT of the server's time (ms), a hash of all zones and of which tables the panes and calls stand in,
    and the first and last of the dates that it is now in one zone or another.
    """
    return f"""WITH
{DEFAULT_ZONE}
SELECT {_VERSION}, bitXor(groupBitXor(cityHash64(subject, zone)), {tables_hash(("kpi_minutes", "calls"))}),
    min(toDate(formatDateTime(now('UTC'), '%F', zone)) AS today), max(today)
FROM ({ZONES} UNION ALL SELECT '' AS subject, default_zone AS zone)"""


#: SELECT of the first days of those months in which panes, calls or kept days lie, in UTC.
MONTHS = f"""SELECT DISTINCT month
FROM
(
    SELECT DISTINCT toStartOfMonth(minute) AS month FROM {PANES}
    UNION ALL
    SELECT DISTINCT toStartOfMonth(assumeNotNull(moment)) AS month
    FROM {CALLS}
    ARRAY JOIN [started_at, answered_at, ended_at] AS moment
    WHERE moment IS NOT NULL
    UNION ALL
    SELECT DISTINCT toStartOfMonth(day) AS month FROM {DAYS}
)
ORDER BY month"""


def _dated(source: Source, first: date, last: date, among: str = "1") -> str:
    """Panes or calls with their day, of the days first..last; the moment lets the table skip the rest."""
    begin = f"toDateTime('{first}', 'UTC') - {BEFORE}"
    end = f"toDateTime('{last}', 'UTC') + {AFTER}"
    days = f"day BETWEEN '{first}' AND '{last}' AND {among}"
    if source == "panes":
        return dated_panes(f"minute BETWEEN {begin} AND {end}", days)
    return dated_calls(calls_between(begin, end), days)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
