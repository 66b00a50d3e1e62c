"""What folding events gives: differences of facts and rows, and events for other journeys."""

import msgspec

from streams.journey.rows import RowChange
from streams.records import EventRow, FactChange


class Forward(msgspec.Struct, frozen=True, gc=False):
    """An event that concerns another journey too; see `linking`."""

    key: str
    config: str
    row: EventRow
    rank: int = 0  #: of who takes over, at least; see `records.ranked`


class Changes(msgspec.Struct):
    """What a batch of events changed.

    `facts` holds what was taken back before what was added, so that an item that only moved (its
    start, its group) is closed before it is opened again. `rows` holds a row of `measurements` for
    each of them besides the rows of the other tables.
    """

    facts: list[FactChange] = []
    rows: list[RowChange] = []
    forwards: list[Forward] = []
