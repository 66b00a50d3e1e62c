"""Reads `directory.yaml`; every fault names line, path and what was expected."""

import hashlib
import re
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from streams.calendars import Calendar, last_day, read_hours
from streams.config_text import Node, canonical, read_yaml, texts
from streams.customers import is_phone
from streams.directory_entries import (
    Content,
    Duty,
    Group,
    GroupSettings,
    Line,
    Manager,
    Names,
    Period,
    Source,
)
from streams.kpis.declarations import KPIS
from streams.kpis.levels import VARIANTS
from streams.windows.seconds import LONGEST

FILE = "directory.yaml"

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_TOP = ("time_zone", "settings", "groups", "managers", "lines", "sources")
_GROUP = ("name", "time_zone", "hours", "holidays", "aliases", "settings", "leads", "oncall")
_MANAGER = (
    "name",
    "group",
    "groups",
    "aliases",
    "phones",
    "contact",
    "time_zone",
    "active",
)
_SECONDS = (
    "conversation_min",
    "answer_within",
    "short_abandon",
    "offer_min_ring",
    "callback_within",
)
#: Of these, limits of the service level: waits are kept in whole seconds.
_LIMITS = ("answer_within", "short_abandon")
_COUNTS = ("give_up_attempts", "give_up_days")
_RESERVED = "unassigned"

_Borne = dict[tuple[str, str], list[tuple[Period, str, Node]]]


def read_directory(text: str, version: str = "") -> Content:
    """What the directory in `text` says. Raises `ConfigError`."""
    document = read_yaml(FILE, text)
    top = document.mapping(_TOP)
    zone = top["time_zone"].zone() if "time_zone" in top else ZoneInfo("UTC")
    settings = _read_settings(top.get("settings"), GroupSettings())
    reader = _Reader(zone, settings)
    groups = {id: reader.group(id, node) for id, node in _entries(top.get("groups"))}
    reader.groups = groups
    managers = {id: reader.manager(id, node) for id, node in _entries(top.get("managers"))}
    lines = dict(reader.line(pair) for pair in _named(top.get("lines")))
    reader.check_people(top.get("groups"), managers)
    return Content(
        version=version or hashlib.sha256(canonical(document).encode()).hexdigest()[:12],
        zone=zone,
        settings=settings,
        groups=groups,
        managers=managers,
        lines=lines,
        sources={id: _read_source(id, node) for id, node in _named(top.get("sources"))},
        names=reader.names(),
    )


class _Reader:
    """Reads the entries and collects the names under which they are known."""

    def __init__(self, zone: ZoneInfo, settings: GroupSettings) -> None:
        self.zone = zone
        self.settings = settings
        self.groups: dict[str, Group] = {}
        self.manager_aliases: _Borne = {}
        self.group_aliases: _Borne = {}
        self.line_aliases: _Borne = {}
        self.phones: _Borne = {}

    def names(self) -> Names:
        """What was collected, after a check that each name is borne by one at a time."""
        return Names(
            managers=_settled(self.manager_aliases, "manager"),
            groups=_settled(self.group_aliases, "group"),
            lines=_settled(self.line_aliases, "line"),
            phones={key[1]: borne for key, borne in _settled(self.phones, "manager").items()},
        )

    def group(self, id: str, node: Node) -> Group:
        fields = node.mapping(_GROUP)
        zone = fields["time_zone"].zone() if "time_zone" in fields else ZoneInfo("UTC")
        hours = read_hours(fields["hours"]) if "hours" in fields else None
        holidays = fields["holidays"].list() if "holidays" in fields else []
        calendar = Calendar(zone, hours, frozenset(holiday.date() for holiday in holidays))
        self._aliases(fields.get("aliases"), id, self.group_aliases)
        return Group(
            id,
            fields["name"].text("a name") if "name" in fields else id,
            calendar,
            _read_settings(fields.get("settings"), self.settings),
            tuple(texts(fields["leads"])) if "leads" in fields else (),
            tuple(_read_duty(duty) for duty in _items(fields.get("oncall"))),
        )

    def manager(self, id: str, node: Node) -> Manager:
        fields = node.mapping(_MANAGER)
        if "group" in fields and "groups" in fields:
            raise node.fault("either group or groups")
        groups = self._memberships(fields.get("group") or fields.get("groups"))
        current = self.groups[groups[-1][1]].calendar.zone if groups else self.zone
        zone = fields["time_zone"].zone() if "time_zone" in fields else current
        self._aliases(fields.get("aliases"), id, self.manager_aliases)
        phones = []
        for phone in _items(fields.get("phones")):
            number, period = self._dated(phone)
            if not is_phone(number):
                raise phone.fault("a phone such as +74951234567")
            self.phones.setdefault(("", number), []).append((period, id, phone))
            phones.append(number)
        contact = fields["contact"].mapping() if "contact" in fields else {}
        return Manager(
            id,
            fields["name"].text("a name") if "name" in fields else id,
            groups,
            zone.key,
            fields["active"].flag() if "active" in fields else True,
            tuple(phones),
            {way: address.text("an address") for way, address in contact.items()},
        )

    def line(self, pair: tuple[str, Node]) -> tuple[str, Line]:
        id, node = pair
        if node.is_text:
            return id, Line(id, id, self._known_group(node))
        fields = node.mapping(("name", "group", "aliases"))
        self._aliases(fields.get("aliases"), id, self.line_aliases)
        name = fields["name"].text("a name") if "name" in fields else id
        return id, Line(id, name, self._known_group(fields["group"]) if "group" in fields else "")

    def check_people(self, node: Node | None, managers: dict[str, Manager]) -> None:
        """Leads and people on call must be listed managers."""
        for _, group in _named(node):
            fields = group.mapping()
            people = fields["leads"].list() if "leads" in fields else []
            people += [duty.mapping()["who"] for duty in _items(fields.get("oncall"))]
            for person in people:
                if person.text() not in managers:
                    raise person.fault("the id of a listed manager")

    def _memberships(self, node: Node | None) -> tuple[tuple[int | None, str], ...]:
        found: list[tuple[int | None, str]] = []
        for item in _items(node):
            if item.is_text:
                found.append((None, self._known_group(item)))
                continue
            fields = item.mapping(("group", "from"))
            if "group" not in fields:
                raise item.fault("a group, as in {group: sales, from: 2027-01-10}")
            start = fields["from"].moment(self.zone)[0] if "from" in fields else None
            found.append((start, self._known_group(fields["group"])))
        found.sort(key=lambda each: (each[0] is not None, each[0] or 0))
        starts = [start for start, _ in found]
        if node is not None and len(set(starts)) < len(starts):
            raise node.fault("each group with its own `from` (one may be without)")
        return tuple(found)

    def _known_group(self, node: Node) -> str:
        group = node.text("the id of a group")
        if group not in self.groups:
            raise node.fault("one of the groups " + (", ".join(self.groups) or "(none is listed)"))
        return group

    def _aliases(self, node: Node | None, bearer: str, into: _Borne) -> None:
        for source, names in _named(node):
            for item in names.list():
                name, period = self._dated(item)
                into.setdefault((source, name), []).append((period, bearer, item))

    def _dated(self, node: Node) -> tuple[str, Period]:
        """A name, perhaps with `from` and `to`. A date in `to` is the last day that counts."""
        if node.is_text:
            return node.text(), Period()
        fields = node.mapping(("id", "from", "to"))
        if "id" not in fields:
            raise node.fault("a name, or {id: SIP/101, from: 2027-01-10, to: 2027-03-31}")
        start = fields["from"].moment(self.zone)[0] if "from" in fields else None
        end = last_day(fields["to"], self.zone) if "to" in fields else None
        if start is not None and end is not None and end <= start:
            raise node.fault("a `to` that is not before `from`")
        return fields["id"].text(), Period(start, end)


def _settled(aliases: _Borne, what: str) -> dict[tuple[str, str], tuple[tuple[Period, str], ...]]:
    settled = {}
    for (source, name), bearers in aliases.items():
        for index, (period, bearer, node) in enumerate(bearers):
            for other_period, other, _ in bearers[:index]:
                if other != bearer and period.overlaps(other_period):
                    known = f"{name!r} of source {source}" if source else name
                    raise node.fault(
                        f"{known} to belong to one {what} at a time, but {other} and {bearer} have"
                        " it (give `from` and `to`)"
                    )
        settled[source, name] = tuple((period, bearer) for period, bearer, _ in bearers)
    return settled


def _read_settings(node: Node | None, base: GroupSettings) -> GroupSettings:
    if node is None:
        return base
    known = (*(f"{name}_s" for name in _SECONDS), *_COUNTS, "sl_variant", "min_n")
    fields = node.mapping(known)
    values = {name: getattr(base, name) for name in base.__struct_fields__}
    for name in _SECONDS:
        if f"{name}_s" in fields:
            values[f"{name}_ms"] = _read_seconds(fields[f"{name}_s"], limits=name in _LIMITS)
    for name in _COUNTS:
        if name in fields:
            values[name] = fields[name].whole("a whole number of at least 1", 1)
    if "sl_variant" in fields:
        values["sl_variant"] = _read_variant(fields["sl_variant"])
    values["min_n"] = base.min_n | dict(_read_least(*pair) for pair in _named(fields.get("min_n")))
    return GroupSettings(**values)


def _read_seconds(node: Node, *, limits: bool) -> int:
    """Seconds in ms; such as limit the service level are whole, and not beyond what is told apart."""
    if not limits:
        return int(node.number("seconds such as 20 or 2.5") * 1000)
    expected = f"seconds, a whole number from 0 to {LONGEST}"
    seconds = node.whole(expected)
    if seconds > LONGEST:
        raise node.fault(expected)
    return seconds * 1000


def _read_variant(node: Node) -> str:
    text = node.text()
    if text not in VARIANTS:
        raise node.fault("one of " + ", ".join(VARIANTS))
    return text


def _read_least(kpi: str, node: Node) -> tuple[str, int]:
    if kpi not in KPIS:
        raise node.fault(f"the id of a KPI before this, not {kpi!r}")
    return kpi, node.whole("a whole number of at least 1", 1)


def _read_duty(node: Node) -> Duty:
    fields = node.mapping(("who", "days", "from", "to"))
    if "who" not in fields:
        raise node.fault("who is on call, as in {days: mon-fri, from: 09:00, to: 15:00, who: m010}")
    words = {key: value.text() for key, value in fields.items()}
    return Duty(words["who"], words.get("days", ""), words.get("from", ""), words.get("to", ""))


def _read_source(id: str, node: Node) -> Source:
    fields = node.mapping(("calls", "provides"))
    calls = fields["calls"].text() if "calls" in fields else "primary"
    if calls not in ("primary", "enrich"):
        raise fields["calls"].fault("primary or enrich")
    return Source(id, calls, tuple(texts(fields["provides"])) if "provides" in fields else ())


def _entries(node: Node | None) -> Iterable[tuple[str, Node]]:
    """Entries whose key is an id of ours: these stand in keys and addresses."""
    for id, entry in _named(node):
        if not _ID.fullmatch(id) or id == _RESERVED:
            raise entry.fault(
                f"an id of up to 64 letters, digits, `_`, `.`, `-` other than {_RESERVED},"
                f" not {id!r}, before this"
            )
        yield id, entry


def _named(node: Node | None) -> Iterable[tuple[str, Node]]:
    return node.mapping().items() if node is not None else ()


def _items(node: Node | None) -> list[Node]:
    return node.list() if node is not None else []
