"""The declarations: complete, consistent, and enough by themselves to add a KPI."""

import pytest

from streams.kpis.declarations import KPIS
from streams.kpis.formulas import Mean, OpenCount, Quantile, Ratio, Sum
from streams.kpis.kpi import Kpi, evaluate, registry
from streams.kpis.measurements import MEASUREMENTS
from streams.kpis.sql_formulas import value_and_n
from streams.kpis.sql_rolling import rolling_select
from streams.kpis.table import markdown_table
from streams.records import PaneState
from streams.windows.items import OpenItems
from streams.windows.pane import apply
from streams.windows.totals import Totals
from tests.kpis.contract_ids import NOT_PERSONAL, OF_NOW, OF_RECORDS, ROLLING


def test_every_id_of_the_contract_is_declared_for_its_subjects() -> None:
    contract = ROLLING | OF_NOW | OF_RECORDS
    assert {id: KPIS[id].subjects for id in contract} == contract
    assert all(KPIS[id].windows == ("5m", "15m", "30m", "1h", "today") for id in ROLLING)
    assert all(KPIS[id].windows == ("now",) for id in OF_NOW)
    assert all(KPIS[id].windows == () for id in OF_RECORDS)
    assert not any(KPIS[id].personal for id in NOT_PERSONAL)


@pytest.mark.parametrize("kpi", KPIS.values(), ids=KPIS)
def test_a_kpi_says_what_it_is(kpi: Kpi) -> None:
    assert kpi.id.endswith(("_s", "_s_all_hours", "_s_cal")) == (kpi.unit == "s")
    assert ("share" in kpi.id or "level" in kpi.id or "within" in kpi.id) <= (
        kpi.unit == "share" or kpi.id == "offers_missed_shared"
    )
    assert kpi.title
    assert kpi.help.endswith(".")
    assert kpi.needs
    assert kpi.min_n >= (5 if kpi.unit == "share" else 1)
    assert "m" in kpi.subjects or not kpi.personal, "nobody is judged by what is not counted for him"


@pytest.mark.parametrize("kpi", [k for k in KPIS.values() if k.rolling], ids=lambda k: k.id)
def test_an_empty_window_has_no_value_and_n_0(kpi: Kpi) -> None:
    assert evaluate(kpi, Totals(), OpenItems(), 0, lambda _g, a, b: b - a) == (None, 0)


def test_measurements_bear_their_own_names() -> None:
    assert all(name == measurement.name for name, measurement in MEASUREMENTS.items())


def declared(**changes: object) -> Kpi:
    """A KPI that the product does not have, in the few lines that one takes."""
    fields: dict[str, object] = {
        "id": "long_talk_share",
        "title": "Share of long calls",
        "unit": "share",
        "good": "up",
        "subjects": "mga",
        "formula": Ratio("quality", of=("handled",)),
        "needs": frozenset({"inbound", "outbound"}),
        "personal": True,
        "windows": ("1h", "today"),
        "help": "Quality calls / calls handled.",
    }
    return Kpi(**(fields | changes))  # type: ignore[arg-type]


def test_a_kpi_is_added_by_its_declaration_alone() -> None:
    kpi = declared()
    known = registry([*KPIS.values(), kpi])
    pane = PaneState()
    for name in ("quality", "handled", "handled", "handled", "handled"):
        apply(pane, name, None, 1)
    value = evaluate(known[kpi.id], Totals(pane), OpenItems(), 0, lambda _g, a, b: b - a)
    assert value == (0.25, 4)
    assert value_and_n(kpi)[1] == "handled_n"
    assert "'long_talk_share'" in rolling_select("0", "60", known)
    assert "| `long_talk_share` | Share of long calls | manager, group, all | 1h, today |" in markdown_table(
        known
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"formula": Ratio("quality", of=("handeld",))}, "no measurement handeld for count"),
        ({"formula": Mean("quality")}, "no measurement quality for total"),
        ({"formula": Quantile("talk", 50), "unit": "s"}, "no measurement talk for Quantile"),
        ({"formula": Sum("talk")}, "unit share from talk in ms"),
        ({"formula": OpenCount("open_missed")}, "windows are of"),
        ({"windows": ("2h",)}, "windows are of"),
        ({"subjects": "mx"}, "subjects are letters of m, g, a"),
        ({"id": "calls_in"}, "KPI calls_in is declared twice"),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_refused(changes: dict[str, object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        registry([*KPIS.values(), declared(**changes)])
