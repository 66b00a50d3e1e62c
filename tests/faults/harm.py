"""What is done to the parts of a product while it works."""

import threading
import time

from tests.faults.kept import Kept
from tests.faults.product import Product
from tests.waiting import eventually

#: What the log of a worker says when the group gives it partitions.
_ASSIGNED = "Setting newly assigned partitions"

#: A part that is told to end does so within this (contract, `salespulse up`), s.
_LONGEST_END = 15


def rest(seconds: float) -> None:
    """Lets the load go on as it is for so long."""
    threading.Event().wait(seconds)


def kill(product: Product, part: str) -> None:
    """kill -9 of a part, which is started again at once: `broker`, `clickhouse`, or a role by its name."""
    if part == "broker":
        product.brokers.kill()
        product.brokers.start()
    elif part == "clickhouse":
        product.clickhouse.kill()
        product.clickhouse.start()
    else:
        next(role for role in product.roles if role.name == part).kill()
    product.tell(f"killed {part}")


def take_clickhouse_away(product: Product, seconds: float) -> None:
    """kill -9, and a start so much later."""
    product.clickhouse.kill()
    rest(seconds)
    product.clickhouse.start()
    product.tell(f"ClickHouse killed, and started {seconds:g} s later")


def freeze_past_its_session(product: Product, frozen: Kept, other: Kept, session: float) -> None:
    """SIGSTOP until the other worker has all partitions and works on them, then SIGCONT."""
    began = time.monotonic()
    before = other.log.count(_ASSIGNED)
    frozen.freeze()
    rest(2 * session)
    eventually(lambda: other.log.count(_ASSIGNED) > before, 30, what=f"{other.name} takes over")
    frozen.thaw()
    product.tell(f"{frozen.name} frozen for {time.monotonic() - began:.1f} s, then thawed")


def end_timed(product: Product, role: Kept) -> None:
    """Tells a role to end, which it has to do soon and by itself, once it is there to be told."""
    role.wait_ready(120)
    began = time.monotonic()
    code = product.end(role)
    took = time.monotonic() - began
    product.tell(f"{role.name} told to end: exit {code} after {took:.1f} s")
    assert code == 0
    assert took < _LONGEST_END
