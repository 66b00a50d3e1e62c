"""Which KPI mean nothing here, in SQL: the sink writes into table `kpis` what `connected` says."""

#: Set of their ids. Such a KPI has neither value nor n, not even the 0 of what nobody reports.
UNCONNECTED = "(SELECT kpi FROM sales_rows.kpis FINAL WHERE NOT connected)"

#: Name, type and comment of the column that says so.
COLUMN = ("connected", "Bool", "false when no source provides what the KPI needs: then it has no value")
