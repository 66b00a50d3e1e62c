"""Real parts for tests, started once a session, each in a folder of its own on a free port."""

from collections.abc import Iterator

import pytest

from streams.local.broker import Broker

pytest_plugins = ["tests.fixtures_clickhouse", "tests.fixtures_topics"]


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap servers of a real broker, which all tests of the session share."""
    broker = Broker(tmp_path_factory.mktemp("kafka"))
    broker.start()
    yield broker.bootstrap
    broker.kill()
