"""The steps of forgetting, in an order in which nothing that is on its way brings the phone back."""

from dataclasses import dataclass
from datetime import datetime

from streams.customers import CustomerKeys, mask
from streams.epochs import in_force
from streams.forget.raw import Held, delete, held, tell_customers
from streams.forget.stored import Removed, keys_of, last_contact, remove
from streams.forget.wanted import Wanted
from streams.settings import Settings
from streams.sinks.connection import connect
from streams.sinks.reconcile import Reading, wait_until_read
from streams.topics import DEAD_LETTERS, EVENT_TOPICS, SINK_GROUP, WORKER_GROUP


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was done; all empty when the phone stood nowhere."""

    shown: str  #: the phone, masked
    removed: Removed
    raw: list[Held]  #: raw records that held it
    deleted: bool  #: whether these were deleted
    last_contact: datetime | None  #: when the customer's last event came
    other_keys: int  #: keys that another secret made of the phone

    @property
    def known(self) -> bool:
        """Whether the phone stood anywhere."""
        removed = self.removed
        return bool(
            removed.customers or removed.dead_letters or removed.other_events or removed.left or self.raw
        )


def forget(settings: Settings, phone: str, *, raw: bool, within_s: float) -> Forgotten:
    """Removes an E.164 phone; `raw` also deletes raw records, with those of others that lie before them.

    Raises NotStored when worker or sink have not come as far as the topics were `within_s` seconds after
    the start, RawFault, SettingsError, and clickhouse-connect's errors.
    """
    wanted = Wanted(phone, CustomerKeys(settings.customer_secret()).key(phone))
    internal = in_force(settings)
    # What intake has not read yet would make the row again.
    wait_until_read(settings.kafka, [Reading(internal.group(WORKER_GROUP), EVENT_TOPICS)], within_s)
    client = connect(settings.clickhouse)
    try:
        keys = keys_of(client, wanted)
        contact = last_contact(client, keys)
        places = held(settings.kafka, wanted)
        tell_customers(settings.kafka, keys)
        # What the sink has not stored yet would be stored after the removal.
        stored = Reading(internal.group(SINK_GROUP), (internal.customers, DEAD_LETTERS))
        wait_until_read(settings.kafka, [stored], within_s)
        removed = remove(client, wanted, keys)
    finally:
        client.close()
    if raw and places:
        delete(settings.kafka, places)
    return Forgotten(mask(phone), removed, places, raw and bool(places), contact, len(keys) - 1)
