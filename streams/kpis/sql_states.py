"""What was open when, for the values of states at the ends of days: a SELECT for each KPI.

Columns: since, until (DateTime64; `until` lies far ahead for what is open), manager, group, whole (for
whom), upper (adds to the value), n (adds to n), steps (stretches of time in which it does not count).
Who counts them by subject and local day is `sql_record_days`.
"""

from typing import Literal

from streams.kpis.sql_links import with_root
from streams.kpis.sql_records import FACTS

_STAYS = "sales_rows.stage_stays"
_TASKS = "sales_rows.tasks"
_CALLS = "sales_rows.calls"
_LATER = "toDateTime64('2200-01-01 00:00:00', 3, 'UTC')"
#: A call whose end is not known is taken for over after this time (`journey.calls`).
_UNKNOWN_AFTER = "INTERVAL 4 HOUR"

#: How the value follows: a number that is 0 without any; null when n is 0.
State = Literal[2, 3]

_NO_STEPS = "CAST([], 'Array(Tuple(DateTime64(3, \\'UTC\\'), DateTime64(3, \\'UTC\\')))') AS steps"
_OF = "toString(manager) AS manager, toString(`group`) AS `group`"


def _span(name: str) -> str:
    return f"""SELECT at AS since, fromUnixTimestamp64Milli(value, 'UTC') AS until, {_OF}, whole,
    1 AS upper, 1 AS n, {_NO_STEPS}
FROM {FACTS} FINAL
WHERE name = '{name}'"""


#: Each part of a stay or task in which one person had it: `had` (since when, manager, group), `ends`.
_OF_OWNER = "had.2 AS manager, had.3 AS `group`"


def _owned(rows: str, begins: str, ends: str) -> str:
    """Rows after FROM, once for each who had it; `begins` and `ends` are of the whole.

    Rows of before owners were kept have one.
    """
    return f"""(SELECT *,
    if(empty(owners), [(toUnixTimestamp64Milli({begins}), toString(manager), toString(`group`))], owners) AS every,
    arrayMap(one -> fromUnixTimestamp64Milli(one.1, 'UTC'), every) AS begun,
    arrayPushBack(arrayPopFront(begun), ifNull({ends}, {_LATER})) AS ended
FROM {rows})
ARRAY JOIN every AS had, begun AS begins, arrayMap(one -> least(one, ifNull({ends}, {_LATER})), ended) AS ends"""


_EVERY_STAY = _owned(f"{_STAYS} FINAL", "entered_at", "left_at")
#: The same where it is asked what else there is of the customer.
_EVERY_STAY_OF = _owned(with_root(_STAYS), "entered_at", "left_at")


_AHEAD = (
    "arrayMap(one -> (fromUnixTimestamp64Milli(one.1, 'UTC'), "
    f"if(one.2 = 0, {_LATER}, fromUnixTimestamp64Milli(one.2, 'UTC'))), meeting_ahead) AS steps"
)


def _stays(since: str, where: str, upper: int, n: int, steps: str = _NO_STEPS) -> str:
    return f"""SELECT greatest({since}, begins) AS since, ends AS until, {_OF_OWNER}, true AS whole,
    {upper} AS upper, {n} AS n, {steps}
FROM {_EVERY_STAY}
WHERE stage_kind = 'open' AND {where} AND since < until"""


_CALLERS = f"""SELECT ifNull(answered_at, ifNull(ended_at, started_at + {_UNKNOWN_AFTER})) AS over_at,
    ifNull(over_at - toIntervalMillisecond(wait_ms), assumeNotNull(started_at)) AS since,
    assumeNotNull(over_at) AS until, '' AS manager, toString(`group`) AS `group`, true AS whole,
    1 AS upper, 1 AS n, {_NO_STEPS}
FROM {_CALLS} FINAL
WHERE direction = 'in' AND excluded_reason = '' AND started_at IS NOT NULL"""
#: Callers who waited on the line.
WAITING = (
    f"SELECT assumeNotNull(since) AS since, until, manager, `group`, whole, upper, n, steps FROM ({_CALLERS})"
)

#: When a customer has something ahead: a task until it is due or done, a meeting until it takes place.
_STEPS = f"""SELECT customer, groupArray((begins, ends)) AS steps
    FROM
    (
        SELECT customer, assumeNotNull(created_at) AS begins, least(assumeNotNull(due_at), ifNull(done_at, {_LATER})) AS ends
        FROM {with_root(_TASKS)}
        WHERE created_at IS NOT NULL AND due_at IS NOT NULL
        UNION ALL
        SELECT customer, moment AS begins,
            ifNull(arrayMin(arrayFilter(over -> over >= moment, ended)), {_LATER}) AS ends
        FROM
        (
            SELECT customer, groupUniqArrayIf(at, name = 'meeting_scheduled') AS arranged,
                arrayPushBack(groupUniqArrayIf(at, name != 'meeting_scheduled'), {_LATER}) AS ended
            FROM {FACTS} FINAL
            WHERE name IN ('meeting_scheduled', 'meeting_held', 'meeting_missed')
            GROUP BY customer
        )
        ARRAY JOIN arranged AS moment
    )
    WHERE customer != '' AND begins < ends
    GROUP BY customer"""
_WITHOUT_STEP = f"""SELECT since, until, manager, `group`, whole, upper, n, ahead.steps AS steps
FROM
(
    SELECT customer, begins AS since, ends AS until, {_OF_OWNER}, true AS whole, 1 AS upper, 1 AS n
    FROM {_EVERY_STAY_OF}
    WHERE stage_kind = 'open' AND since < until
) AS stays
LEFT JOIN ({_STEPS}) AS ahead ON ahead.customer = stays.customer"""

#: By id of the KPI. How old the oldest is stands in `sql_oldest`.
STATES: dict[str, tuple[State, str]] = {
    "open_missed": (2, _span("span_missed")),
    "uncalled_missed": (2, _span("span_uncalled")),
    "open_leads": (2, _span("span_lead")),
    "calls_waiting": (2, WAITING),
    "open_deals": (2, _stays("entered_at", "1", 1, 1)),
    "stalled_deals": (
        3,
        _stays("assumeNotNull(due_at)", "due_at IS NOT NULL", 1, 0, _AHEAD)
        + "\nUNION ALL\n"
        + _stays("entered_at", "due_at IS NOT NULL", 0, 1),
    ),
    "tasks_overdue": (
        2,
        f"""SELECT greatest(assumeNotNull(due_at), begins) AS since, ends AS until, {_OF_OWNER}, true AS whole,
    1 AS upper, 1 AS n, {_NO_STEPS}
FROM {_owned(f"{_TASKS} FINAL", "assumeNotNull(created_at)", "done_at")}
WHERE created_at IS NOT NULL AND due_at IS NOT NULL AND since < until""",
    ),
    "deals_without_next_step": (2, _WITHOUT_STEP),
}
