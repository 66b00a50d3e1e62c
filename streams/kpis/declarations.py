"""All KPI by id. To add one, declare it in the module of its topic; nothing else is to be changed.

Definitions follow `docs/contract.md`, section 4. Counts take calls of all hours; shares, waits and
service level those that came in working hours, with `*_all_hours` for all.
"""

from streams.kpis import (
    declared_callbacks,
    declared_calls,
    declared_deals,
    declared_leads,
    declared_people,
    declared_records,
    declared_work,
)
from streams.kpis.kpi import Kpi, registry

#: Every KPI, in the order of the tables and views.
KPIS: dict[str, Kpi] = registry(
    (
        *declared_calls.KPIS,
        *declared_people.KPIS,
        *declared_callbacks.KPIS,
        *declared_leads.KPIS,
        *declared_deals.KPIS,
        *declared_work.KPIS,
        *declared_records.KPIS,
    )
)
