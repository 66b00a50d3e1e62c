"""All SQL that follows from the declarations, by the names that sinks and migrations use."""

from streams.kpis.sql_panes import pane_columns, pane_row, recompute_select

__all__ = ["pane_columns", "pane_row", "recompute_select"]
