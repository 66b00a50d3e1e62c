"""Chunks lost on the way, holes in offsets, logs that are not what they were."""

import json
import signal
import time
from itertools import accumulate

import pytest

from streams.engine.turns import TOGETHER_MS
from tests.engine.feed import Feed, Raw, make_feed
from tests.engine.trial import Trial
from tests.engine.workers import Worker
from tests.waiting import eventually


def test_lost_chunks_are_read_again(trial: Trial) -> None:
    feed = make_feed(6000, seed=11)
    worker = trial.worker(loses=0.1, stall_seconds=1.0)
    eventually(worker.ready)  # out of a backlog there are too few chunks to lose many
    trial.feeding(feed, rate=1500).join()
    trial.drained()
    assert sum(worker.most(stage, "gaps") for stage in ("intake", "journeys", "windows")) > 5
    judged = trial.judge(feed)
    assert judged.exact, judged


def test_a_backlog_is_folded_in_the_order_in_which_it_was_written(trial: Trial) -> None:
    """A broker hands it out by partition, some thousand records of one and then of the next."""
    feed = make_feed(6000, seed=17)
    first = round(time.time() * 1000) - 3_600_000
    trial.send(feed.records, times=[first + 50 * number for number in range(len(feed.records))])
    trial.worker(in_order=True)
    trial.drained()
    for rows in trial.folded_by_intake().values():
        written = [at for _, _, at in rows]
        newest = list(accumulate(written, max))
        back = [before - at for at, before in zip(written, newest, strict=True)]
        assert max(back) <= 2 * TOGETHER_MS, f"{max(back)} ms back"
        assert len(rows) > 500
    judged = trial.judge(feed)
    assert judged.exact, judged


def test_a_lost_chunk_with_nothing_behind_it_is_read_again(trial: Trial) -> None:
    events = make_feed(500, seed=12).events
    missed = next(each for each in events if each["kind"] == "call.missed" and each["dir"] == "in")
    feed = Feed([missed], [Raw("calls", b"k", json.dumps(missed).encode())], malformed=0)
    worker = trial.worker(loses_first_of=trial.topic("meas"), stall_seconds=1.0)
    trial.send(feed.records)
    trial.drained()
    assert worker.most("windows", "stalls") > 0
    judged = trial.judge(feed)
    assert judged.exact, judged


def test_transactional_producers_leave_holes_and_what_they_take_back_is_no_event(trial: Trial) -> None:
    feed = make_feed(1200, seed=13)
    trial.worker(loses=0.1, stall_seconds=1.0)
    trial.send_in_transactions(feed.records, size=60)
    trial.drained(markers=1)
    judged = trial.judge(feed)
    assert judged.exact, judged


@pytest.mark.parametrize("assignments", [1, 1000])
def test_who_divided_out_partitions_before_knowing_them_is_not_left_without_any(
    trial: Trial, assignments: int
) -> None:
    """Once, or until it is killed: under its name it would get again what it had, which is nothing."""
    feed = make_feed(600, seed=18)
    worker = trial.worker(knows_no_topics=assignments)
    eventually(lambda: "tells of no partitions" in worker.errors, 30)
    if assignments > 1:
        worker.kill()
    trial.send(feed.records)
    trial.drained()
    judged = trial.judge(feed)
    assert judged.exact, judged


def refuses(worker: Worker, text: str) -> None:
    eventually(lambda: 70 in worker.exits and text in worker.errors, 20, what=text)


def test_records_deleted_before_they_were_read_stop_the_worker(trial: Trial) -> None:
    feed = make_feed(600, seed=14)
    trial.send(feed.records)
    worker = trial.worker()
    trial.drained()
    worker.end()
    trial.send(feed.records)
    trial.delete_records("calls")
    refuses(trial.worker("again"), "were deleted before they were read")


def test_records_deleted_under_a_running_worker_stop_it(trial: Trial) -> None:
    feed = make_feed(600, seed=15)
    trial.send(feed.records)
    worker = trial.worker()
    trial.drained()
    worker.send_signal(signal.SIGSTOP)
    trial.send(feed.records)
    trial.delete_records("calls")
    trial.send(feed.records)
    worker.send_signal(signal.SIGCONT)
    refuses(worker, "were deleted before they were read")


def test_a_topic_made_anew_stops_the_worker(trial: Trial) -> None:
    feed = make_feed(600, seed=16)
    trial.send(feed.records)
    worker = trial.worker()
    trial.drained()
    worker.end()
    trial.delete("calls")
    trial.create("calls")
    trial.send(feed.records)
    refuses(trial.worker("again"), "was deleted and made anew")


def test_a_topic_made_anew_under_a_running_worker_stops_it(trial: Trial) -> None:
    feed = make_feed(600, seed=17)
    trial.send(feed.records)
    worker = trial.worker()
    trial.drained()
    trial.delete("calls")
    trial.create("calls")
    trial.send(feed.records)
    refuses(worker, "made anew")
