"""How a bonus is reckoned: `bonus.yaml`, one transparent formula per group.

A term pays base x weight x attainment, attainment between 0 and its cap. Where more is good it is
value / target, where less is good target / value. No term takes anything away. What comes out is a
proposal until a named person approves it. Not part of the configuration's version: it says nothing
of what an event means.
"""

from collections.abc import Iterable, Mapping

import msgspec

from streams.config_text import Node, read_yaml

FILE = "bonus.yaml"
_HUNDREDTHS = 100


class Term(msgspec.Struct, frozen=True):
    """What one KPI decides of a bonus."""

    kpi: str
    weight: float  #: share of the base
    target: float | None  #: of a month, in the KPI's unit; None: the plan of the manager
    cap: float = 1.5  #: attainment above which nothing is added
    min_n: int = 1  #: below so many the term pays nothing


class Formula(msgspec.Struct, frozen=True):
    """The bonus of a group's managers for a month."""

    group: str
    base: float  #: at full attainment of every term, in the currency
    currency: str
    terms: tuple[Term, ...]


class KpiFacts(msgspec.Struct, frozen=True):
    """What a bonus must know of a KPI."""

    good: str  #: up, down or neutral
    personal: bool  #: within the person's own power


def read_bonus(text: str, groups: Iterable[str], kpis: Mapping[str, KpiFacts]) -> list[Formula]:
    """What `bonus.yaml` says. Raises `ConfigError`, also for a KPI beyond a person's own power."""
    top = read_yaml(FILE, text).mapping(("groups",))
    known = set(groups)
    found = []
    for group, node in top["groups"].mapping().items() if "groups" in top else ():
        if group not in known:
            raise node.fault(f"one of the groups {', '.join(sorted(known))} before this, not {group!r}")
        found.append(_formula(group, node, kpis))
    return found


def _formula(group: str, node: Node, kpis: Mapping[str, KpiFacts]) -> Formula:
    fields = node.mapping(("base", "currency", "terms"))
    for name in ("base", "terms"):
        if name not in fields:
            raise node.fault(
                f"{name}, as in {{base: 30000, terms: [{{kpi: deals_won, weight: 1, target: 10}}]}}"
            )
    terms = [_term(item, kpis) for item in fields["terms"].list()]
    if sum(round(term.weight * _HUNDREDTHS) for term in terms) != _HUNDREDTHS:
        raise fields["terms"].fault("weights that add up to 1")
    if len({term.kpi for term in terms}) < len(terms):
        raise fields["terms"].fault("each KPI once")
    base = float(fields["base"].number("money such as 30000"))
    currency = fields["currency"].text("a currency") if "currency" in fields else "RUB"
    return Formula(group, base, currency, tuple(terms))


def _term(node: Node, kpis: Mapping[str, KpiFacts]) -> Term:
    fields = node.mapping(("kpi", "weight", "target", "cap", "min_n"))
    if "kpi" not in fields or "weight" not in fields:
        raise node.fault("a term such as {kpi: deals_won, weight: 0.6, target: 10}")
    id = fields["kpi"].text("the id of a KPI")
    kpi = kpis.get(id)
    if kpi is None:
        raise fields["kpi"].fault("the id of a KPI")
    if not kpi.personal or kpi.good == "neutral":
        raise fields["kpi"].fault("a KPI within a person's own power that has a good direction")
    numbers = {
        name: float(fields[name].number("a number of at least 0"))
        for name in fields.keys() - {"kpi", "min_n"}
    }
    if not 0 < numbers["weight"] <= 1:
        raise fields["weight"].fault("a weight above 0 and up to 1")
    if numbers.get("target") == 0:
        raise fields["target"].fault("a target above 0")
    least = fields["min_n"].whole("a whole number of at least 1", 1) if "min_n" in fields else 1
    return Term(id, numbers["weight"], numbers.get("target"), numbers.get("cap", 1.5), least)
