"""CPU per event of the journey fold, and the size of its state.

Run: `.venv/bin/python -m bench.journey_fold`. Customers have a few calls each, as most do, and managers
60 calls a day; each event is folded by itself, the worst case (a batch derives a call once).
"""

import time
from collections.abc import Callable

from streams.directory import Directory
from streams.journey import Journey, apply, take_tells
from streams.records import Event, EventRow, Tell, pack

_DIRECTORY = """
groups:
  sales: {name: Sales, time_zone: Europe/Moscow, hours: {mon-fri: "09:00-21:00"}}
managers:
"""
_CUSTOMERS = 500
#: Customers whom the same two managers serve, one after another.
_SHARED = 15
_DIRECTORY += "".join(
    f"  m{one}-{pair}: {{name: m{one}-{pair}, group: sales}}\n"
    for pair in range(_CUSTOMERS // _SHARED + 1)
    for one in (1, 2)
)
_START = 1_790_000_000_000
_Step = tuple[str, int, str, dict[str, str]]

_ANSWERED: list[_Step] = [
    ("call.started", 0, "", {"direction": "in", "line": "+74951230001"}),
    ("call.queued", 2_000, "", {}),
    ("call.offered", 2_500, "m1", {}),
    ("call.offer_ended", 17_500, "m1", {"reason": "no_answer"}),
    ("call.offered", 18_000, "m2", {}),
    ("call.answered", 24_000, "m2", {}),
    ("call.ended", 190_000, "", {"reason": "hangup", "ended_by": "customer"}),
]
_MISSED: list[_Step] = [*_ANSWERED[:4], ("call.ended", 30_000, "", {"reason": "hangup"})]
_DIAL: list[_Step] = [
    ("call.started", 0, "m1", {"direction": "out"}),
    ("call.answered", 9_000, "m1", {}),
    ("call.ended", 99_000, "", {"reason": "hangup"}),
]


def rows_of(customers: int) -> list[EventRow]:
    """Each customer calls, is missed, is called back, and calls again."""
    rows: list[EventRow] = []
    for customer in range(customers):
        for number, steps in enumerate([_ANSWERED, _MISSED, _DIAL, _ANSWERED]):
            call_id = f"k{customer}-{number}"
            for step, (kind, after, manager, data) in enumerate(steps):
                at = _START + (customer % _SHARED * 4 + number) * 600_000 + after
                group = "sales" if kind == "call.queued" else ""
                event = Event(
                    "pbx",
                    f"{call_id}-{step}",
                    kind,
                    at,
                    f"c{customer:031x}",
                    f"{manager}-{customer // _SHARED}" if manager else "",
                    group,
                    {"call_id": call_id, **data},
                )
                rows.append(EventRow(0, 0, len(rows), at, event))
    return rows


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of a piece of work, the best of three."""
    best = float("inf")
    for _ in range(3):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best


def main() -> None:
    """Measure and print."""
    directory = Directory.from_text(_DIRECTORY)
    rows = rows_of(_CUSTOMERS)
    journeys: dict[str, Journey] = {}
    told: list[Tell] = []

    def fold() -> None:
        journeys.clear()
        told.clear()
        for row in rows:
            customer = row.event.customer
            journey = journeys.get(customer)
            if journey is None:
                journey = journeys[customer] = Journey.new(customer)
            told.extend(apply(journey, [row], "v1", lambda _: directory).tells)

    days: dict[str, Journey] = {}

    def judge() -> None:
        days.clear()
        for tell in told:
            day = days.get(tell.key)
            if day is None:
                day = days[tell.key] = Journey.new(tell.key)
            take_tells(day, [tell])

    seconds = timed(fold)
    print(f"apply:  {seconds / len(rows) * 1e6:6.1f} µs per event ({len(rows)} events, one at a time)")
    again = timed(judge)
    print(
        f"tell:   {again / len(rows) * 1e6:6.1f} µs per event, what managers are told of it "
        f"({len(told)} of {len(rows)})"
    )
    each = list(journeys.values())
    seconds = timed(lambda: [pack(journey.encode()) for journey in each])
    size = sum(len(pack(journey.encode())) for journey in each) / len(each)
    print(f"encode: {seconds / len(each) * 1e6:6.1f} µs per customer of 4 calls, {size:.0f} bytes")


if __name__ == "__main__":
    main()
