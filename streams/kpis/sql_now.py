"""View `kpi_now`: the live values. What nobody has renewed for two minutes is not true any more."""

from collections.abc import Mapping

from streams.kpis.declarations import KPIS
from streams.kpis.kpi import SUBJECT_KINDS, Kpi
from streams.kpis.sql_connected import COLUMN, UNCONNECTED
from streams.kpis.sql_levels import known_levels, level_param, levelled, levels_among
from streams.kpis.sql_views import view

NOW_VALUES = "sales_rows.kpi_now"

#: Name, type and comment of the columns, in order.
_COLUMNS = (
    ("as_of", "DateTime64(3, 'UTC')", "the moment that the value is true for, or was last"),
    ("subject_kind", "String", "manager, group or all"),
    ("subject", "String", "id of the directory, unmapped:<source>:<name>, or all"),
    ("kpi", "LowCardinality(String)", "id of the KPI"),
    ("window", "LowCardinality(String)", "5m, 15m, 30m, 1h, today, or now for states"),
    ("value", "Nullable(Float64)", "null when nothing was counted, or nobody has renewed it for 2 minutes"),
    ("n", "Int64", "how many the value rests on"),
    COLUMN,
    ("param", "Nullable(String)", "how a service level is reckoned, such as SL6 T=20 s S=5 s; else null"),
)


def now_view_sql(kpis: Mapping[str, Kpi] = KPIS) -> list[str]:
    """Statement that defines `sales.kpi_now`."""
    letters = ", ".join(f"'{letter}'" for letter in SUBJECT_KINDS)
    kinds = ", ".join(f"'{kind}'" for kind in SUBJECT_KINDS.values())
    levels = ", ".join(f"'{kpi.id}'" for kpi, _ in levels_among(kpis.values())) or "''"
    values = (
        f"SELECT as_of, toString(subject) AS who, kpi, window, value AS stored, n FROM {NOW_VALUES} FINAL"
    )
    select = f"""WITH
{known_levels()}
SELECT
    as_of,
    transform(substring(who, 1, 1), [{letters}], [{kinds}], '') AS subject_kind,
    substring(who, 3) AS subject,
    kpi,
    window,
    if(as_of < now64(3, 'UTC') - INTERVAL 2 MINUTE, NULL, stored) AS value,
    n,
    kpi NOT IN {UNCONNECTED} AS connected,
    if(kpi IN ({levels}), {level_param()}, NULL) AS param
FROM
(
{levelled(values, "who")}
)"""
    about = "Live values of KPI, written by the worker on change and as time goes by"
    return [view("kpi_now", select, about, _COLUMNS)]
