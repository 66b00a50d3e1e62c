"""The rules that the product ships with: they are valid, explained, silent when they should be, and fire."""

import re
from pathlib import Path

import pytest

from streams.alerts.machine import AlertState, Transition, step
from streams.alerts.rules import Rule, load_rules
from streams.directory import Directory

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
MINUTE = 60_000
START = 28_488_120 * MINUTE


@pytest.fixture(scope="module")
def shipped() -> dict[str, Rule]:
    directory = Directory.from_text((DEPLOY / "config" / "directory.yaml").read_text())
    text = (DEPLOY / "config" / "rules.yaml").read_text()
    return {rule.name: rule for rule in load_rules(text, directory)}


def told(rule: Rule, readings: list[tuple[int, float | None, int]]) -> list[Transition]:
    """What is told of readings (minute, value, n) of one group."""
    state: AlertState | None = None
    found = []
    for minute, value, n in readings:
        state, transition = step(rule, state, "g:sales", value, n, START + minute * MINUTE, True, "Sales")
        found += [transition] if transition else []
    return found


def test_each_rule_has_its_heading_in_the_runbook(shipped: dict[str, Rule]) -> None:
    headings = re.findall(r"^## (.+)$", (DEPLOY / "runbook.md").read_text(), re.MULTILINE)
    assert sorted(headings) == sorted(shipped)
    assert all(rule.runbook == f"deploy/runbook.md#{name}" for name, rule in shipped.items())


def test_missed_share_is_silent_on_few_calls_and_on_one_bad_minute(shipped: dict[str, Rule]) -> None:
    rule = shipped["missed-share"]
    assert told(rule, [(minute, 0.9, 9) for minute in range(60)]) == []
    assert told(rule, [(0, 0.5, 20), (4, 0.5, 20), (5, 0.15, 20), (6, 0.5, 20), (10, 0.5, 20)]) == []


def test_missed_share_fires_grows_worse_and_ends(shipped: dict[str, Rule]) -> None:
    readings: list[tuple[int, float | None, int]] = [
        (0, 0.2, 20),
        (5, 0.2, 20),
        (6, 0.35, 20),
        (11, 0.35, 20),
        (20, 0.12, 25),
        (30, 0.10, 30),
    ]
    found = told(shipped["missed-share"], readings)
    assert [(one.change, one.severity, (one.at - START) // MINUTE) for one in found] == [
        ("fired", "warning", 5),
        ("raised", "critical", 11),
        ("lowered", "warning", 20),
        ("resolved", "warning", 30),
    ]
    assert found[0].summary.startswith("Sales: 20 % of 20 calls of the last hour were missed (limit 15 %).")
    assert found[3].summary == "Sales: Missed share: back to 10 %, after 30 min"


def test_a_customer_not_called_back_fires_after_20_minutes_and_again_after_60(
    shipped: dict[str, Rule],
) -> None:
    readings: list[tuple[int, float | None, int]] = [
        (minute, minute * 60.0, 2) for minute in (19, 20, 21, 59, 61)
    ]
    found = told(shipped["missed-not-called-back"], [*readings, (62, None, 0)])
    assert [(one.change, one.severity, (one.at - START) // MINUTE) for one in found] == [
        ("fired", "warning", 21),
        ("raised", "critical", 61),
        ("resolved", "critical", 62),
    ]
    assert found[0].summary.startswith("Sales: nobody has called back a customer missed 21 min ago")
    assert "2 not called yet" in found[0].summary
    assert found[2].summary == "Sales: Oldest missed, not yet called back: none left, after 41 min"
