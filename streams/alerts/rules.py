"""Alert rules: what `rules.yaml` may say, read so that every mistake is named with its place."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, Protocol

from streams.alerts.limits import duration, limit, one_of, suggestion
from streams.alerts.summaries import check_template
from streams.config_text import ConfigError, Node, read_yaml
from streams.kpis.declarations import KPIS
from streams.kpis.kpi import NOW, SUBJECT_KINDS, Kpi

Severity = Literal["warning", "critical"]
#: From mild to severe.
SEVERITIES: tuple[Severity, ...] = ("warning", "critical")

_KEYS = (
    "name",
    "kpi",
    "window",
    "subjects",
    "above",
    "below",
    "levels",
    "resolve",
    "for",
    "min_n",
    "severity",
    "hours",
    "repeat",
    "notify",
    "summary",
    "runbook",
)
#: Least sample where neither the rule nor the group says one.
_MIN_N = 1
_LEVEL_KEYS = ("above", "below", "severity", "resolve")
_KINDS = {"managers": "m", "groups": "g", "all": "a"}
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Known(Protocol):
    """Who can be named; `streams.directory.Directory` is one."""

    @property
    def managers(self) -> Mapping[str, object]: ...
    @property
    def groups(self) -> Mapping[str, object]: ...


@dataclass(frozen=True, slots=True)
class Level:
    """How bad it has to be for which severity. Values in the unit of the KPI."""

    threshold: float
    severity: Severity
    resolve: float  #: it stays this bad while the value is beyond this


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; durations in ms. See `machine` for what it does."""

    name: str
    kpi: Kpi
    window: str
    kinds: frozenset[str]  #: letters of the kinds of subject it watches
    named: frozenset[str]  #: single subjects it watches
    above: bool  #: whether too much is bad, else too little
    levels: tuple[Level, ...]  #: from mild to severe
    lasting: int = 0  #: `for`: how long it must be that bad
    min_n: int | None = None  #: least sample; none: that of the subject's group, see `of_group`
    working: bool = True  #: `hours`: judged in working hours only
    repeat: int = 0  #: remind this often while it fires; 0: never
    notify: tuple[str, ...] = ()  #: receivers by name; none: all
    summary: str
    runbook: str

    @property
    def least_n(self) -> int:
        """Below this n nothing begins to fire."""
        return _MIN_N if self.min_n is None else self.min_n

    def of_group(self, min_n: Mapping[str, int]) -> "Rule":
        """The rule in a group with these least samples by KPI; what the rule itself says goes before."""
        own = min_n.get(self.kpi.id)
        return self if own is None or self.min_n is not None else replace(self, min_n=own)

    def concerns(self, subject: str) -> bool:
        """Whether it watches a subject such as `g:sales`; what nobody listed only if it is named."""
        if subject in self.named:
            return True
        id = subject[2:]
        return subject[0] in self.kinds and id != "unassigned" and not id.startswith("unmapped:")

    def beyond(self, value: float, limit: float) -> bool:
        """Whether a value is worse than a limit; equal is not."""
        return value > limit if self.above else value < limit


def load_rules(yaml_text: str, known: Known, file: str = "rules.yaml") -> list[Rule]:
    """The rules of a file, in its order; none for an empty text.

    Raises `ConfigError`, which names line, path, rule and what was expected.
    """
    found: dict[str, Rule] = {}
    document = read_yaml(file, yaml_text).mapping(("rules",))
    for node in document["rules"].list() if "rules" in document else []:
        keys = node.mapping()
        if "name" not in keys:
            raise node.fault("a rule with a name")
        name = keys["name"].text("a name such as missed-share")
        if not _NAME.fullmatch(name):
            raise keys["name"].fault("a name of small letters, digits and hyphens such as missed-share")
        if name in found:
            raise keys["name"].fault("another name: a rule of this one stands above")
        try:
            found[name] = _Reading(node.mapping(_KEYS), node, known).rule(name)
        except ConfigError as error:
            raise ConfigError(f"{error} (rule {name})") from None
    return list(found.values())


class _Reading:
    """Reads one rule."""

    def __init__(self, keys: dict[str, Node], node: Node, known: Known) -> None:
        self._keys = keys
        self._node = node
        self._known = known

    def rule(self, name: str) -> Rule:
        kpi = self._kpi()
        above, levels = self._levels(kpi)
        kinds, named = self._subjects(kpi)
        return Rule(
            name=name,
            kpi=kpi,
            window=self._window(kpi),
            kinds=kinds,
            named=named,
            above=above,
            levels=levels,
            lasting=self._duration("for"),
            min_n=self._keys["min_n"].whole("a whole number from 1 on", 1) if "min_n" in self._keys else None,
            working=self._choice("hours", ("working", "always")) == "working",
            repeat=self._duration("repeat"),
            notify=tuple(node.text("a receiver") for node in self._list("notify")),
            summary=self._summary(),
            runbook=self._text("runbook", f"deploy/runbook.md#{name}"),
        )

    def _needed(self, key: str, expected: str) -> Node:
        if key not in self._keys:
            raise self._node.fault(f"a rule with `{key}`: {expected}")
        return self._keys[key]

    def _list(self, key: str) -> list[Node]:
        return self._keys[key].list() if key in self._keys else []

    def _text(self, key: str, default: str) -> str:
        return self._keys[key].text() if key in self._keys else default

    def _choice(self, key: str, choices: tuple[str, ...]) -> str:
        """One of the choices; the first by default."""
        text = self._text(key, choices[0])
        if text not in choices:
            raise self._keys[key].fault(one_of(text, choices))
        return text

    def _duration(self, key: str) -> int:
        return duration(self._keys[key]) if key in self._keys else 0

    def _kpi(self) -> Kpi:
        node = self._needed("kpi", "the id of a KPI")
        id = node.text("the id of a KPI")
        if id not in KPIS:
            raise node.fault("the id of a KPI" + suggestion(id, KPIS))
        kpi = KPIS[id]
        if not kpi.live:
            raise node.fault("the id of a KPI that has live values: this one is computed from records")
        return kpi

    def _window(self, kpi: Kpi) -> str:
        if kpi.windows == NOW:
            return self._choice("window", NOW)
        expected = one_of("", kpi.windows)
        node = self._needed("window", expected)
        text = node.text(expected)
        if text not in kpi.windows:
            raise node.fault(expected)
        return text

    def _summary(self) -> str:
        if "summary" not in self._keys:
            return "{subject}: {title} is {value_text} ({window})"
        node = self._keys["summary"]
        template = node.text("a sentence")
        fault = check_template(template)
        if fault:
            raise node.fault(fault)
        return template

    # -- levels

    def _levels(self, kpi: Kpi) -> tuple[bool, tuple[Level, ...]]:
        """Whether above is bad, and the levels from mild to severe."""
        if "levels" not in self._keys:
            above, level = self._level(self._keys, self._node, kpi)
            return above, (level,)
        for key in ("above", "below", "severity", "resolve"):
            if key in self._keys:
                raise self._keys[key].fault(f"`{key}` in each of `levels`, not beside them")
        node = self._keys["levels"]
        read = [self._level(item.mapping(_LEVEL_KEYS), item, kpi) for item in node.list()]
        if not read or len({above for above, _ in read}) != 1:
            raise node.fault("a list of levels, all with `above` or all with `below`")
        above, levels = read[0][0], tuple(level for _, level in read)
        ranks = [SEVERITIES.index(level.severity) for level in levels]
        if ranks != sorted(set(ranks)) or not _worsening(levels, above=above):
            raise node.fault("levels from mild to severe: each with a higher severity and a worse limit")
        return above, levels

    def _level(self, keys: dict[str, Node], node: Node, kpi: Kpi) -> tuple[bool, Level]:
        sides = [side for side in ("above", "below") if side in keys]
        if len(sides) != 1:
            raise node.fault("either `above` or `below`")
        above = sides[0] == "above"
        threshold = limit(keys[sides[0]], kpi)
        resolve = limit(keys["resolve"], kpi) if "resolve" in keys else threshold
        if resolve > threshold if above else resolve < threshold:
            raise keys["resolve"].fault(f"a limit on the good side of {threshold:g}")
        text = keys["severity"].text() if "severity" in keys else "warning"
        for severity in SEVERITIES:
            if text == severity:
                return above, Level(threshold, severity, resolve)
        raise keys["severity"].fault(one_of(text, SEVERITIES))

    # -- subjects

    def _subjects(self, kpi: Kpi) -> tuple[frozenset[str], frozenset[str]]:
        """Kinds of subject and single subjects."""
        node = self._needed("subjects", "managers, groups, all, or a list of ids")
        kinds: set[str] = set()
        named: set[str] = set()
        for item in node.list():
            text = item.text("managers, groups, all, or ids")
            if text in _KINDS:
                kinds.add(self._counted_for(_KINDS[text], kpi, item))
            else:
                named.update(self._named(text, kpi, item))
        if not kinds and not named:
            raise node.fault("managers, groups, all, or a list of ids")
        return frozenset(kinds), frozenset(named)

    def _counted_for(self, letter: str, kpi: Kpi, node: Node) -> str:
        if letter not in kpi.subjects:
            kinds = ", ".join(SUBJECT_KINDS[letter] for letter in kpi.subjects)
            raise node.fault(f"subjects that {kpi.id} exists for ({kinds})")
        if letter == "m" and not kpi.personal:
            raise node.fault(
                f"groups or all: {kpi.id} is not within one person's power, so no rule judges people by it"
            )
        return letter

    def _named(self, text: str, kpi: Kpi, node: Node) -> Iterable[str]:
        """The subjects that an id means; with `m:` or `g:` before it, of that kind only."""
        letter, mark, id = text.partition(":")
        if not mark or letter not in SUBJECT_KINDS:
            letter, id = "", text
        letters = [letter] if letter else [kind for kind in "mg" if self._exists(kind, id)]
        if not letters or not self._exists(letters[0], id):
            everybody = [*_KINDS, *self._known.groups, *self._known.managers]
            raise node.fault("managers, groups, all, or ids of the directory" + suggestion(id, everybody))
        if id.startswith("unmapped:") and not letter:
            letters = [kind for kind in letters if kind in kpi.subjects and (kind != "m" or kpi.personal)]
        elif len(letters) > 1:
            raise node.fault(f"m:{id} or g:{id}, as both a manager and a group have this id")
        return [f"{self._counted_for(kind, kpi, node)}:{id}" for kind in letters]

    def _exists(self, letter: str, id: str) -> bool:
        if id.startswith("unmapped:"):
            return letter in "mg"
        if letter == "m":
            return id in self._known.managers
        return id == "all" if letter == "a" else id in self._known.groups or id == "unassigned"


def _worsening(levels: tuple[Level, ...], *, above: bool) -> bool:
    sign = 1 if above else -1
    return all(
        sign * mild.threshold < sign * severe.threshold and sign * mild.resolve <= sign * severe.resolve
        for mild, severe in pairwise(levels)
    )
