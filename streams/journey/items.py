"""Missed items: one per customer while he waits to be called back.

An item opens with the first missed call that is not recovered at its very end, short abandons too,
or when the customer asks to be called back; it takes in what he misses while it is open. It ends by
recovery, by `item.closed` naming one of its calls, or given up: when the last of so many failed
attempts has ended, or after so many working days. Meanings: contract, section 3.
"""

import msgspec

from streams.journey import kinds
from streams.journey.calls import CallSummary
from streams.journey.places import Directories, Directory
from streams.journey.recovery import Timeline
from streams.journey.state import Note

#: Who asks again so soon has pressed the button twice.
SAME_REQUEST_MS = 15 * 60_000


class MissedItem(msgspec.Struct, gc=False):
    """A customer's wait to be called back, over [since, until]."""

    opener: CallSummary  #: the missed call that opened it; names it
    since: int
    deadline: int  #: when it is given up if nothing happens
    due_at: int  #: when the callback is due
    until: int  #: when it ended; its deadline while it is open
    reach_by: int = 0  #: closing time of the next working day: then he is reached or lost
    reached: bool = False  #: by a conversation, by then
    lost: bool = False  #: reached by nobody by then
    ended: str = ""  #: `in`, `out`, `other`, `closed`, `given_up`; empty while only time can end it
    misses: list[CallSummary] = []
    attempts: list[CallSummary] = []
    first_try_at: int | None = None  #: first outbound call or other contact
    first_try_ms: int | None = None  #: the same in working time, or until it is given up
    taken_by: str = ""
    expired: bool = False  #: something of the customer happened at its deadline or later

    @property
    def is_open(self) -> bool:
        """Whether it waits, as far as the customer's events tell."""
        return not self.ended and not self.expired

    @property
    def state(self) -> str:
        """As the list of open items shows it."""
        return "taken" if self.taken_by else "attempted" if self.attempts else "new"


def missed_items(
    timeline: Timeline, notes: list[Note], last_at: int, directories: Directories
) -> list[MissedItem]:
    """The items of a customer whose last event was at `last_at`, in order of time."""
    items: list[MissedItem] = []
    asked = -SAME_REQUEST_MS - 1
    for call in timeline.missed:
        at = call.ended_at or 0
        if call.requested:
            if at - asked <= SAME_REQUEST_MS:
                continue
            asked = at
        if items and at < items[-1].until:
            item = items[-1]
        else:
            item = _opened(call, timeline, directories(call.config))
            if item.until <= at:
                continue
            items.append(item)
        item.misses.append(call)
        _close(item, call, notes)
    for item in items:
        _try(item, timeline, notes, directories(item.opener.config))
        item.expired = item.deadline <= last_at
    return items


def _opened(call: CallSummary, timeline: Timeline, directory: Directory) -> MissedItem:
    """The item that a missed call opens, ended by recovery or by attempts as the case may be."""
    at = call.ended_at or 0
    settings = directory.group_settings(call.group)
    calendar = directory.calendar(call.group)
    deadline = calendar.after_working_days(at, settings.give_up_days)
    due_at = calendar.after(at, settings.callback_within_ms)
    item = MissedItem(call, at, deadline, due_at, deadline, misses=[])
    recovery = timeline.recovery(at)
    item.reach_by = calendar.after_working_days(at, 1)
    item.lost = recovery is None or recovery[1] > item.reach_by
    item.reached = recovery is not None and not item.lost and recovery[0] != "other"
    if recovery is not None and recovery[1] <= deadline:
        item.ended, item.until = recovery
    failed = sorted(
        dial.ended_at
        for dial in timeline.dials_between(at, item.until)
        if dial.ended_at is not None and not dial.conversation
    )
    if 0 < settings.give_up_attempts <= len(failed):
        given_up = max(at, failed[settings.give_up_attempts - 1])
        if given_up < item.until:
            item.ended, item.until = "given_up", given_up
    return item


def _close(item: MissedItem, call: CallSummary, notes: list[Note]) -> None:
    """End the item by who closed it under the name of this call."""
    for note in notes:
        if note.kind != kinds.ITEM_CLOSED or note.item_id != call.entity:
            continue
        if (call.ended_at or 0) <= note.at < item.until:
            item.ended, item.until = "closed", note.at
            return


def _try(item: MissedItem, timeline: Timeline, notes: list[Note], directory: Directory) -> None:
    """Attempts to reach the customer while the item was open, and who took it."""
    # The very call that reached him may have been answered the moment it began.
    recovered = item.ended in ("in", "out", "other")
    item.attempts = timeline.dials_between(item.since, item.until - (not recovered))
    tries = [item.attempts[0].started_at] if item.attempts else []
    if item.ended == "other":
        tries.append(item.until)
    item.first_try_at = min((at for at in tries if at is not None), default=None)
    clock_stops = item.first_try_at
    if clock_stops is None and item.ended in ("", "given_up"):
        clock_stops = item.deadline
    if clock_stops is not None:
        calendar = directory.calendar(item.opener.group)
        item.first_try_ms = calendar.working_ms(item.since, clock_stops)
    names = {miss.entity for miss in item.misses}
    for note in notes:
        taken = note.kind == kinds.ITEM_TAKEN and note.item_id in names
        if taken and item.since <= note.at <= item.until:
            item.taken_by = note.manager
