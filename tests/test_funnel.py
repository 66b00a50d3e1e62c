"""Pipelines, stages and money; and what `funnel.yaml` may not say."""

import pytest

from streams.config_text import ConfigError
from streams.funnel import Funnel
from streams.funnel_text import read_funnel

TEXT = """
currency: RUB
rates: {USD: 92.5}
ignored_loss_reasons: [duplicate]
pipelines:
  main:
    name: Sales
    aliases: {bitrix24: ["0"]}
    stages:
      - {id: new, max_stay: 1.5h, aliases: {bitrix24: [NEW]}}
      - {id: offer, max_stay: 2d}
      - {id: won, kind: won, aliases: {bitrix24: [WON]}}
"""


def funnel(text: str = TEXT) -> Funnel:
    return Funnel(read_funnel(text))


def test_stages_are_in_their_order_with_their_limits() -> None:
    known = funnel()
    stages = [known.stage("main", id) for id in ("new", "offer", "won")]
    assert [(s.order, s.kind, s.max_stay_ms) for s in stages if s] == [
        (0, "open", 5_400_000),
        (1, "open", 172_800_000),
        (2, "won", None),
    ]
    assert known.stage("main", "nowhere") is None
    assert known.stage("nowhere", "new") is None


def test_a_meeting_ahead_holds_a_deal_unless_told_otherwise() -> None:
    assert funnel().meeting_ahead_holds
    assert not funnel(TEXT + "meeting_ahead_holds: false\n").meeting_ahead_holds
    with pytest.raises(ConfigError, match="meeting_ahead_holds: expected true or false"):
        funnel(TEXT + "meeting_ahead_holds: maybe\n")


def test_names_of_the_source_become_ids_and_unknown_ones_show_up() -> None:
    known = funnel()
    assert known.pipeline_of("bitrix24", "0") == "main"
    assert known.pipeline_of("amo", "main") == "main"
    assert known.pipeline_of("amo", "0") == "unmapped:amo:0"
    assert known.stage_of("bitrix24", "main", "NEW") == "new"
    assert known.stage_of("amo", "main", "NEW") == "unmapped:amo:NEW"
    assert known.stage_of("amo", "unmapped:amo:0", "NEW") == "NEW"


def test_without_any_pipeline_names_stay() -> None:
    assert funnel("{}").pipeline_of("amo", "7") == "7"
    assert funnel("{}").stage_of("amo", "7", "x") == "x"


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("1500.50", "", 150_050),
        ("1500.50", "RUB", 150_050),
        ("2", "USD", 18_500),
        ("0.005", "", 0),  # halves go to even
        ("0.015", "", 2),
        ("10", "XXX", None),
        ("-3", "", -300),
        ("999999999999999", "", 99_999_999_999_999_900),
        ("999999999999999", "USD", None),  # would not fit, and is nobody's deal
    ],
)
def test_amounts_are_whole_hundredths_of_the_company_currency(
    amount: str, currency: str, minor: int | None
) -> None:
    assert funnel().minor_units(amount, currency) == minor


def test_reasons_that_are_ignored() -> None:
    assert funnel().ignores("duplicate")
    assert not funnel().ignores("price")
    assert not funnel().ignores("")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("currency: roubles", "currency: expected a currency such as RUB, found 'roubles'"),
        ("rates: {usd: 90}", "expected a currency such as USD before this, not 'usd'"),
        ("rates: {USD: 0}", "rates.USD: expected how much of the company currency one unit is worth"),
        ("rates: {RUB: 2}", "rates.RUB: expected no rate for RUB, or 1"),
        ("pipelines: {main: {name: x}}", "pipelines.main: expected stages, in their order"),
        ("pipelines: {main: {stages: [{name: x}]}}", "expected a stage such as {id: proposal"),
        ("pipelines: {main: {stages: [{id: a}, {id: a}]}}", "expected each stage once; a stands above"),
        ("pipelines: {main: {stages: [{id: a, kind: new}]}}", "kind: expected open, won or lost"),
        ("pipelines: {main: {stages: [{id: a, max_stay: 3 years}]}}", "expected a length of time such as"),
        ("pipelines: {main: {stages: [{id: a, kind: won, max_stay: 3d}]}}", "expected no limit"),
        (
            "pipelines: {main: {stages: [{id: a, aliases: {b: [X]}}, {id: c, aliases: {b: [X]}}]}}",
            "expected a name that no other stage of main has",
        ),
    ],
)
def test_faults_say_where_and_what(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as fault:
        read_funnel(text)
    assert said in str(fault.value)
    assert str(fault.value).startswith("funnel.yaml, line 1")
