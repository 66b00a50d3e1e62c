"""Writes an import's records into Kafka, fast, and knows in the end that all of them are there."""

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.topics import DEAD_LETTERS, EVENT_TOPICS

_ANSWER_S = 10.0
_DELIVERY_S = 60.0
#: Whether Kafka refuses records is looked at after so many.
_LOOK_EVERY = 200


class ImportStopped(Exception):
    """Kafka did not take everything; the import may simply be run again."""


class KafkaWriter:
    """An idempotent producer. `put` hands over; only `finish` knows that Kafka has everything."""

    def __init__(self, brokers: str) -> None:
        """Raises `ImportStopped` when Kafka is away or the topics are not there."""
        self._brokers = brokers
        self._fault = ""
        self._producer = Producer(
            {
                "bootstrap.servers": brokers,
                "client.id": "salespulse-import",
                "enable.idempotence": True,
                "compression.type": "lz4",
                "linger.ms": 20,
                "message.timeout.ms": int(_DELIVERY_S * 1000),
                "delivery.report.only.error": True,
                "log_level": 0,
            }
        )
        self._put = 0
        self._check_topics()

    def _check_topics(self) -> None:
        try:
            there = self._producer.list_topics(timeout=_ANSWER_S).topics
        except KafkaException as fault:
            raise ImportStopped(f"Kafka at {self._brokers}: {fault.args[0].str()}") from None
        missing = [topic for topic in (*EVENT_TOPICS, DEAD_LETTERS) if topic not in there]
        if missing:
            raise ImportStopped(f"topics missing: {', '.join(missing)}; run `salespulse topics` first")

    def put(self, topic: str, key: bytes | None, value: bytes) -> None:
        """Hands a record over; waits while too many are on their way. Raises `ImportStopped`."""
        while True:
            try:
                self._producer.produce(topic, value, key, on_delivery=self._delivered)
                break
            except BufferError:
                self._producer.poll(0.1)
                self._check()
        self._put += 1
        if self._put % _LOOK_EVERY == 0:
            self._producer.poll(0)
            self._check()

    def finish(self) -> None:
        """Returns when Kafka has every record. Raises `ImportStopped`."""
        left = self._producer.flush(_DELIVERY_S)
        self._check()
        if left:
            self._fault = f"{left} records were not acknowledged"
            self._check()

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._fault = error.str()

    def _check(self) -> None:
        if self._fault:
            raise ImportStopped(
                f"Kafka at {self._brokers}: {self._fault}. Run the same import again once it is back: what"
                " is there already is not counted twice"
            )
