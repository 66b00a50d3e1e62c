"""Which KPI have what they need."""

from streams.kpis.connected import connected_inputs, connected_kpis
from streams.kpis.declarations import KPIS
from streams.kpis.kpi import INPUTS


def test_sources_add_up_to_what_is_connected() -> None:
    assert connected_inputs([["inbound"], [], ["inbound", "deals"]]) == {"inbound", "deals"}


def test_where_no_source_says_anything_all_is_connected() -> None:
    assert connected_inputs([]) == connected_inputs([[], []]) == set(INPUTS)
    assert connected_kpis([]) == set(KPIS)


def test_a_kpi_is_connected_with_all_that_it_needs() -> None:
    found = connected_kpis([["inbound"], ["deals"]])
    assert {"calls_in", "deals_won"} <= found
    assert "leads_new" not in found  # nobody tells of leads
    assert "callbacks_made" not in found  # half of what it needs is there
    assert "lead_within_5m" not in connected_kpis([["leads", "inbound"]])
    assert "lead_within_5m" in connected_kpis([["leads"], ["inbound", "outbound"]])
