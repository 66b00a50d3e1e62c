"""Working days since the last win, on each day: a SELECT over all days, of which today's is the live value.

Counted are the days after that of the win on which the group works and the manager is not absent all day. A
manager who has not won yet counts from his first working day: the one that the directory names, else the
first of which anything of his was counted. Before its first deal a group has no pipeline, and no value.
Groups and the centre have one from their first win on; a day of the centre is one on which any group works.
"""

from streams.kpis.sql_day_counts import DAYS
from streams.kpis.sql_days import GROUPS, MANAGERS, dated, local_date
from streams.kpis.sql_oldest import SPANS
from streams.kpis.sql_records import FACTS

KPI_ID = "days_since_win"
_UNASSIGNED = "unassigned"
#: The clock of the centre; no group has this name.
_CENTRE = "''"

_GROUPS = f"SELECT toString(`group`) AS id FROM {GROUPS} FINAL WHERE active AND `group` != '{_UNASSIGNED}'"
#: Whom there is, by whose days it counts, and the first working day if the directory names it.
_LISTED = f"""SELECT concat('m:', toString(manager)) AS subject, toString(manager) AS manager,
            if(`group` = '', '{_UNASSIGNED}', toString(`group`)) AS clock, since_ms, active
        FROM {MANAGERS} FINAL
        UNION ALL
        SELECT concat('g:', id) AS subject, '' AS manager, id AS clock, 0 AS since_ms, true AS active
        FROM ({_GROUPS})
        UNION ALL
        SELECT 'a:all' AS subject, '' AS manager, {_CENTRE} AS clock, 0 AS since_ms, true AS active"""
_PIPELINES = f"""SELECT clock, min(entered_at) AS at
        FROM
        (
            SELECT arrayJoin([toString(`group`), {_CENTRE}]) AS clock, entered_at
            FROM sales_rows.stage_stays FINAL
            WHERE `group` != ''
        )
        GROUP BY clock"""
_WORKS = f"""SELECT toString(`group`) AS clock, day, notEmpty(opens_at) AS works
        FROM {SPANS} FINAL
        UNION ALL
        SELECT {_CENTRE} AS clock, day, max(notEmpty(opens_at)) AS works
        FROM {SPANS} FINAL
        WHERE `group` IN ({_GROUPS})
        GROUP BY day"""
_WINS = f"""SELECT arrayJoin(arrayConcat(if(manager = '', [], [concat('m:', manager)]),
        if(`group` = '', [], [concat('g:', `group`)]), if(whole, ['a:all'], []))) AS subject, at
    FROM {FACTS} FINAL
    WHERE name = 'deal_win' AND at <= now64(3)"""
_SEEN = f"SELECT toString(subject) AS subject, min(day) AS first FROM {DAYS} FINAL WHERE kpi = '' GROUP BY subject"


def since_win_select(where: str) -> str:
    """SELECT of day, subject, upper (days), n (1). `where`: a condition over day, today and active."""
    known = f"""SELECT listed.*, begun.at AS at
        FROM ({_LISTED}) AS listed
        INNER JOIN ({_PIPELINES}) AS begun ON begun.clock = listed.clock"""
    since = local_date("fromUnixTimestamp64Milli(rows.since_ms, 'UTC')")
    return f"""SELECT day, subject, toInt64(worked - before) AS upper, toInt64(1) AS n
FROM
(
    SELECT subject, day, today, active, piped, worked,
        max(if(begins, toInt64(worked), -1)) OVER (PARTITION BY subject ORDER BY day) AS before
    FROM
    (
        WITH
        subjects AS ({dated(known, "1", "at", "subject", f"if(rows.since_ms = 0, NULL, {since}) AS since,")}),
        wins AS (SELECT DISTINCT subject, day FROM ({dated(_WINS, "1", "at", "subject")}))
        SELECT s.subject AS subject, w.day AS day, s.today AS today, s.active AS active, s.day AS piped,
            wins.subject != '' OR (isNotNull(first)
                AND w.day = greatest(assumeNotNull(first), (SELECT min(day) FROM {SPANS}))) AS begins,
            sum(w.works AND away.manager = '') OVER (PARTITION BY s.subject ORDER BY w.day) AS worked,
            multiIf(s.manager = '', NULL, isNotNull(s.since), s.since, seen.subject != '', seen.first, NULL) AS first
        FROM subjects AS s
        INNER JOIN ({_WORKS}) AS w ON w.clock = s.clock
        LEFT JOIN wins ON wins.subject = s.subject AND wins.day = w.day
        LEFT JOIN ({_SEEN}) AS seen ON seen.subject = s.subject
        LEFT JOIN (SELECT manager, day FROM sales_rows.absences FINAL) AS away
            ON away.manager = s.manager AND away.day = w.day
        WHERE w.day <= s.today
    )
)
WHERE before >= 0 AND day >= piped AND ({where})"""
