"""Views `plan_fact` and `bonus`: how plans stand, and what the bonus formulas propose.

Facts are those of `kpi_period` over the plan's own days. The forecast goes on at the rate of the working
days so far, today included; a share, mean or quantile has no rate and is its own forecast. The working
days are those of the subject's group; the centre as a whole works every day.
"""

from collections.abc import Mapping

from streams.kpis.declarations import KPIS
from streams.kpis.formulas import Quotient
from streams.kpis.kpi import Kpi
from streams.kpis.sql_connected import UNCONNECTED
from streams.kpis.sql_daily import daily_select
from streams.kpis.sql_days import TODAY
from streams.kpis.sql_views import view

_PLAN_FACT = (
    ("subject_kind", "String", "manager, group or all"),
    ("subject", "String", "id of the directory, or all"),
    ("kpi", "String", "id of the KPI"),
    ("period_start", "Date", "first local day of the plan"),
    ("period_end", "Date", "its last local day"),
    ("plan", "Float64", "in the unit of the KPI"),
    ("fact", "Nullable(Float64)", "so far; null when nothing was counted"),
    ("n", "Int64", "how many the fact rests on"),
    ("attainment", "Nullable(Float64)", "fact / plan"),
    ("remaining", "Nullable(Float64)", "plan less fact, at least 0; null for shares, means and quantiles"),
    ("forecast", "Nullable(Float64)", "at the end, at the rate of the working days so far"),
    ("needed_per_workday", "Nullable(Float64)", "remaining / days_left; null when none is left"),
    ("days_done", "UInt64", "working days of the period so far, today included"),
    ("days_left", "UInt64", "working days of it after today"),
)
_BONUS = (
    ("period_start", "Date", "first local day: of the running month and the one before it"),
    ("period_end", "Date", "last local day"),
    ("group", "String", "whose formula it is"),
    ("manager", "String", "whose bonus it is"),
    ("kpi", "String", "term of the formula"),
    ("value", "Nullable(Float64)", "of the KPI"),
    ("n", "Int64", "how many the value rests on"),
    ("target", "Nullable(Float64)", "in the unit of the KPI: of the formula, else the plan of the manager"),
    ("weight", "Float64", "share of the base"),
    ("attainment", "Nullable(Float64)", "from 0 to the cap"),
    ("cap", "Float64", "attainment above which nothing is added"),
    ("money", "Float64", "of this term, in the currency: base x weight x attainment; never below 0"),
    ("note", "String", "why it pays nothing, where it does"),
    ("currency", "String", "of the money"),
)


#: Of the days' sums only those that a bonus may need.
_TERMS = "startsWith(subject, 'm:') AND kpi IN (SELECT toString(kpi) FROM sales_rows.bonus_terms FINAL)"


def planning_views_sql(kpis: Mapping[str, Kpi] = KPIS) -> list[str]:
    """Statements that define both views."""
    return [
        view("plan_fact", _plan_fact(kpis), "Plans and how they stand", _PLAN_FACT),
        view("bonus", _bonus(kpis), "Bonus proposals, until a named person approves them", _BONUS),
    ]


def _adds_up(kpis: Mapping[str, Kpi]) -> str:
    """Condition that the KPI goes on as time does, so that it has a rate."""
    ids = [k.id for k in kpis.values() if isinstance(k.formula, Quotient) and not k.formula.shared]
    return f"p.kpi IN ({', '.join(repr(id) for id in ids)})" if ids else "0"


def _plan_fact(kpis: Mapping[str, Kpi]) -> str:
    adds_up = _adds_up(kpis)
    return f"""WITH {TODAY} AS today
SELECT
    toString(p.subject_kind) AS subject_kind, p.subject AS subject, toString(p.kpi) AS kpi,
    p.period_start AS period_start, p.period_end AS period_end, p.value AS plan,
    if({adds_up} AND p.kpi NOT IN {UNCONNECTED}, ifNull(f.value, 0), f.value) AS fact, f.n AS n, fact / plan AS attainment,
    if({adds_up} AND isNotNull(fact), greatest(0, plan - fact), NULL) AS remaining,
    if({adds_up}, if(days_done = 0, NULL, fact / days_done * (days_done + days_left)), fact) AS forecast,
    if(days_left = 0, NULL, remaining / days_left) AS needed_per_workday,
    if(notEmpty(w.days), arrayCount(day -> day BETWEEN p.period_start AND least(today, p.period_end), w.days),
        toUInt64(greatest(0, least(today, p.period_end) - p.period_start + 1))) AS days_done,
    if(notEmpty(w.days), arrayCount(day -> day BETWEEN greatest(today + 1, p.period_start) AND p.period_end, w.days),
        toUInt64(greatest(0, p.period_end - greatest(today + 1, p.period_start) + 1))) AS days_left
FROM
(
    SELECT plans.*, multiIf(subject_kind = 'group', subject, subject_kind = 'manager', m.`group`, '') AS works_in
    FROM (SELECT * FROM sales_rows.plans FINAL) AS plans
    LEFT JOIN (SELECT manager, `group` FROM sales_rows.managers FINAL) AS m ON m.manager = plans.subject
) AS p
LEFT JOIN
(
    SELECT toString(`group`) AS `group`, groupArray(day) AS days
    FROM sales_rows.working_spans FINAL WHERE notEmpty(opens_at) GROUP BY `group`
) AS w ON w.`group` = p.works_in
LEFT JOIN
(
{daily_select("planned", kpis, among="kpi IN (SELECT toString(kpi) FROM sales_rows.plans FINAL)")}
) AS f
    ON f.subject_kind = p.subject_kind AND f.subject = p.subject AND f.kpi = p.kpi
        AND f.period_start = p.period_start AND f.period_end = p.period_end"""


def _bonus(kpis: Mapping[str, Kpi]) -> str:
    personal = {kpi.id: kpi for kpi in kpis.values() if kpi.personal}
    return f"""WITH {TODAY} AS today
SELECT
    t.period_start AS period_start, t.period_end AS period_end, t.`group` AS `group`, t.manager AS manager,
    toString(t.kpi) AS kpi, f.value AS value, f.n AS n, if(t.target IS NULL, p.value, t.target) AS target,
    t.weight AS weight,
    multiIf(target IS NULL OR value IS NULL, NULL,
        t.direction = 'up', least(t.cap, greatest(0, value / target)),
        value <= 0, t.cap, least(t.cap, target / value)) AS attainment,
    t.cap AS cap,
    if(n < t.min_n, 0, ifNull(round(t.base * t.weight * attainment, 2), 0)) AS money,
    multiIf(target IS NULL, 'no target: neither the formula nor a plan of the month names one',
        value IS NULL, 'nothing was counted',
        n < t.min_n, concat('rests on ', toString(n), ', pays from ', toString(t.min_n)), '') AS note,
    toString(t.currency) AS currency
FROM
(
    SELECT terms.*, 'manager' AS manager_kind, m.manager AS manager, period.1 AS period_start, period.2 AS period_end
    FROM (SELECT * FROM sales_rows.bonus_terms FINAL) AS terms
    INNER JOIN (SELECT manager, `group` FROM sales_rows.managers FINAL WHERE active) AS m ON m.`group` = terms.`group`
    ARRAY JOIN [(toStartOfMonth(addMonths(today, -1)), toStartOfMonth(today) - 1),
        (toStartOfMonth(today), toLastDayOfMonth(today))] AS period
) AS t
LEFT JOIN
(
{daily_select("months", personal, among=_TERMS)}
) AS f
    ON f.subject = t.manager AND f.kpi = t.kpi AND f.period_start = t.period_start AND f.subject_kind = t.manager_kind
LEFT JOIN
(
    SELECT subject, kpi, period_start, period_end, CAST(value, 'Nullable(Float64)') AS value
    FROM sales_rows.plans FINAL WHERE subject_kind = 'manager'
) AS p
    ON p.subject = t.manager AND p.kpi = t.kpi AND p.period_start = t.period_start AND p.period_end = t.period_end"""
