"""What the product made of the log, against what the log says."""

from collections import Counter

from tests.e2e.feeding import customer_key
from tests.e2e.stored import differences, rows
from tests.faults.alerts import alert_differences
from tests.faults.days import day_differences
from tests.faults.feed import Feed
from tests.faults.log import Log, read_log
from tests.faults.product import Product
from tests.journey.feeding import PIPELINES
from tests.random_calls import HOURS, LINES, MANAGERS
from tests.recount import Counted, recount
from tests.waiting import eventually

#: Tables that are judged, and how to count their rows.
TABLES = (
    "calls", "leads", "stage_stays", "deals", "tasks", "measurements", "kpi_minutes", "dead_letters",
    "alerts",
)  # fmt: skip


def count(log: Log) -> Counted:
    """The recount of a log."""
    return recount(log.events, MANAGERS, LINES, HOURS, names={}, key=customer_key, pipelines=PIPELINES)


def wrong(product: Product, log: Log, counted: Counted) -> list[str]:
    """Where the eight tables are not what the log says, in words."""
    return [
        *differences(product, counted),
        *_letters(product, log),
        *day_differences(product, counted),
        *alert_differences(product, counted),
    ]


def _letters(product: Product, log: Log) -> list[str]:
    stored = {row["origin"]: row["reason"] for row in rows(product, "SELECT * FROM sales.dead_letters")}
    return [
        f"dead letter {origin}: stored {stored.get(origin)}, log {log.bad.get(origin)}"
        for origin in sorted(stored.keys() | log.bad.keys())
        if stored.get(origin) != log.bad.get(origin)
    ]


def assert_exact(product: Product, feed: Feed, within: float = 180, log: Log | None = None) -> Log:
    """Waits until all is through, then compares every table with a recount of the log.

    `log`: what was read, where the topics do not hold it any more.
    """
    product.wait_drained(within)
    log = log or read_log(product.kafka, feed)
    lost = feed.sent - log.payloads
    assert not lost, f"{sum(lost.values())} acknowledged records are not in the log"
    assert not log.foreign, log.foreign[:5]
    counted = count(log)
    tell_counts(product, log, counted)
    last: list[list[str]] = []

    def none() -> bool:
        # Days and alerts follow by a timer.
        last.append(wrong(product, log, counted))
        return not last[-1]

    try:
        eventually(none, max(120, within), 1.0)
    except AssertionError:
        found = last[-1]
        raise AssertionError(f"{len(found)} differences\n" + "\n".join(found[:15])) from None
    code, said = product.command("reconcile")
    assert code == 0, said
    product.tell("every table equals the recount; " + said.strip().splitlines()[-1])
    return log


def tell_counts(product: Product, log: Log, counted: Counted) -> None:
    """Prints how much was compared."""
    stored = [
        f"{table} {product.query(f'SELECT count() FROM sales_rows.{table} FINAL')[0][0]}" for table in TABLES
    ]
    again = sum(log.payloads.values()) - len(log.payloads)
    product.tell(
        f"log: {len(log.events)} events ({again} repeated), {len(log.bad)} bad; recount: "
        f"{len(counted.calls)} calls, {len(counted.leads)} leads, {len(counted.stays)} stays, "
        f"{len(counted.facts)} facts, {len(counted.minutes())} counters of minutes"
    )
    product.tell("stored: " + ", ".join(stored))
    for role in product.roles:
        ends = ", ".join(f"{code} ×{n}" for code, n in sorted(Counter(role.exits).items()))
        product.tell(f"{role.name}: {role.lives} lives; exits: {ends or 'none'}")
