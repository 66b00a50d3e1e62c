"""First stage: raw records of the public topics -> accepted events by customer, or dead letters."""

import msgspec

from streams.agents.bundles import Bundles
from streams.config import Config
from streams.engine import Batch, Output, Record, Stage
from streams.intake import Accepted, DeadLetter, Intake
from streams.journey import partitions_of
from streams.records import CustomerRow, EventRow, EventsRecord, pack
from streams.topics import DEAD_LETTERS, EVENT_TOPICS, InternalTopics, partition_of

_DEAD_LETTER = msgspec.json.Encoder()

#: Weight of an events record: about a row, heavier for large ones, so that no record nears Kafka's limit.
_RECORD_WEIGHT = 2000
_BYTES_PER_WEIGHT = 500

#: Customers remembered as already announced; forgetting one only repeats an idempotent record.
_KNOWN_CUSTOMERS = 200_000
#: After so much time of the log, ms, a customer is announced again: the phone may have been removed
#: (`salespulse forget`), and a later contact is to bring it back. The events of one call come within it.
_ANNOUNCED_FOR = 600_000


class IntakeStage(Stage):
    """Validates, resolves names, replaces phones by keys and regroups by customer.

    Stateless: what it sends depends on the raw record and the configuration alone. A crash makes it
    send again; journeys recognise that by the raw origin.
    """

    name = "intake"
    topics = EVENT_TOPICS
    ledger = None
    interval = 0.01
    may_have_holes = True
    in_order = True

    def __init__(
        self,
        *,
        intake: Intake,
        config: Config,
        internal: InternalTopics,
        partitions: int,
    ) -> None:
        self._intake = intake
        self._config = config.version
        self._internal = internal
        self._spread = partitions
        self.epoch = internal.epoch
        self.accepted = 0
        self.refused = 0
        super().__init__()

    def clear(self) -> None:
        # Also the customers: what was collected for another generation may never have been sent.
        self._known: dict[str, int] = {}
        self._begin()

    def _begin(self) -> None:
        self._events: Bundles[EventRow] = Bundles(_RECORD_WEIGHT)
        self._letters: list[DeadLetter] = []
        self._customers: dict[str, CustomerRow] = {}
        self._announced: dict[str, int] = {}

    def fold(self, record: Record) -> int:
        result = self._intake.read(
            record.topic, record.partition, record.offset, record.timestamp, record.value
        )
        if isinstance(result, Accepted):
            self._accept(result, len(record.value or b""))
        else:
            self._letters.append(result)
            self.refused += 1
        return 1

    def _accept(self, accepted: Accepted, size: int) -> None:
        row = accepted.row
        for partition in partitions_of(row.event, self._spread):
            self._events.add(partition, [row], 1 + size // _BYTES_PER_WEIGHT)
        self.accepted += 1
        for customer in (accepted.customer, *accepted.linked):
            if customer is not None and not self._is_known(customer.customer, row.logged_at):
                self._customers[customer.customer] = customer
                self._announced[customer.customer] = row.logged_at

    def _is_known(self, customer: str, at: int) -> bool:
        since = self._known.get(customer)
        return since is not None and at - since < _ANNOUNCED_FOR

    def collect(self) -> Batch:
        first = [self._customer(row) for row in self._customers.values()]
        first += [self._letter(letter) for letter in self._letters]
        events = self._events.waves(self._internal.events, self._encode)
        self._remember(self._announced)
        self._begin()
        waves = events or [[]]
        return Batch([first + waves[0], *waves[1:]], {})

    def _encode(self, rows: list[EventRow]) -> bytes:
        return pack(EventsRecord(self._config, rows))

    def _customer(self, row: CustomerRow) -> Output:
        partition = partition_of(row.customer, self._spread)
        return Output(self._internal.customers, partition, row.customer.encode(), pack(row))

    @staticmethod
    def _letter(letter: DeadLetter) -> Output:
        return Output(DEAD_LETTERS, None, letter.origin.encode(), _DEAD_LETTER.encode(letter))

    def _remember(self, customers: dict[str, int]) -> None:
        if len(self._known) + len(customers) > _KNOWN_CUSTOMERS:
            self._known.clear()
        self._known.update(customers)
