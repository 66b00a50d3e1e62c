"""What folding events gives: differences of facts and rows, and what other journeys are to know."""

import msgspec

from streams.journey.rows import RowChange
from streams.records import EventRow, FactChange, Span, Tell


class Forward(msgspec.Struct, frozen=True, gc=False):
    """An event that concerns another journey too; see `linking`."""

    key: str
    config: str
    row: EventRow
    rank: int = 0  #: of who takes over, at least; see `records.ranked`


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What a manager's journey of a day finds of a call's missed offers to him."""

    customer: str
    source: str
    call_id: str
    manager: str
    day: int
    rings: list[Span]  #: those that rang while he was on another call or paused


class Changes(msgspec.Struct):
    """What a batch of events changed.

    `facts` holds what was taken back before what was added, so that an item that only moved (its
    start, its group) is closed before it is opened again. `rows` holds a row of `measurements` for
    each of them besides the rows of the other tables.
    """

    facts: list[FactChange] = []
    rows: list[RowChange] = []
    forwards: list[Forward] = []
    #: for journeys of managers, and what those find; who sends them says of which version they are
    tells: list[Tell] = []
    verdicts: list[Verdict] = []
