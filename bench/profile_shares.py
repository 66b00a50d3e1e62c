"""Which work of a role a stack of Python frames, as py-spy notes them, belongs to."""

from collections.abc import Iterable

#: Work and the marks of it, by role. A stack is of the first work of which any frame bears a mark.
WORKS: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "worker": [
        ("live values", ("LiveValues.send",)),
        ("alert rules", ("Alerting.judge",)),
        ("folding: intake", ("IntakeStage.fold",)),
        ("folding: journeys", ("JourneysStage.fold",)),
        ("folding: windows", ("WindowsStage.fold",)),
        ("encoding checkpoints: intake", ("IntakeStage.collect",)),
        ("encoding checkpoints: journeys", ("JourneysStage.collect",)),
        ("encoding checkpoints: windows", ("WindowsStage.collect",)),
        ("writing to Kafka", ("aiokafka/producer/", "streams/engine/delivery.py")),
        ("reading from Kafka", ("aiokafka/consumer/", "streams/engine/transport.py", "faust/transport/")),
        ("connections to Kafka", ("aiokafka/",)),
        ("Faust's streams and services", ("faust/", "mode/threads.py", "mode/utils/")),
        ("the event loop", ("asyncio/",)),
    ],
    "sink": [
        ("keeping days", ("streams/sinks/day_keeper.py", "streams/sinks/days.py")),
        ("corrections", ("streams/corrections/",)),
        ("decoding", ("streams/sinks/decoding.py", "streams/sinks/generated.py")),
        ("inserting", ("streams/sinks/clickhouse.py", "clickhouse_connect/")),
        ("reading from Kafka", ("streams/sinks/feed.py", "aiokafka/consumer/")),
        ("connections to Kafka", ("aiokafka/",)),
        ("the event loop", ("asyncio/",)),
    ],
}
OTHER = "all else"


def shares(lines: Iterable[str], role: str) -> dict[str, float]:
    """Share of each work among stacks, the greatest first.

    `lines`: py-spy's format `raw`, of which a line is `outermost (file:line);...;innermost (file:line) count`.
    """
    counts: dict[str, int] = {}
    for line in lines:
        stack, _, count = line.rpartition(" ")
        work = _work(stack, role)
        counts[work] = counts.get(work, 0) + int(count)
    total = sum(counts.values())
    return {work: counts[work] / total for work in sorted(counts, key=lambda work: -counts[work])}


def _work(stack: str, role: str) -> str:
    for work, marks in WORKS[role]:
        if any(mark in stack for mark in marks):
            return work
    return OTHER
