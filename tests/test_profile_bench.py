"""The profile bench puts stacks where they belong, by names that there are."""

from pathlib import Path

import pytest

from bench.profile_shares import WORKS, shares

ROOT = Path(__file__).parents[1]
MARKS = sorted({mark for works in WORKS.values() for _, marks in works for mark in marks})


def test_a_stack_is_of_the_first_work_of_which_it_bears_a_mark() -> None:
    lines = [
        "run (streams/app.py:1);_run_once (asyncio/base_events.py:9);fold 4",
        "_run_once (asyncio/base_events.py:9);JourneysStage.fold (streams/agents/journeys.py:3) 3",
        "_run_once (asyncio/base_events.py:9);send (aiokafka/producer/sender.py:3);x (aiokafka/conn.py:4) 2",
        "bootstrap (threading.py:1) 1",
    ]
    assert shares(lines, "worker") == {
        "the event loop": 0.4,
        "folding: journeys": 0.3,
        "writing to Kafka": 0.2,
        "all else": 0.1,
    }


@pytest.mark.parametrize("mark", [mark for mark in MARKS if mark.startswith("streams/")])
def test_files_of_the_marks_are_there(mark: str) -> None:
    assert (ROOT / mark).exists()


@pytest.mark.parametrize("mark", [mark for mark in MARKS if "/" not in mark])
def test_methods_of_the_marks_are_there(mark: str) -> None:
    owner, method = mark.split(".")
    text = next(
        text
        for path in (ROOT / "streams" / "agents").glob("*.py")
        if f"class {owner}" in (text := path.read_text("utf-8"))
    )
    assert f"def {method}(" in text
