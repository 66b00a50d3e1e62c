"""Views `leaderboard` and `leaderboard_period`: how a manager stands in his group, now or over days.

Only personal KPI that have a good direction are ranked, and only values that rest on the minimum
sample: the group's own for this KPI, else the one that the KPI declares. All other rows stand there
too, without a rank.
"""

from collections.abc import Mapping

from streams.kpis.declarations import KPIS
from streams.kpis.kpi import Kpi
from streams.kpis.sql_days import GROUPS
from streams.kpis.sql_views import view

#: Name, type and comment of the columns of the live view, in order.
_LIVE = (
    ("as_of", "DateTime64(3, 'UTC')", "the moment that the value is true for"),
    ("window", "String", "5m, 15m, 30m, 1h or today"),
)
#: The columns of both.
_COLUMNS = (
    ("kpi", "String", "id of a KPI within the own power of a manager"),
    ("manager", "String", "id of the directory, or unmapped:<source>:<name>"),
    ("group", "String", "group of the manager now"),
    ("value", "Nullable(Float64)", "null when nothing was counted, or nobody keeps the value"),
    ("n", "Int64", "how many the value rests on"),
    ("rank", "Nullable(UInt64)", "1 is best, ties share a rank; null below the minimum sample"),
    ("group_mean", "Nullable(Float64)", "mean of the ranked managers of the group, each weighing the same"),
    ("leader", "Nullable(String)", "manager of rank 1; of several the first by id"),
    ("gap_to_leader", "Nullable(Float64)", "distance from the value of the leader, 0 for the leader"),
)
_PERIOD = "sales.kpi_period(from = {from:Date}, to = {to:Date})"


def leaderboard_view_sql(kpis: Mapping[str, Kpi] = KPIS) -> list[str]:
    """Statement that defines `sales.leaderboard`."""
    return [
        view(
            "leaderboard",
            leaderboard_select(kpis),
            "How a manager stands in the group now, for each personal KPI and window",
            (*_LIVE, *_COLUMNS),
        )
    ]


def leaderboard_period_view_sql(kpis: Mapping[str, Kpi] = KPIS) -> list[str]:
    """Statement that defines `sales.leaderboard_period(from, to)`, days both included."""
    return [
        view(
            "leaderboard_period",
            _ranked(_PERIOD, (), kpis),
            "How a manager stands in the group of now over the local days from .. to, for each personal KPI",
            _COLUMNS,
        )
    ]


def leaderboard_select(kpis: Mapping[str, Kpi] = KPIS) -> str:
    """SELECT of one row per manager, personal KPI and window of `sales.kpi_now`."""
    return _ranked("sales.kpi_now", tuple(name for name, _, _ in _LIVE), kpis)


def _ranked(values: str, further: tuple[str, ...], kpis: Mapping[str, Kpi]) -> str:
    """SELECT of the `further` columns of `values` and the ranks in the same group, KPI and window."""
    ranked = [kpi for kpi in kpis.values() if kpi.personal and kpi.good != "neutral"]
    ids = ", ".join(f"'{kpi.id}'" for kpi in ranked)
    signs = ", ".join("1" if kpi.good == "up" else "-1" for kpi in ranked)
    least = ", ".join(str(kpi.min_n) for kpi in ranked)
    peers = "PARTITION BY `group`, kpi" + (", window" if "window" in further else "")
    best = f"OVER ({peers} ORDER BY counts DESC, sign * value DESC, manager ROWS BETWEEN UNBOUNDED PRECEDING"
    shown = "".join(f"{name}, " for name in further)
    taken = "".join(f"now.{name} AS {name}, " for name in further)
    return f"""SELECT
    {shown}kpi, manager, `group`, value, n,
    if(counts, rank() OVER ({peers} ORDER BY counts DESC, sign * value DESC), NULL) AS rank,
    avgIf(value, counts) OVER ({peers}) AS group_mean,
    if(max(counts) OVER ({peers}), first_value(manager) {best} AND UNBOUNDED FOLLOWING), NULL) AS leader,
    if(counts, abs(value - first_value(value) {best} AND UNBOUNDED FOLLOWING)), NULL) AS gap_to_leader
FROM
(
    SELECT
        {taken}toString(now.kpi) AS kpi, now.subject AS manager,
        if(m.`group` = '', 'unassigned', m.`group`) AS `group`, now.value AS value, now.n AS n,
        transform(kpi, [{ids}], [{signs}], 0) AS sign,
        isNotNull(value) AND n >= if(mapContains(of.min_n, kpi), of.min_n[kpi], declared) AS counts,
        transform(kpi, [{ids}], [{least}], 0) AS declared
    FROM {values} AS now
    LEFT JOIN sales.managers AS m ON m.manager = now.subject
    LEFT JOIN (SELECT `group` AS id, min_n FROM {GROUPS} FINAL) AS of
        ON of.id = if(m.`group` = '', 'unassigned', m.`group`)
    WHERE now.subject_kind = 'manager' AND now.kpi IN ({ids})
)"""
