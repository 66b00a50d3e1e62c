"""A KPI of which an input is not connected has no live value and raises no alert."""

import asyncio
import itertools

import msgspec
import pytest

from streams.agents.alerting import Alerting
from streams.agents.now import LiveValues
from streams.agents.panes import Partition
from streams.agents.subjects import midnights, working_ages
from streams.agents.windows import WindowsStage
from streams.alerts.machine import Transition
from streams.alerts.rules import load_rules
from streams.config import config_of
from streams.directory import Directory
from streams.engine import Output
from streams.records import ItemState, NowRecord
from streams.topics import ALERTS, InternalTopics

HOUR = 3_600_000
NOW = 1_800_000_000_000
#: Waiting leads, far too long: a rule with no patience.
RULES = """
rules:
  - {name: leads-wait, kpi: open_leads, window: now, subjects: groups, above: 0, hours: always}
"""
CENTRE = "groups: {{sales: }}\nsources: {{crm: {{provides: [{}]}}, pbx: {{provides: [inbound, outbound]}}}}"


class Stage(WindowsStage):
    """Holds one partition, and keeps what it should have sent."""

    def __init__(self, directory: Directory) -> None:
        super().__init__(internal=InternalTopics(1), midnight=midnights(directory))
        self.held_here = Partition(midnights(directory))
        self.changed = {"g:sales"}
        self.sent: list[Output] = []

    def all_held(self) -> dict[int, Partition]:
        return {0: self.held_here}

    async def confirm(self) -> bool:
        return True

    async def deliver(self, outputs: list[Output]) -> None:
        self.sent.extend(outputs)


@pytest.fixture(params=["leads", "deals"])
def told(request: pytest.FixtureRequest) -> tuple[str, Stage]:
    """What the CRM provides, and a stage in whose group a lead has waited for an hour."""
    directory = config_of({"directory.yaml": CENTRE.format(request.param)}).directory
    stage = Stage(directory)
    stage.held_here.put_item(("g:sales", "open_lead", "sales|crm/1"), 1, ItemState({}, since=NOW - HOUR))
    values = LiveValues(stage, directory)
    alerting = Alerting(stage, load_rules(RULES, directory), directory, working_ages(directory), 1)
    asyncio.run(values.send(NOW))
    for now in itertools.accumulate([NOW, 1_000, 1_000]):
        asyncio.run(alerting.judge(now))
    return request.param, stage


def test_nothing_is_said_of_what_nobody_reports(told: tuple[str, Stage]) -> None:
    provided, stage = told
    records = [
        msgspec.msgpack.decode(o.value or b"", type=NowRecord) for o in stage.sent if o.topic != ALERTS
    ]
    found = {(row.kpi, row.window): (row.value, row.n) for record in records for row in record.rows}
    alerts = [msgspec.json.decode(o.value or b"", type=Transition) for o in stage.sent if o.topic == ALERTS]
    waits = (found["open_leads", "now"], found["open_leads_oldest_s", "now"])
    if provided == "leads":
        assert waits == ((1.0, 1), (3_600.0, 1))
        assert [(a.rule, a.subject, a.state, a.value) for a in alerts] == [
            ("leads-wait", "sales", "firing", 1.0)
        ]
    else:
        assert waits == ((None, 0), (None, 0))
        assert alerts == []
    # Not one open deal is known to be none where the CRM tells of deals, and only there.
    assert found["open_deals", "now"] == ((0.0, 0) if provided == "deals" else (None, 0))
