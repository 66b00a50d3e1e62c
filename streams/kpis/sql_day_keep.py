"""How table `kpi_days` is kept: which days of which subjects are not as their panes are, and their sums.

The row of the empty KPI holds a hash of all that a subject's day rests on: the panes, or the calls of
a line, with when each was stored, and the declarations. So a day that has other panes now, be it by a
late event or a change of the time zone, is found by comparing, whatever happened in between. All rows
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
    CALLS,
    DAYS,
    LINE_KPIS,
    NOTHING,
    calls_between,
    counted_in_panes,
    dated_calls,
    dated_panes,
    declared,
    summed,
    unfolded,
)
from streams.kpis.sql_days import local_day, zone_lists
from streams.kpis.sql_panes import PANES

Source = Literal["panes", "lines"]
#: A subject, such as `g:sales`, and a day.
SubjectDay = tuple[str, date]

_VERSION = "toUnixTimestamp64Milli(now64(3, 'UTC'))"
#: How long before its midnight in UTC a day begins, and how long after it ends, at most.
_EARLIEST = "INTERVAL 15 HOUR"
_LATEST = "INTERVAL 39 HOUR"
_COLUMNS = "kpi, day, subject, upper, n, counts, tags, revised_at, stamp, version, gone"


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
{zone_lists()}
SELECT subject, day
FROM
(
    SELECT toString(subject) AS subject, day, {self._stamp(source)} AS stamp
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
        dated = _dated(source, pairs[0][1], pairs[-1][1], among)
        sums = self._pane_sums(dated) if source == "panes" else self._line_sums(dated)
        return f"""INSERT INTO {DAYS} ({_COLUMNS})
WITH
{zone_lists()},
{NOTHING},
    asked AS (SELECT pair.1 AS subject, pair.2 AS day FROM (SELECT arrayJoin([{listed}]) AS pair))
SELECT
    kept.1, asked.day, asked.subject, kept.2, kept.3, kept.4, kept.5, revised_at, if(kept.1 = '', stamp, 0),
    {_VERSION}, found = 0
FROM asked
LEFT JOIN ({sums}) AS sums ON sums.subject = asked.subject AND sums.day = asked.day
ARRAY JOIN arrayPushFront({self._rows(source)}, ('', toInt64(0), toInt64(0), no_counts, no_tags)) AS kept"""

    def _stamp(self, source: Source) -> str:
        own = "minute" if source == "panes" else "source, call_id, kpi, at"
        return f"cityHash64('{self.declared}', groupBitXor(cityHash64({own}, inserted_at, version)))"

    def _pane_sums(self, dated: str) -> str:
        return f"""
SELECT toString(panes.subject) AS subject, day, 1 AS found, {self._stamp("panes")} AS stamp,
    max(inserted_at) AS revised_at,
    {summed("panes")}
FROM ({dated}) AS panes
GROUP BY subject, day"""

    def _line_sums(self, dated: str) -> str:
        each = ", ".join(
            f"sumIf(upper, kpi = '{kpi}') AS {kpi}_upper, countIf(kpi = '{kpi}') AS {kpi}_n"
            for kpi in LINE_KPIS
        )
        return f"""
SELECT subject, day, 1 AS found, {self._stamp("lines")} AS stamp, max(inserted_at) AS revised_at, {each}
FROM ({dated})
GROUP BY subject, day"""

    def _rows(self, source: Source) -> str:
        if source == "panes":
            return unfolded(counted_in_panes(self.kpis))
        rows = (f"('{kpi}', toInt64({kpi}_upper), toInt64({kpi}_n), no_counts, no_tags)" for kpi in LINE_KPIS)
        return f"[{', '.join(rows)}]"


def stored_since(source: Source, since: int, through: date) -> str:
    """SELECT of days, up to `through`, with rows stored since a moment (ms): day, newest, how many.

    A call can leave a day that its new row does not name: the days around are meant too.
    """
    recent = f"inserted_at >= fromUnixTimestamp64Milli({since}, 'UTC')"
    if source == "panes":
        minute = f"minute < toDateTime('{through}', 'UTC') + INTERVAL 3 DAY"
        day = local_day("minute", "subject")
        rows = f"SELECT {day} AS day, inserted_at FROM {PANES} WHERE {recent} AND {minute}"
    else:
        moments = "[started_at, answered_at, ended_at]"
        rows = f"""SELECT toDate(assumeNotNull(moment)) + arrayJoin(range(-1, 2)) AS day, inserted_at
FROM {CALLS}
ARRAY JOIN arrayFilter(moment -> isNotNull(moment), {moments}) AS moment
WHERE {recent} AND line != ''"""
    return f"""WITH
{zone_lists()}
SELECT day, max(inserted_at), count()
FROM ({rows})
WHERE day <= '{through}'
GROUP BY day
ORDER BY day"""


def clock_select(behind_s: int) -> str:
    """SELECT of the server's time (ms), a hash of all zones, and the last day over everywhere `behind_s` ago."""
    return f"""WITH
{zone_lists()}
SELECT {_VERSION}, cityHash64(arraySort(known_zones), default_zone),
    arrayMin(zone -> toDate(formatDateTime(now('UTC') - {behind_s}, '%F', zone)), zones_of_subjects) - 1"""


#: SELECT of the first day of panes, of calls, and of what is kept; 1970-01-01 where there is nothing.
FIRST_DAYS = f"""SELECT
    (SELECT toDate(min(minute)) FROM {PANES}),
    (SELECT toDate(ifNull(least(min(started_at), min(answered_at), min(ended_at)), 0)) FROM {CALLS}),
    (SELECT min(day) FROM {DAYS})"""


def _dated(source: Source, first: date, last: date, among: str = "1") -> str:
    """Panes or calls with their day, of the days first..last; the moment lets the table skip the rest."""
    begin = f"toDateTime('{first}', 'UTC') - {_EARLIEST}"
    end = f"toDateTime('{last}', 'UTC') + {_LATEST}"
    days = f"day BETWEEN '{first}' AND '{last}' AND {among}"
    if source == "panes":
        return dated_panes(f"minute BETWEEN {begin} AND {end} AND {days}")
    return dated_calls(f"({calls_between(begin, end)}) AND {days}")


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
