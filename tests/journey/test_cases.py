"""The hand-worked cases, for the fold and for the recount: neither may misread the rules with the other."""

import random

import pytest

from tests.journey.cases import Case, Json, expected
from tests.journey.cases_deals import CASES as DEALS
from tests.journey.cases_tasks import CASES as TASKS
from tests.journey.cases_wins import CASES as WINS
from tests.journey.cases_work import CASES as WORK
from tests.journey.feeding import PIPELINES, Feed
from tests.random_calls import HOURS, LINES, MANAGERS
from tests.recount import Counted, recount

CASES = [*DEALS, *WINS, *TASKS, *WORK]
_IDS = {"deals": "deal_id", "stage_stays": "event_id", "tasks": "task_id"}

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def like(rows: dict[tuple[str, str], Json], wanted: dict[tuple[str, str], Json]) -> None:
    """The rows are these, in the columns that the case names."""
    assert rows.keys() == wanted.keys()
    found = {key: {name: rows[key].get(name) for name in columns} for key, columns in wanted.items()}
    assert found == wanted


def count(case: Case) -> Counted:
    return recount(case.events, MANAGERS, LINES, HOURS, pipelines=PIPELINES)


@each_case
def test_the_recount_has_what_was_worked_out(case: Case) -> None:
    counted = count(case)
    for name, facts in case.facts.items():
        of = [(*key[2:], value) for key, value in counted.facts.items() if key[1] == name]
        assert (name, sorted(of)) == (name, expected(facts))
    tables = {"deals": counted.deals, "stage_stays": counted.stays, "tasks": counted.tasks}
    for table, wanted in case.rows.items():
        like(tables[table], wanted)


@each_case
@pytest.mark.parametrize("order", ["as it happened", "backwards", "shuffled"])
def test_the_fold_has_what_was_worked_out(case: Case, order: str) -> None:
    log = list(case.events)
    if order == "backwards":
        log.reverse()
    if order == "shuffled":
        log = random.Random(case.name).sample(log, len(log)) + log[:2]
    feed = Feed()
    feed.log(log)
    for name, facts in case.facts.items():
        assert (name, feed.named(name)) == (name, expected(facts))
    for table, wanted in case.rows.items():
        like({(row["source"], row[_IDS[table]]): row for row in feed.table(table)}, wanted)
