"""Reading configuration text (YAML) so that every fault names file, line, path and what was expected.

Every scalar is text until its reader says what it should be. So `0101` stays an extension instead
of becoming an octal number, `no` a name, and `2027-01-01` becomes a date only where one belongs.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = "tag:yaml.org,2002:null"
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MAX_DEPTH = 30
_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})

Plain = str | list["Plain"] | dict[str, "Plain"] | None


class ConfigError(ValueError):
    """A configuration file says something that cannot be meant; the message says where and what may."""


class Node:
    """A value in a configuration file, together with where it stands."""

    __slots__ = ("_node", "file", "path")

    def __init__(self, file: str, path: str, node: yaml.Node) -> None:
        self.file = file
        self.path = path
        self._node = node

    def fault(self, expected: str) -> ConfigError:
        """The error that this value is not what was expected."""
        line = self._node.start_mark.line + 1
        where = f"{self.file}, line {line}" + (f", {self.path}" if self.path else "")
        return ConfigError(f"{where}: expected {expected}, found {self._shown()}")

    def _shown(self) -> str:
        if isinstance(self._node, yaml.MappingNode):
            return "a mapping"
        if isinstance(self._node, yaml.SequenceNode):
            return "a list"
        if self.is_null:
            return "nothing"
        return repr(self._node.value[:60])

    @property
    def is_null(self) -> bool:
        """Nothing stands here (`key:` alone, or `~`)."""
        return isinstance(self._node, yaml.ScalarNode) and self._node.tag == _NULL

    @property
    def is_text(self) -> bool:
        """One scalar stands here, such as a word or a number."""
        return isinstance(self._node, yaml.ScalarNode) and not self.is_null

    @property
    def is_mapping(self) -> bool:
        """Keys with values stand here."""
        return isinstance(self._node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """A list stands here."""
        return isinstance(self._node, yaml.SequenceNode)

    def mapping(self, known: tuple[str, ...] = ()) -> dict[str, "Node"]:
        """Keys with their values; with `known`, no others are allowed. Nothing is an empty mapping."""
        if self.is_null:
            return {}
        if not isinstance(self._node, yaml.MappingNode):
            raise self.fault("a mapping of keys to values")
        found: dict[str, Node] = {}
        for key_node, value in self._node.value:
            key = Node(self.file, self.path, key_node)
            name = key.text("a key")
            if name in found:
                raise key.fault(f"each key once, but {name!r} stands here twice")
            if known and name not in known:
                raise key.fault("one of " + ", ".join(known))
            found[name] = Node(self.file, f"{self.path}.{name}".lstrip("."), value)
        return found

    def list(self) -> list["Node"]:
        """The items of a list. One value alone is a list of one, nothing an empty one."""
        if self.is_null:
            return []
        if not isinstance(self._node, yaml.SequenceNode):
            return [self]
        items = enumerate(self._node.value)
        return [Node(self.file, f"{self.path}[{index}]", item) for index, item in items]

    def text(self, expected: str = "a text") -> str:
        """The text as written, not empty."""
        if not isinstance(self._node, yaml.ScalarNode) or self.is_null or not self._node.value:
            raise self.fault(expected)
        return str(self._node.value)

    def flag(self) -> bool:
        """True or false."""
        word = self.text("true or false").lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        raise self.fault("true or false")

    def number(self, expected: str, least: int = 0) -> Decimal:
        """A number of at least `least`."""
        try:
            value = Decimal(self.text(expected))
        except InvalidOperation:
            raise self.fault(expected) from None
        if not value.is_finite() or value < least:
            raise self.fault(expected)
        return value

    def whole(self, expected: str, least: int = 0) -> int:
        """A whole number of at least `least`."""
        value = self.number(expected, least)
        if value != int(value):
            raise self.fault(expected)
        return int(value)

    def date(self) -> date:
        """A calendar date."""
        expected = "a date such as 2027-01-31"
        text = self.text(expected)
        try:
            if _DATE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise self.fault(expected)

    def moment(self, zone: ZoneInfo) -> tuple[int, bool]:
        """A moment in ms, and whether a whole day was meant: a date is its local midnight in `zone`."""
        text = self.text("a date such as 2027-01-31 or a time such as 2027-01-31T14:00:00+03:00")
        if _DATE.fullmatch(text):
            day = self.date()
            local = datetime(day.year, day.month, day.day, tzinfo=zone)
            return int(local.timestamp()) * 1000, True
        try:
            parsed = datetime.fromisoformat(text)
        except ValueError:
            parsed = None
        if parsed is None or parsed.tzinfo is None:
            raise self.fault("a date such as 2027-01-31 or a time such as 2027-01-31T14:00:00+03:00")
        return int(parsed.astimezone(UTC).timestamp()) * 1000, False

    def zone(self) -> ZoneInfo:
        """A time zone by its IANA name."""
        expected = "a time zone such as Europe/Moscow"
        try:
            return ZoneInfo(self.text(expected))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise self.fault(expected) from None

    def plain(self, depth: int = 0) -> Plain:
        """The value as texts, lists and mappings, without its places."""
        if depth > _MAX_DEPTH:
            raise self.fault(f"at most {_MAX_DEPTH} levels")
        if self.is_null:
            return None
        if self.is_mapping:
            return {name: node.plain(depth + 1) for name, node in self.mapping().items()}
        if self.is_list:
            return [node.plain(depth + 1) for node in self.list()]
        return self.text() if self._node.value else ""


def read_yaml(file: str, text: str) -> Node:
    """The document in `text`; `file` names it in errors. Raises `ConfigError`."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: is not YAML: {' '.join(str(error).split())}") from None
    if node is None:
        node = yaml.MappingNode("tag:yaml.org,2002:map", [], _mark(), _mark())
    return Node(file, "", node)


def canonical(document: Node) -> str:
    """The content alone: equal for texts that differ in comments, order of keys or layout."""
    return json.dumps(document.plain(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def texts(node: Node) -> Iterator[str]:
    """The texts of a list, or the one text that stands there."""
    for item in node.list():
        yield item.text()


def _mark() -> yaml.Mark:
    return yaml.Mark("", 0, 0, 0, None, 0)
