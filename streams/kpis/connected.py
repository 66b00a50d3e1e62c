"""Which KPI can mean anything here: those whose inputs some source provides."""

from collections.abc import Iterable, Mapping

from streams.kpis.declarations import KPIS
from streams.kpis.formulas import Value
from streams.kpis.kpi import INPUTS, Kpi

#: What a KPI is worth of which an input is not connected: not even the 0 of what nobody reports.
NOT_CONNECTED: Value = (None, 0)


def connected_inputs(provided: Iterable[Iterable[str]]) -> frozenset[str]:
    """What all sources together provide, given what each of them does.

    Where no source says what it provides, everything is taken for connected.
    """
    return frozenset(name for names in provided for name in names) or frozenset(INPUTS)


def connected_kpis(provided: Iterable[Iterable[str]], kpis: Mapping[str, Kpi] = KPIS) -> frozenset[str]:
    """Ids of the KPI that have all inputs that they need, given what each source provides."""
    inputs = connected_inputs(provided)
    return frozenset(kpi.id for kpi in kpis.values() if kpi.needs <= inputs)
