"""Rolling sums of one subject's panes, kept up to date with every change and every minute.

Window W at time t is the running minute and the W-1 before it; `today` starts at local midnight of
the subject's time zone. A pane ahead of now (deadlines are dated ahead) joins when its minute comes.
"""

from collections.abc import Callable, Collection

import msgspec

from streams.records import PaneState
from streams.windows import pane as panes
from streams.windows.totals import Totals

_MINUTE_MS = 60_000
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(PaneState)

#: Length in minutes of the windows that slide.
SLIDING: dict[str, int] = {"5m": 5, "15m": 15, "30m": 30, "1h": 60}
TODAY = "today"
#: Minutes: what is older has left all windows that slide.
_COOLS_AFTER = max(SLIDING.values())
#: All rolling windows, shortest first.
WINDOWS: tuple[str, ...] = (*SLIDING, TODAY)


class _Window:
    """The sum of the panes from minute `first` to `last`, both included."""

    __slots__ = ("first", "last", "sum", "totals")

    def __init__(self) -> None:
        self.first = 0
        self.last = -1
        self.sum = PaneState()
        self.totals = Totals(self.sum)

    def move(self, held: "_Held", first: int, last: int) -> set[str]:
        """Let the window be `first` to `last`, which never goes back; the measurements that changed.

        Where nothing of the former window stays, or it starts earlier (another time zone), the sum
        is made anew.
        """
        changed: set[str] = set()
        if first > self.last or first < self.first:
            changed.update(panes.names(self.sum))
            panes.clear(self.sum)
            entering = _among(held, first, last)
        else:
            for minute in _among(held, self.first, first - 1):
                changed.update(self.merge(held.look(minute), -1))
            entering = _among(held, self.last + 1, last)
        for minute in entering:
            changed.update(self.merge(held.look(minute), 1))
        self.first, self.last = first, last
        return changed

    def merge(self, pane: PaneState, sign: int) -> list[str]:
        """Add a pane to the sum, or with `sign` -1 take it out; the measurements that it counts."""
        panes.merge(self.sum, pane, sign)
        return panes.names(pane)


class _Held:
    """Panes by minute. What no sliding window needs any more is kept as bytes, a tenth of the memory."""

    __slots__ = ("_cold", "_warm")

    def __init__(self) -> None:
        self._warm: dict[int, PaneState] = {}
        self._cold: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._warm) + len(self._cold)

    def __contains__(self, minute: int) -> bool:
        return minute in self._warm or minute in self._cold

    def minutes(self) -> list[int]:
        """All that are held."""
        return [*self._warm, *self._cold]

    def get(self, minute: int) -> PaneState | None:
        """A pane to be changed, if there is one."""
        pane = self._warm.get(minute)
        if pane is None and minute in self._cold:
            pane = self._warm[minute] = _DECODER.decode(self._cold.pop(minute))
        return pane

    def look(self, minute: int) -> PaneState:
        """A pane to be read; one that is kept as bytes stays so."""
        pane = self._warm.get(minute)
        return _DECODER.decode(self._cold[minute]) if pane is None else pane

    def put(self, minute: int, pane: PaneState) -> None:
        """Holds a pane in place of what was there."""
        self._cold.pop(minute, None)
        self._warm[minute] = pane

    def drop(self, minute: int) -> None:
        """Lets a pane go."""
        self._warm.pop(minute, None)
        self._cold.pop(minute, None)

    def cool(self, before: int) -> None:
        """Keeps panes before a minute as bytes."""
        for minute in [minute for minute in self._warm if minute < before]:
            self._cold[minute] = _ENCODER.encode(self._warm.pop(minute))


def _among(held: _Held, first: int, last: int) -> list[int]:
    """The held minutes from `first` to `last`, looked up the cheaper way."""
    if last - first < len(held):
        return [minute for minute in range(first, last + 1) if minute in held]
    return [minute for minute in held.minutes() if first <= minute <= last]


class SubjectWindows:
    """The panes of one subject and their rolling sums.

    `zone_midnight(now_ms)` gives the start, in ms, of the local day that `now_ms` lies in. The
    panes belong to this object from `load` on; read them with `pane`. A change goes to its pane at
    once, and to the windows when somebody asks for them: many changes of a minute then cost little
    more than one.
    """

    __slots__ = ("_first", "_held", "_now", "_pending", "_windows", "changed", "zone_midnight")

    def __init__(self, zone_midnight: Callable[[int], int]) -> None:
        self.zone_midnight = zone_midnight
        #: window -> measurements of it that changed since the owner last cleared this; None at first,
        #: when nothing of it has been looked at yet
        self.changed: dict[str, set[str]] | None = None
        self._held = _Held()
        #: minute -> what its pane has and the windows have not
        self._pending: dict[int, PaneState] = {}
        self._windows = {name: _Window() for name in WINDOWS}
        self._now = -1
        self._first = 0  #: first minute of the longest window

    def change(self, minute: int, name: str, old: int | None, new: int | None, tag: str = "") -> PaneState:
        """Replace a fact's value in its pane and in every window that holds the pane; the pane."""
        held = self._held.get(minute)
        if held is None:
            held = PaneState()
            self._held.put(minute, held)
        panes.apply(held, name, old, new, tag)
        if self._first <= minute <= self._now:
            pending = self._pending.get(minute)
            if pending is None:
                pending = self._pending[minute] = PaneState()
            panes.apply(pending, name, old, new, tag)
        return held

    def advance(self, now_ms: int) -> None:
        """Let the windows end in the minute of `now_ms`; a clock that goes back changes nothing."""
        now = now_ms // _MINUTE_MS
        if now < self._now:
            return
        midnight = self.zone_midnight(now_ms) // _MINUTE_MS
        if now == self._now and midnight == self._windows[TODAY].first:
            return
        self._settle()
        self._now = now
        for name, length in SLIDING.items():
            self._move(name, now - length + 1)
        self._move(TODAY, midnight)
        self._first = min(window.first for window in self._windows.values())
        self._held.cool(now - _COOLS_AFTER)

    def _move(self, name: str, first: int) -> None:
        self._note(name, self._windows[name].move(self._held, first, self._now))

    def totals(self, window: str) -> Totals:
        """The window's sum as it stands: ask again after a change. KeyError for an unknown window."""
        self._settle()
        return self._windows[window].totals

    def take_changed(self) -> dict[str, set[str]] | None:
        """Measurements by window that changed since the last time; None: all of them may have."""
        self._settle()
        changed, self.changed = self.changed, {}
        return changed

    def pane(self, minute: int) -> PaneState | None:
        """The pane of a minute, if there is one."""
        return self._held.get(minute)

    def load(self, minute: int, pane: PaneState) -> None:
        """Take a stored pane, in place of the one held."""
        self._drop(minute)
        self._held.put(minute, pane)
        self._merge_into_windows(minute, pane, 1)

    def forget(self, before_minute: int, but: Collection[int] = ()) -> None:
        """Let go all panes before a minute, but those of some minutes."""
        for minute in [minute for minute in self._held.minutes() if minute < before_minute]:
            if minute not in but:
                self._drop(minute)

    def _drop(self, minute: int) -> None:
        self._settle()
        if minute not in self._held:
            return
        if any(window.first <= minute <= window.last for window in self._windows.values()):
            self._merge_into_windows(minute, self._held.look(minute), -1)
        self._held.drop(minute)

    def _settle(self) -> None:
        """Bring the windows up to the panes."""
        if not self._pending:
            return
        pending, self._pending = self._pending, {}
        for minute, delta in pending.items():
            self._merge_into_windows(minute, delta, 1)

    def _merge_into_windows(self, minute: int, pane: PaneState, sign: int) -> None:
        for name, window in self._windows.items():
            if window.first <= minute <= window.last:
                self._note(name, window.merge(pane, sign))

    def _note(self, window: str, changed: Collection[str]) -> None:
        if changed and self.changed is not None:
            self.changed.setdefault(window, set()).update(changed)
