"""What the steps of a rebuild have in common."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from streams.config import Config
from streams.rebuild.resolving import Restamp
from streams.settings import Settings
from streams.sinks.connection import connect
from streams.topics import CORRECTIONS_GROUP, SINK_GROUP, WORKER_GROUP, InternalTopics

#: Tells a person a line.
Say = Callable[[str], None]

#: The consumer groups of an epoch.
GROUPS = (WORKER_GROUP, SINK_GROUP, CORRECTIONS_GROUP)
#: How often parts are looked at while they are waited for, and how often a person is told, s.
LOOK_S = 0.2
TOLD_EVERY_S = 5.0
#: Of a rebuild that was killed: its parts leave their groups when their sessions end, s.
LEFTOVERS_S = 60.0
_LONG_STATEMENT_S = 24 * 3600


class RebuildRefused(Exception):
    """It cannot be done as things are; nothing has been changed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A rebuild to be done."""

    settings: Settings
    present: InternalTopics
    next: InternalTopics
    config: Config
    restamp: Restamp


@contextmanager
def client_of(settings: Settings) -> Iterator[Client]:
    """A client of ClickHouse, whose statements may take long."""
    client = connect(settings.clickhouse, _LONG_STATEMENT_S)
    try:
        yield client
    finally:
        client.close()
