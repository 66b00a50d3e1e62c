"""Kafka is asked again while a group's broker has not settled, and no longer."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.rebuild.patience import patiently


class Broker:
    """Answers with these errors, one after the other, then with 7."""

    def __init__(self, *codes: int) -> None:
        self._left = list(codes)
        self.asked = 0

    def answer(self) -> int:
        self.asked += 1
        if self._left:
            raise KafkaException(KafkaError(self._left.pop(0)))
        return 7


def test_asked_again_until_the_coordinator_answers() -> None:
    broker = Broker(KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_LOAD_IN_PROGRESS)
    assert patiently(broker.answer, again_s=0) == 7
    assert broker.asked == 3


def test_any_other_error_is_told_at_once() -> None:
    broker = Broker(KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(KafkaException) as told:
        patiently(broker.answer, again_s=0)
    assert told.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert broker.asked == 1


def test_an_error_that_lasts_is_told_in_the_end() -> None:
    broker = Broker(*[KafkaError.NOT_COORDINATOR] * 1000)
    with pytest.raises(KafkaException) as told:
        patiently(broker.answer, within_s=0.05, again_s=0.01)
    assert told.value.args[0].code() == KafkaError.NOT_COORDINATOR
    assert 1 < broker.asked < 1000
