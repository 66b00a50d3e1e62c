"""Views `adjustments` and `adjustment_deals`: what changed in closed periods since they were closed.

A correction changes the days that it concerns, so `kpi_period` of a paid month may say something else
than was paid. What was paid stays in `kpi_closed` and `bonus_closed`. The difference is an adjustment
of the period that is open now; when that is closed, it is settled with it (`adjustments_closed`), and
only what comes later is an adjustment again.
"""

from collections.abc import Mapping

from streams.kpis.declarations import KPIS
from streams.kpis.kpi import Kpi
from streams.kpis.sql_daily import daily_select
from streams.kpis.sql_days import CLOSED, local_day, zone_lists
from streams.kpis.sql_views import view

#: Facts of a deal, and the KPI that is their sum.
DEAL_FACTS = {"deal_won": "deals_won", "won_amount": "won_amount"}

#: Values are computed anew from whole numbers; money is rounded to hundredths.
_SAME = "abs(value - closed_value) <= 1e-9 * greatest(1, abs(closed_value))"
_DAYS = (
    ("period_start", "Date", "first local day of the period that was closed"),
    ("period_end", "Date", "its last local day"),
)
_ADJUSTMENTS = (
    *_DAYS,
    ("kind", "String", "kpi, or bonus: then values are money"),
    ("subject_kind", "String", "manager, group, all or line"),
    ("subject", "String", "whose value it is"),
    ("group", "Nullable(String)", "of a bonus: whose formula it is"),
    ("kpi", "String", "id of the KPI"),
    ("closed_value", "Nullable(Float64)", "as paid, or as last settled; null when there was none"),
    ("value", "Nullable(Float64)", "now; null when there is none"),
    ("difference", "Nullable(Float64)", "value less closed_value; null when one of them is"),
    ("closed_n", "Nullable(Int64)", "how many the closed value rests on"),
    ("n", "Nullable(Int64)", "how many the value rests on now"),
    ("closed_param", "Nullable(String)", "how a service level was reckoned at the closing"),
    ("param", "Nullable(String)", "how it is reckoned now"),
    ("closed_at", "DateTime64(3, 'UTC')", "when the closed value was stored"),
    ("revised_at", "Nullable(DateTime64(3, 'UTC'))", "when the newest was stored that the value rests on"),
    ("counts_from", "Date", "first day of the period that is open: the adjustment belongs to it"),
)
_DEALS = (
    *_DAYS,
    ("source", "String", "system that has the deal"),
    ("deal_id", "String", "as the source names it"),
    ("kpi", "String", "deals_won or won_amount"),
    ("manager", "Nullable(String)", "for whom it counts"),
    ("group", "Nullable(String)", "for which group it counts"),
    ("closed_value", "Float64", "what it brought at the closing, in the unit of the KPI"),
    ("value", "Float64", "what it brings now"),
    ("difference", "Float64", "value less closed_value"),
)


def closed_views_sql(kpis: Mapping[str, Kpi] = KPIS) -> list[str]:
    """Statements that define both views."""
    return [
        view(
            "adjustments", _adjustments(kpis), "What changed in periods since they were closed", _ADJUSTMENTS
        ),
        view(
            "adjustment_deals", _deals(), "Deals that brought something else when a period was closed", _DEALS
        ),
    ]


def deals_select(ranges: str, first: str, last: str) -> str:
    """SELECT of what each deal brought in periods.

    Columns: period_start, period_end, entity, name, manager, group, value. `ranges` is an array of
    periods (first day, last day) between the days `first` and `last`; a day is
    that of the group for which the deal counted.
    """
    names = ", ".join(f"'{name}'" for name in DEAL_FACTS)
    day = local_day("toDateTime(at, 'UTC')", "concat('g:', `group`)")
    return f"""SELECT
    period.1 AS period_start, period.2 AS period_end, entity, name, manager, `group`, sum(value) AS value
FROM
(
    SELECT entity, toString(name) AS name, toString(manager) AS manager, toString(`group`) AS `group`, value,
        {day} AS day
    FROM sales_rows.measurements FINAL
    WHERE whole AND name IN ({names}) AND toDate(at) BETWEEN {first} - 1 AND {last} + 1
)
ARRAY JOIN arrayFilter(range -> day BETWEEN range.1 AND range.2, {ranges}) AS period
GROUP BY period, entity, name, manager, `group`"""


def _adjustments(kpis: Mapping[str, Kpi]) -> str:
    return f"""WITH (SELECT max(period_end) + 1 FROM sales_rows.closed_periods FINAL) AS counts_from
SELECT
    period_start, period_end, kind, subject_kind, subject, nullIf(`group`, '') AS `group`, kpi,
    argMaxIf(tuple(told), version, version != 0).1 AS closed_value,
    anyIf(tuple(told), version = 0).1 AS value,
    value - closed_value AS difference,
    argMaxIf(tuple(rests), version, version != 0).1 AS closed_n,
    anyIf(tuple(rests), version = 0).1 AS n,
    argMaxIf(tuple(how), version, version != 0).1 AS closed_param,
    anyIf(tuple(how), version = 0).1 AS param,
    fromUnixTimestamp64Milli(toInt64(max(version)), 'UTC') AS closed_at,
    anyIf(tuple(revised), version = 0).1 AS revised_at,
    counts_from
FROM
({_sides(kpis)}
)
GROUP BY period_start, period_end, kind, subject_kind, subject, `group`, kpi
HAVING NOT ifNull({_SAME}, closed_value IS NULL AND value IS NULL)"""


def _sides(kpis: Mapping[str, Kpi]) -> str:
    """Values as closed and as settled, by the version of their closing, and as they are now, version 0."""
    of = "c.period_start AS period_start, c.period_end AS period_end"
    closed = "INNER JOIN sales_rows.closed_periods AS p FINAL ON p.version = c.version AND "
    here = "p.period_start = c.period_start AND p.period_end = c.period_end"
    there = "p.period_start = c.settled_start AND p.period_end = c.settled_end"
    return f"""
    SELECT {of}, 'kpi' AS kind, toString(c.subject_kind) AS subject_kind, c.subject AS subject, '' AS `group`,
        toString(c.kpi) AS kpi, c.value AS told, CAST(c.n, 'Nullable(Int64)') AS rests, c.param AS how,
        CAST(NULL, 'Nullable(DateTime64(3, \\'UTC\\'))') AS revised, p.version AS version
    FROM sales_rows.kpi_closed AS c FINAL {closed}{here}
    UNION ALL
    SELECT {of}, 'bonus', 'manager', c.manager, c.`group`, toString(c.kpi), c.money, c.n,
        NULL, NULL, p.version
    FROM sales_rows.bonus_closed AS c FINAL {closed}{here}
    UNION ALL
    SELECT {of}, toString(c.kind), toString(c.subject_kind), c.subject, c.`group`,
        toString(c.kpi), c.value, c.n, c.param, NULL, p.version
    FROM sales_rows.adjustments_closed AS c FINAL {closed}{there}
    UNION ALL
    SELECT period_start, period_end, 'kpi', subject_kind, subject, '', kpi, value, n, param, revised_at, 0
    FROM ({daily_select("closed", kpis)})
    UNION ALL
    SELECT {of}, 'bonus', 'manager', c.manager, c.`group`, toString(c.kpi), c.money, c.n, NULL, NULL, 0
    FROM sales.bonus AS c
    WHERE (c.period_start, c.period_end) IN
        (SELECT period_start, period_end FROM sales_rows.closed_periods FINAL)"""


def _deals() -> str:
    kpi = ", ".join(f"'{name}'" for name in DEAL_FACTS)
    ids = ", ".join(f"'{id}'" for id in DEAL_FACTS.values())
    return f"""WITH
{CLOSED},
{zone_lists()}
SELECT
    period_start, period_end, substring(entity, 1, position(entity, '/') - 1) AS source,
    substring(entity, position(entity, '/') + 1) AS deal_id,
    transform(name, [{kpi}], [{ids}], '') AS kpi, nullIf(manager, '') AS manager,
    nullIf(`group`, '') AS `group`, sumIf(told, was) / unit AS closed_value,
    sumIf(told, NOT was) / unit AS value, value - closed_value AS difference
FROM
(
    SELECT c.period_start AS period_start, c.period_end AS period_end, c.entity AS entity,
        toString(c.name) AS name, toString(c.manager) AS manager, toString(c.`group`) AS `group`,
        c.value AS told, true AS was
    FROM sales_rows.deals_closed AS c FINAL
    INNER JOIN sales_rows.closed_periods AS p FINAL
        ON p.version = c.version AND p.period_start = c.period_start AND p.period_end = c.period_end
    UNION ALL
    SELECT *, false FROM ({deals_select("closed_ranges", "first_closed", "last_closed")})
)
GROUP BY period_start, period_end, entity, name, manager, `group`, if(name = 'won_amount', 100, 1) AS unit
HAVING difference != 0"""
