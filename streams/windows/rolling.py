"""Rolling sums of one subject's panes, kept up to date with every change and every minute.

Window W at time t is the running minute and the W-1 before it; `today` starts at local midnight of
the subject's time zone. A pane ahead of now (deadlines are dated ahead) joins when its minute comes.
"""

from collections.abc import Callable

from streams.records import PaneState
from streams.windows import pane as panes
from streams.windows.totals import Totals

_MINUTE_MS = 60_000

#: Length in minutes of the windows that slide.
SLIDING: dict[str, int] = {"5m": 5, "15m": 15, "30m": 30, "1h": 60}
TODAY = "today"
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

    def move(self, held: dict[int, PaneState], first: int, last: int) -> bool:
        """Let the window be `first` to `last`, which never goes back; whether the sum changed.

        Where nothing of the former window stays, or it starts earlier (another time zone), the sum
        is made anew.
        """
        changed = False
        if first > self.last or first < self.first:
            changed = not panes.is_empty(self.sum)
            panes.clear(self.sum)
            entering = _among(held, first, last)
        else:
            for minute in _among(held, self.first, first - 1):
                panes.merge(self.sum, held[minute], -1)
                changed = True
            entering = _among(held, self.last + 1, last)
        for minute in entering:
            panes.merge(self.sum, held[minute])
            changed = True
        self.first, self.last = first, last
        return changed


def _among(held: dict[int, PaneState], first: int, last: int) -> list[int]:
    """The held minutes from `first` to `last`, looked up the cheaper way."""
    if last - first < len(held):
        return [minute for minute in range(first, last + 1) if minute in held]
    return [minute for minute in held if first <= minute <= last]


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
        self._held: dict[int, PaneState] = {}
        #: minute -> what its pane has and the windows have not
        self._pending: dict[int, PaneState] = {}
        self._windows = {name: _Window() for name in WINDOWS}
        self._now = -1
        self._first = 0  #: first minute of the longest window

    def change(self, minute: int, name: str, old: int | None, new: int | None, tag: str = "") -> None:
        """Replace a fact's value in its pane and in every window that holds the pane."""
        held = self._held.get(minute)
        if held is None:
            held = self._held[minute] = PaneState()
        panes.apply(held, name, old, new, tag)
        if self._first <= minute <= self._now:
            pending = self._pending.get(minute)
            if pending is None:
                pending = self._pending[minute] = PaneState()
            panes.apply(pending, name, old, new, tag)

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

    def _move(self, name: str, first: int) -> None:
        if self._windows[name].move(self._held, first, self._now):
            self.changed = None

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
        self._held[minute] = pane
        self._merge_into_windows(minute, pane, 1)

    def forget(self, before_minute: int) -> None:
        """Let go all panes before a minute."""
        for minute in [minute for minute in self._held if minute < before_minute]:
            self._drop(minute)

    def _drop(self, minute: int) -> None:
        self._settle()
        pane = self._held.pop(minute, None)
        if pane is not None:
            self._merge_into_windows(minute, pane, -1)

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
                panes.merge(window.sum, pane, sign)
                if self.changed is not None:
                    self.changed.setdefault(name, set()).update(panes.names(pane))
