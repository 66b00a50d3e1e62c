"""Names of the Kafka topics, and which partition a key belongs to.

Public topics are fixed by the contract. Internal ones carry the epoch in their name, because their
offsets start again at zero whenever they are renewed (see `streams.records.version`); only the one that
says which epoch is in force is of all epochs.
"""

import zlib
from dataclasses import dataclass
from functools import lru_cache

CALLS = "pbx.calls"
STAGES = "crm.stages"
DEAD_LETTERS = "dead-letters"
ALERTS = "alerts"

#: Which epochs a rebuild has put in force; see `streams.epochs`.
EPOCHS = "salespulse.epochs"

#: Consumer groups of the roles, but for those of an epoch that a rebuild made.
WORKER_GROUP = "salespulse"
SINK_GROUP = "salespulse.sink"
CORRECTIONS_GROUP = "salespulse.corrections"

#: Topics that hold canonical events. Their index is stored in every `EventRow`: append, never reorder.
EVENT_TOPICS = (CALLS, STAGES)


@dataclass(frozen=True, slots=True)
class InternalTopics:
    """The internal topics of one epoch; all have the same number of partitions but `config`.

    An epoch that a rebuild made has consumer groups of its own, so that their positions can be made
    while the groups of the epoch before are at work.
    """

    epoch: int = 1
    rebuilt: bool = False

    def group(self, name: str) -> str:
        """The consumer group of a role in this epoch, such as that of `WORKER_GROUP`."""
        return f"{name}.e{self.epoch}" if self.rebuilt else name

    def _name(self, what: str) -> str:
        return f"salespulse.{what}.e{self.epoch}"

    @property
    def epochs(self) -> str:
        """Which epochs were put in force: of all epochs (compacted, one partition)."""
        return EPOCHS

    @property
    def config(self) -> str:
        """Every version of the configuration that events were stamped with (compacted, one partition)."""
        return self._name("config")

    @property
    def identities(self) -> str:
        """Ids of the topics that are read, so that one made anew is noticed (compacted, one partition)."""
        return self._name("identities")

    @property
    def customers(self) -> str:
        """Customer key to phone: the log behind the table `customers` (compacted)."""
        return self._name("customers")

    @property
    def events(self) -> str:
        """Accepted events, regrouped by customer."""
        return self._name("events")

    @property
    def journeys(self) -> str:
        """Ledger of the journeys stage (compacted)."""
        return self._name("journeys")

    @property
    def records(self) -> str:
        """Rows for ClickHouse that journeys derived."""
        return self._name("records")

    @property
    def measurements(self) -> str:
        """Changes of facts, regrouped by subject."""
        return self._name("measurements")

    @property
    def panes(self) -> str:
        """Ledger of the windows stage: minute panes and open items (compacted)."""
        return self._name("panes")

    @property
    def now(self) -> str:
        """Live values of KPI, behind the table `kpi_now`."""
        return self._name("now")

    @property
    def recompute(self) -> str:
        """Requests to recompute panes that the windows stage no longer holds."""
        return self._name("recompute")

    @property
    def history(self) -> str:
        """Requests for the stored history of customers whose state is gone."""
        return self._name("history")


@lru_cache(maxsize=32_768)
def partition_of(key: str, partitions: int) -> int:
    """Partition of a customer key or subject: the same in every process and version."""
    return zlib.crc32(key.encode()) % partitions
