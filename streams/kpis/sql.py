"""All SQL that follows from the declarations, by the names that sinks and migrations use."""

from streams.kpis.sql_closed import closed_views_sql, deals_select
from streams.kpis.sql_compare import compare_view_sql
from streams.kpis.sql_daily import daily_select, daily_view_sql
from streams.kpis.sql_funnel import funnel_view_sql
from streams.kpis.sql_leaderboard import leaderboard_period_view_sql, leaderboard_view_sql
from streams.kpis.sql_now import now_view_sql
from streams.kpis.sql_pane_arrays import pane_arrays_sql
from streams.kpis.sql_panes import pane_columns, pane_row, recompute_select
from streams.kpis.sql_plans import planning_views_sql
from streams.kpis.sql_rolling import rolling_select, rolling_view_sql

__all__ = [
    "closed_views_sql",
    "compare_view_sql",
    "daily_select",
    "daily_view_sql",
    "deals_select",
    "funnel_view_sql",
    "leaderboard_period_view_sql",
    "leaderboard_view_sql",
    "now_view_sql",
    "pane_arrays_sql",
    "pane_columns",
    "pane_row",
    "planning_views_sql",
    "recompute_select",
    "rolling_select",
    "rolling_view_sql",
]
