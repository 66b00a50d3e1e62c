"""What the windows stage keeps of one measurements partition: panes, open items, rolling windows."""

from collections.abc import Callable, Collection
from itertools import chain
from sys import intern

import msgspec

from streams.agents.watermarks import PANE_PATIENCE, Heard, slowest
from streams.records import ItemState, PaneState, pack
from streams.windows.items import OpenItems
from streams.windows.rolling import SubjectWindows

PaneKey = tuple[str, int]
ItemKey = tuple[str, str, str]

_ITEM_KEY: msgspec.msgpack.Decoder[ItemKey] = msgspec.msgpack.Decoder(ItemKey)

MINUTE = 60_000

#: Panes are held for this much event time (ms); what is older is recomputed in ClickHouse. A day of
#: 25 hours and an hour for what comes late.
HORIZON = 26 * 3_600_000

#: The horizon moves in steps, so that panes are not looked through at every record.
STEP = 3_600_000


class Meta(msgspec.Struct, array_like=True):
    """What is known of the whole partition, on the ledger under the key `@`."""

    reached: dict[str, int] = {}  #: events partition -> event time up to which it has come, ms
    watermark: int = 0  #: event time up to which all of them have come, ms
    heard: Heard = msgspec.field(default_factory=Heard)  #: of events partitions


class KeptItem(msgspec.Struct, gc=False):
    """An item's version and `ItemState`, in a third of the memory: each customer of a day has some."""

    version: int
    since: int
    closed: int
    until: int
    seen: tuple[int, ...]  #: partitions and their offsets by turns

    @classmethod
    def of(cls, version: int, state: ItemState) -> "KeptItem":
        """What is kept of a state."""
        seen = tuple(chain.from_iterable(state.seen.items()))
        return cls(version, state.since, state.closed, state.until, seen)

    @property
    def state(self) -> ItemState:
        """The state again."""
        seen = dict(zip(self.seen[::2], self.seen[1::2], strict=True))
        return ItemState(seen, self.since, self.closed, self.until)


class Partition:
    """Panes and items by subject. The panes themselves are held by each subject's windows.

    Names of subjects and measurements are one string for all keys (`intern`).
    """

    def __init__(self, midnight: Callable[[str], Callable[[int], int]]) -> None:
        self.meta = Meta()
        self.meta_version = -1
        #: (subject, minute) -> version of the pane that is held
        self.panes: dict[tuple[str, int], int] = {}
        #: by subject, name, tag
        self.items: dict[ItemKey, KeptItem] = {}
        self._open: dict[str, OpenItems] = {}
        self.windows: dict[str, SubjectWindows] = {}
        self._midnight = midnight

    @property
    def horizon(self) -> int:
        """First minute that is still held."""
        return ((self.meta.watermark - HORIZON) // STEP * STEP) // MINUTE

    def rolling(self, subject: str) -> SubjectWindows:
        """The rolling windows of a subject."""
        windows = self.windows.get(subject)
        if windows is None:
            windows = self.windows[subject] = SubjectWindows(self._midnight(subject))
        return windows

    def open(self, subject: str) -> OpenItems:
        """What is open for a subject."""
        items = self._open.get(subject)
        if items is None:
            items = self._open[subject] = OpenItems()
        return items

    def put_item(self, key: ItemKey, version: int, state: ItemState) -> None:
        """Takes an item's state, of which it is open unless it was closed."""
        subject, name, tag = intern(key[0]), intern(key[1]), key[2]
        self.items[subject, name, tag] = KeptItem.of(version, state)
        if state.closed:
            self.open(subject).close(name, tag)
        else:
            self.open(subject).open(name, tag, state.since, state.until)

    def subjects(self) -> list[str]:
        """Everybody of whom something is held."""
        return list(self.windows | self._open)

    def pane(self, subject: str, minute: int) -> PaneState:
        """A pane that is held."""
        pane = self.windows[subject].pane(minute)
        assert pane is not None
        return pane

    def advance(
        self, reached: dict[int, int], written: int, unwritten: Collection[PaneKey]
    ) -> tuple[list[PaneKey], list[ItemKey]]:
        """Moves the watermark on, given how far a record written then (ms) says that partitions have come.

        Returns what is let go by that. Panes that are still to be written stay: `let_go_of_panes` is to
        be called once they are.
        """
        before = self.horizon
        meta = self.meta
        for partition, at in reached.items():
            meta.reached[str(partition)] = max(at, meta.reached.get(str(partition), 0))
        meta.heard.note(map(str, reached), written)
        meta.watermark = max(meta.watermark, slowest(meta.reached, PANE_PATIENCE, meta.heard))
        if self.horizon == before:
            return [], []
        panes = self.let_go_of_panes(unwritten)
        closed_before = self.meta.watermark - HORIZON
        items = [
            key
            for key, kept in self.items.items()
            if 0 < kept.closed < closed_before or 0 < kept.until < closed_before
        ]
        for item in items:
            del self.items[item]
            self.open(item[0]).close(item[1], item[2])
        return panes, items

    def let_go_of_panes(self, unwritten: Collection[PaneKey] = ()) -> list[PaneKey]:
        """Drops panes from before the horizon, but those that are still to be written; which these were."""
        horizon = self.horizon
        old = [key for key in self.panes if key[1] < horizon and key not in unwritten]
        for key in old:
            del self.panes[key]
        kept: dict[str, set[int]] = {}
        for subject, minute in unwritten:
            if minute < horizon:
                kept.setdefault(subject, set()).add(minute)
        for subject, windows in self.windows.items():
            windows.forget(horizon, kept.get(subject, ()))
        return old

    def note(self, subject: str, minute: int, version: int) -> None:
        """Notes of which version a pane is."""
        self.panes[intern(subject), minute] = version

    def load(self, subject: str, minute: int, version: int, pane: PaneState) -> None:
        """Takes a pane of the ledger."""
        self.note(subject, minute, version)
        self.rolling(subject).load(minute, pane)


def pane_key(key: PaneKey) -> bytes:
    """Key of a pane on the ledger."""
    return f"{key[0]}|{key[1]}".encode()


def item_key(key: ItemKey) -> bytes:
    """Key of an open item (subject, name, tag) on the ledger; starts with `!`, which no pane's key does."""
    return b"!" + pack(key)


def parse_item_key(key: bytes) -> ItemKey:
    """Subject, name and tag of an item's key."""
    return _ITEM_KEY.decode(key[1:])
