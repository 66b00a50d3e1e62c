"""How table `kpi_day_records` is kept: the rows of a KPI as the records are now, and what to write.

What counts is unfolded into its subjects, dated where each of them is, and added up. A state holds at
the end of a day when it began before the next local midnight and did not end by then; an age is that at
its last moment. From the first day on that a subject has had any, each later day that is over has its
row, if only of 0.
"""

from streams.kpis.formulas import FromRecords
from streams.kpis.kpi import Kpi
from streams.kpis.sql_day_counts import NO_COUNTS
from streams.kpis.sql_days import DEFAULT_ZONE, GROUPS, MANAGERS, dated, local_date, tables_hash
from streams.kpis.sql_oldest import OLDEST, oldest_select
from streams.kpis.sql_panes import BUCKET
from streams.kpis.sql_records import RECORDS
from streams.kpis.sql_since_win import KPI_ID as SINCE_WIN
from streams.kpis.sql_since_win import since_win_select
from streams.kpis.sql_states import STATES, State

RECORD_DAYS = "sales_rows.kpi_day_records"
#: Tables that its rows rest on.
RESTS_ON = (
    "calls",
    "day_facts",
    "leads",
    "deals",
    "stage_stays",
    "tasks",
    "customer_links",
    "groups",
    "managers",
    "working_spans",
    "absences",
)

_VERSION = "toUnixTimestamp64Milli(now64(3, 'UTC'))"
_MEDIAN = 50
#: A state that is null when n is 0.
_NULL_WITHOUT: State = 3
_VALUES = "upper, n, due, counts, percent, shared, divisor"


def kept_from_records(kpi: Kpi) -> bool:
    """Whether the KPI has rows in `kpi_day_records`."""
    return kpi.id in RECORDS or kpi.id in STATES or kpi.id in OLDEST or kpi.id == SINCE_WIN


def changed_select() -> str:
    """SELECT of what is another when rows or other tables have come in the place of these, and every five minutes."""
    tables = ", ".join(f"'{table}'" for table in RESTS_ON)
    return f"""SELECT toStartOfFiveMinutes(now('UTC')), {tables_hash(RESTS_ON)},
    groupBitXor(cityHash64(table, partition, newest))
FROM
(
    SELECT table, partition, max(max_block_number) AS newest
    FROM system.parts
    WHERE active AND database = 'sales_rows' AND table IN ({tables})
    GROUP BY table, partition
)"""


def replace_records(kpi: Kpi) -> str:
    """INSERT of those rows of a KPI that are not as the records are now; what holds no more becomes gone."""
    rows = _rows(kpi)
    same = " AND ".join(
        f"anyIf({name}, fresh) = anyIf({name}, NOT fresh)"
        for name in ("upper", "n", "due", "counts", "shared")
    )
    values = ", ".join(f"anyIf(rows.{name}, fresh) AS {name}" for name in _VALUES.split(", "))
    return f"""INSERT INTO {RECORD_DAYS} (kpi, day, subject, {_VALUES}, revised_at, version, gone)
WITH
{DEFAULT_ZONE}
SELECT '{kpi.id}', day, subject, {values}, now64(3, 'UTC'), {_VERSION}, countIf(fresh) = 0
FROM
(
    SELECT day, subject, {_VALUES}, true AS fresh FROM ({rows})
    UNION ALL
    SELECT day, toString(subject) AS subject, {_VALUES}, false AS fresh
    FROM {RECORD_DAYS} FINAL
    WHERE kpi = '{kpi.id}'
) AS rows
GROUP BY day, subject
HAVING count() = 1 OR NOT ({same.replace("anyIf(", "anyIf(rows.")})"""


def state_now(kpi: Kpi) -> str:
    """SELECT of subject, value, n of a state now; a row for every subject of the directory."""
    if kpi.id == SINCE_WIN:
        return f"""SELECT subject, if(sum(n) = 0, NULL, toFloat64(sum(upper))), toInt64(sum(n))
FROM
(
    WITH
{DEFAULT_ZONE}
    SELECT subject, upper, n FROM ({since_win_select("day = today AND active")})
    UNION ALL
    SELECT {_ALL_SUBJECTS} AS subject, 0 AS upper, 0 AS n
)
GROUP BY subject"""
    _, opened = STATES[kpi.id]
    return f"""SELECT subject, toFloat64(sum(upper)), toInt64(sum(n))
FROM
(
    SELECT {_subjects(kpi)} AS subject, upper, n
    FROM ({opened})
    WHERE since <= now64(3) AND until > now64(3)
        AND NOT arrayExists(step -> step.1 <= now64(3) AND step.2 > now64(3), steps)
    UNION ALL
    SELECT {_ALL_SUBJECTS} AS subject, 0, 0
)
GROUP BY subject"""


#: Every subject of the directory.
_ALL_SUBJECTS = f"""arrayJoin(arrayConcat(
        (SELECT groupArray(concat('m:', manager)) FROM {MANAGERS} FINAL WHERE active),
        (SELECT groupArray(concat('g:', `group`)) FROM {GROUPS} FINAL WHERE active), ['a:all']))"""


def _rows(kpi: Kpi) -> str:
    """The rows of a KPI as the records are now."""
    if kpi.id in RECORDS:
        return _records(kpi)
    if kpi.id in STATES:
        return _states(kpi)
    if kpi.id in OLDEST:
        return _told(kpi, oldest_select(kpi.id, _subjects(kpi)), _NULL_WITHOUT)
    return _told(kpi, since_win_select("day < today"), _NULL_WITHOUT)


def _told(kpi: Kpi, select: str, form: State) -> str:
    return f"""SELECT day, subject, upper, n, toInt64(1) AS due, {NO_COUNTS} AS counts, 0 AS percent,
    {form} AS shared, toInt64({kpi.divisor}) AS divisor
FROM ({select})"""


def _records(kpi: Kpi) -> str:
    assert isinstance(kpi.formula, FromRecords)
    shape = kpi.formula.shape
    percent, shared = (_MEDIAN if shape == "median" else 0), int(shape == "share")
    counts = f"sumMap(map({BUCKET}, toInt64(1)))" if shape == "median" else NO_COUNTS
    each = f"""SELECT {_subjects(kpi)} AS subject, toDateTime(at, 'UTC') AS at, upper, n, due, toInt64(ms) AS value
    FROM ({RECORDS[kpi.id]})"""
    return f"""SELECT day, subject, toInt64(sum(counted.upper)) AS upper, toInt64(sum(counted.n)) AS n,
    toInt64(sum(counted.due)) AS due, {counts} AS counts,
    {percent} AS percent, {shared} AS shared, toInt64({kpi.divisor}) AS divisor
FROM ({dated(each, "1", "at", "subject")}) AS counted
GROUP BY day, subject"""


def _states(kpi: Kpi) -> str:
    form, opened = STATES[kpi.id]
    each = f"SELECT {_subjects(kpi)} AS subject, since, until, upper, n, steps FROM ({opened}) WHERE since < until"
    further = f"""least({local_date("rows.until")}, today) AS last,
    arrayMap(step -> ({local_date("step.1")}, {local_date("step.2")}), rows.steps) AS covered,"""
    held = dated(each, "1", "since", "subject", further)
    return f"""SELECT day, subject, toInt64(sum(held.upper)) AS upper, toInt64(sum(held.n)) AS n, toInt64(1) AS due,
    {NO_COUNTS} AS counts, 0 AS percent, {form} AS shared, toInt64(1) AS divisor
FROM
(
    WITH stays AS ({held})
    SELECT subject, upper, n, toDate(number) AS day
    FROM
    (
        SELECT subject, upper, n, covered, arrayJoin(range(toUInt16(day), toUInt16(last))) AS number
        FROM stays
    )
    WHERE NOT arrayExists(step -> toUInt16(step.1) <= number AND toUInt16(step.2) > number, covered)
    UNION ALL
    SELECT subject, 0 AS upper, 0 AS n, toDate(arrayJoin(range(toUInt16(first), toUInt16(until)))) AS day
    FROM (SELECT subject, min(day) AS first, max(today) AS until FROM stays GROUP BY subject)
) AS held
GROUP BY day, subject"""


def _subjects(kpi: Kpi) -> str:
    """The subjects for which something counts, of those that the KPI is for."""
    parts = {
        "m": "if(manager = '', [], [concat('m:', manager)])",
        "g": "if(`group` = '', [], [concat('g:', `group`)])",
        "a": "if(whole, ['a:all'], [])",
    }
    return f"arrayJoin(arrayConcat({', '.join(parts[letter] for letter in kpi.subjects)}))"
