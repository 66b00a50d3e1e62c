"""All SQL that follows from the declarations, by the names that sinks and migrations use."""

from streams.kpis.sql_panes import pane_columns, pane_row, recompute_select
from streams.kpis.sql_rolling import rolling_select, rolling_view_sql

__all__ = ["pane_columns", "pane_row", "recompute_select", "rolling_select", "rolling_view_sql"]
