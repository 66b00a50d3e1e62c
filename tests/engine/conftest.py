from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.trial import Trial


@pytest.fixture
def trial(kafka: str, tmp_path: Path) -> Iterator[Trial]:
    trial = Trial(kafka, tmp_path)
    try:
        yield trial
    finally:
        trial.end()
