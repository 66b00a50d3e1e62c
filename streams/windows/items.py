"""What is open now for one subject: missed customers, waiting callers, with their ages.

The tag of an item is `<group>|<whom or what>`; the group's calendar tells its working age.
"""

from collections.abc import Iterator

_NEVER = 1 << 62


class OpenItems:
    """Open items of one subject, by name and group. Follows the facts of kind `item`."""

    __slots__ = ("_begun", "_ends", "_next_end", "_oldest", "_open")

    def __init__(self) -> None:
        #: name -> group -> tag -> since
        self._open: dict[str, dict[str, dict[str, int]]] = {}
        #: (name, group) -> least `since`, where it is known
        self._oldest: dict[tuple[str, str], int] = {}
        #: items that end by themselves, and a moment before which none does
        self._ends: dict[tuple[str, str], int] = {}
        self._next_end = _NEVER
        #: name -> how many had begun, from and up to which moment that holds; see `begun`
        self._begun: dict[str, tuple[int, int, int]] = {}

    def change(self, name: str, tag: str, since: int, old: int | None, new: int | None) -> bool:
        """Replace an item's fact; None where it was or is no fact. Whether anything changed.

        An item that is taken back is only closed if it is open since that very moment: when an item
        moves in time, its new fact may come before the old one is taken back.
        """
        if new is not None:
            return self.open(name, tag, since)
        return old is not None and self.close(name, tag, since)

    def open(self, name: str, tag: str, since: int, until: int = 0) -> bool:
        """Open an item, or set since when it is open; whether that changed anything.

        `until`: when it ends if nothing happens before (ms); 0 if never.
        """
        if until:
            self._ends[name, tag] = until
            self._next_end = min(self._next_end, until)
        group = group_of(tag)
        tags = self._open.setdefault(name, {}).setdefault(group, {})
        before = tags.get(tag)
        if before == since:
            return False
        tags[tag] = since
        self._begun.pop(name, None)
        oldest = self._oldest.get((name, group))
        if before is not None and before == oldest:
            del self._oldest[name, group]
        elif len(tags) == 1 or (oldest is not None and since < oldest):
            self._oldest[name, group] = since
        return True

    def close(self, name: str, tag: str, since: int | None = None) -> bool:
        """Close an item; with `since`, only one that is open since then. Whether it was open."""
        group = group_of(tag)
        tags = self._open.get(name, {}).get(group, {})
        before = tags.get(tag)
        if before is None or (since is not None and since != before):
            return False
        del tags[tag]
        self._begun.pop(name, None)
        self._ends.pop((name, tag), None)
        if self._oldest.get((name, group)) == before:
            del self._oldest[name, group]
        if not tags:
            self._prune(name, group)
        return True

    def expire(self, now: int) -> bool:
        """Close what has ended by itself at `now` (ms). Whether anything did."""
        if now < self._next_end:
            return False
        over = [item for item, until in self._ends.items() if until <= now]
        for name, tag in over:
            self.close(name, tag)
        self._next_end = min(self._ends.values(), default=_NEVER)
        return bool(over)

    def _prune(self, name: str, group: str) -> None:
        del self._open[name][group]
        if not self._open[name]:
            del self._open[name]

    def since(self, name: str, tag: str) -> int | None:
        """Since when an item is open, if it is."""
        return self._open.get(name, {}).get(group_of(tag), {}).get(tag)

    def count(self, name: str) -> int:
        """How many items of a name are open."""
        return sum(len(tags) for tags in self._open.get(name, {}).values())

    def begun(self, name: str, now: int) -> int:
        """How many of them have begun at `now` (ms): some are known before their time."""
        count, first, last = self._begun.get(name, (0, 0, -1))
        if not first <= now < last:
            starts = [since for tags in self._open.get(name, {}).values() for since in tags.values()]
            count = sum(since <= now for since in starts)
            first = max((since for since in starts if since <= now), default=0)
            last = min((since for since in starts if since > now), default=_NEVER)
            self._begun[name] = (count, first, last)
        return count

    def oldest(self, name: str) -> Iterator[tuple[str, int]]:
        """By group: since when its oldest item is open."""
        for group, tags in self._open.get(name, {}).items():
            since = self._oldest.get((name, group))
            if since is None:
                since = self._oldest[name, group] = min(tags.values())
            yield group, since

    def __bool__(self) -> bool:
        """Whether anything is open."""
        return bool(self._open)


def group_of(tag: str) -> str:
    """The group that a tag names."""
    return tag.partition("|")[0]
