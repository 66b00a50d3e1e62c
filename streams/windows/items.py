"""What is open for one subject right now: missed customers, callers who wait."""

from collections.abc import Iterable

_SEPARATOR = "|"


class OpenItems:
    """Open items by name and tag, with the moment (ms) since when each is open.

    A tag is `<group>|<what>`: the group says by whose working hours the item ages.
    """

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: dict[str, dict[str, int]] = {}

    def __bool__(self) -> bool:
        return any(self._open.values())

    def open(self, name: str, tag: str, since: int) -> None:
        """Takes an item in, or the other moment of one that is open already."""
        self._open.setdefault(name, {})[tag] = since

    def close(self, name: str, tag: str) -> None:
        """Lets an item go; nothing happens when it is not open."""
        self._open.get(name, {}).pop(tag, None)

    def count(self, name: str) -> int:
        """How many items of a name are open."""
        return len(self._open.get(name, ()))

    def oldest(self, name: str) -> Iterable[tuple[str, int]]:
        """By group: the start of its oldest open item."""
        first: dict[str, int] = {}
        for tag, since in self._open.get(name, {}).items():
            group = tag.split(_SEPARATOR, 1)[0]
            if since < first.get(group, since + 1):
                first[group] = since
        return first.items()
