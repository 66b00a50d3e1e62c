"""Whatever ends or disturbs a worker, the result is that of a recount."""

import random
import signal
import time

import pytest

from tests.engine.feed import make_feed
from tests.engine.trial import Trial
from tests.waiting import eventually

POINTS = ("between-outputs", "after-outputs", "between-state", "after-state", "before-done")


def assert_exact(trial: Trial, feed: object) -> None:
    judged = trial.judge(feed)  # type: ignore[arg-type]
    assert judged.exact, judged


def test_a_restart_with_a_backlog_and_a_filled_ledger_loses_nothing(trial: Trial) -> None:
    feed = make_feed(16_000, seed=1)
    first = 4000
    trial.send(feed.records[:first])
    worker = trial.worker(max_events=500)
    trial.drained()
    worker.send_signal(signal.SIGSTOP)
    trial.send(feed.records[first:])
    assert trial.lag()["calls"] + trial.lag()["crm"] >= 10_000
    worker.kill()
    for _ in range(3):
        eventually(worker.ready)
        worker.kill()
    trial.drained()
    assert worker.most("windows", "loaded_records") > 0
    assert_exact(trial, feed)


def test_kill_9_at_random_moments(trial: Trial) -> None:
    feed, chance = make_feed(9000, seed=2), random.Random()
    fed = trial.feeding(feed, rate=700)
    worker, kills = trial.worker(), 0
    while fed.is_alive():
        fed.join(chance.uniform(1.8, 3.5))
        worker.kill()
        kills += 1
    trial.drained()
    assert kills >= 3
    assert_exact(trial, feed)


def test_exits_between_each_pair_of_steps(trial: Trial) -> None:
    feed = make_feed(10_000, seed=3)
    plan = [("journeys", point, 1) for point in POINTS]
    plan += [("intake", "after-outputs", 1), ("windows", "between-state", 2), ("commit", "mid-commit", 1)]
    portion = len(feed.records) // (len(plan) + 1)
    worker = trial.worker(exits=plan, max_events=400)
    for number, step in enumerate(plan):
        trial.send(feed.records[number * portion : (number + 1) * portion])
        eventually(lambda number=number: worker.exits.count(9) > number, 30, what=f"exit at {step}")  # type: ignore[misc]
    trial.send(feed.records[len(plan) * portion :])
    trial.drained()
    assert worker.exits == [9] * len(plan)
    assert_exact(trial, feed)


def test_a_worker_frozen_past_its_session_and_thawed(trial: Trial) -> None:
    feed = make_feed(14_000, seed=4)
    fed = trial.feeding(feed, rate=800)
    frozen = trial.worker("w0", static=False, confirms=True, session_timeout=4.0)
    other = trial.worker("w1", static=False, session_timeout=4.0)
    eventually(lambda: frozen.ready() and other.ready())

    def settled() -> int:
        """The generation of both, once the one to be frozen had a commit of it confirmed."""
        generation = int(other.told[-1]["generation"])
        confirmed = any(a["confirmed"] and a["of"] == generation for a in frozen.answers)
        return generation if confirmed and frozen.told[-1]["generation"] == generation else 0

    before = eventually(settled)
    frozen.send_signal(signal.SIGSTOP)
    eventually(lambda: other.told[-1]["generation"] > before and other.ready(), 25)
    held = other.told[-1]["windows"]["records"]
    eventually(lambda: other.told[-1]["windows"]["records"] > held)
    thawed = time.time()
    frozen.send_signal(signal.SIGCONT)
    fed.join()
    trial.drained()
    assert_exact(trial, feed)
    assert frozen.exits == [], frozen.errors[-2000:]
    late = [a["confirmed"] for a in frozen.answers if a["at"] > thawed and a["of"] == before]
    assert not any(late), "a worker that was replaced still got a commit acknowledged"
    assert any(a["confirmed"] for a in frozen.answers if a["of"] > before), "and never again after it"


def test_workers_joining_and_leaving(trial: Trial) -> None:
    feed = make_feed(12_000, seed=5)
    fed = trial.feeding(feed, rate=900)
    workers = [trial.worker("w0", static=False)]
    for number in (1, 2):
        eventually(workers[-1].ready)
        workers.append(trial.worker(f"w{number}", static=False))
        eventually(workers[-1].ready)
        workers[-2].end()
        assert workers[-2].exits == [0]
    fed.join()
    trial.drained()
    assert_exact(trial, feed)
    assert sum(worker.most("windows", "kept") for worker in workers) > 0, "no partition was kept"


# The first checkpoints after a start may hold an event or two of which nothing follows.
@pytest.mark.parametrize(
    ("law", "plan"),
    [
        ("outputs before state", [("journeys", "after-state", 3), ("intake", "after-state", 3)]),
        ("state before commit", [("journeys", "after-commit", 3), ("windows", "after-commit", 3)]),
        ("high-water mark", [("journeys", "after-outputs", 3), ("journeys", "after-outputs", 3)]),
    ],
)
def test_with_a_law_broken_on_purpose_the_same_check_fails(
    trial: Trial, law: str, plan: list[tuple[str, str, int]]
) -> None:
    feed = make_feed(4000, seed=6)
    worker = trial.worker(breaks=law, exits=plan, max_events=400)
    for number, part in enumerate((feed.records[:2000], feed.records[2000:])):
        trial.send(part)
        eventually(lambda number=number: worker.exits.count(9) > number, 30, what="exit")  # type: ignore[misc]
    trial.drained()
    judged = trial.judge(feed)
    assert not judged.exact
    assert judged.wrong_panes > 0
