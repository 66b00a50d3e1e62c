"""Reads `funnel.yaml`; every fault names line, path and what was expected."""

import re
from collections.abc import Iterable
from decimal import Decimal

from streams.config_text import Node, read_yaml, texts
from streams.funnel import FunnelContent, Pipeline, Stage

FILE = "funnel.yaml"

#: A rate beyond this is a slip of the pen.
_LARGEST_RATE = Decimal(1_000_000)
_KEYS = ("currency", "rates", "ignored_loss_reasons", "meeting_ahead_holds", "pipelines")
_KINDS = ("open", "won", "lost")
_CURRENCY = re.compile(r"[A-Z]{3}")
_STAY = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)\s*(m|h|d|w)", re.ASCII)
_UNITS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}

_StageNames = dict[tuple[str, str, str], str]


def read_funnel(text: str) -> FunnelContent:
    """What the funnel in `text` says. Raises `ConfigError`."""
    top = read_yaml(FILE, text).mapping(_KEYS)
    currency = _currency(top["currency"]) if "currency" in top else "RUB"
    rates = {}
    for name, node in _named(top.get("rates")):
        if not _CURRENCY.fullmatch(name):
            raise node.fault(f"a currency such as USD before this, not {name!r}")
        rates[name] = _rate(node, name, currency)
    pipelines: dict[str, Pipeline] = {}
    pipeline_names: dict[tuple[str, str], str] = {}
    stage_names: _StageNames = {}
    for id, node in _named(top.get("pipelines")):
        fields = node.mapping(("name", "stages", "aliases"))
        name = fields["name"].text("a name") if "name" in fields else id
        pipelines[id] = Pipeline(id, name, _read_stages(id, node, fields, stage_names))
        for key, alias in _aliases(fields.get("aliases")):
            if pipeline_names.setdefault(key, id) != id:
                raise alias.fault(f"a name that no other pipeline has; {pipeline_names[key]} has it")
    ignored, holds = top.get("ignored_loss_reasons"), top.get("meeting_ahead_holds")
    return FunnelContent(
        currency,
        rates,
        frozenset(texts(ignored)) if ignored is not None else frozenset(),
        holds.flag() if holds is not None else True,
        pipelines,
        pipeline_names,
        stage_names,
    )


def _rate(node: Node, name: str, currency: str) -> Decimal:
    expected = "how much of the company currency one unit is worth, such as 92.5"
    rate = node.number(expected)
    if not 0 < rate <= _LARGEST_RATE:
        raise node.fault(expected)
    if name == currency and rate != 1:
        raise node.fault(f"no rate for {name}, or 1: it is the company currency")
    return rate


def _read_stages(pipeline: str, node: Node, fields: dict[str, Node], names: _StageNames) -> dict[str, Stage]:
    if "stages" not in fields:
        raise node.fault("stages, in their order")
    stages: dict[str, Stage] = {}
    for order, item in enumerate(fields["stages"].list()):
        stage = _read_stage(item, order)
        if stage.id in stages:
            raise item.fault(f"each stage once; {stage.id} stands above")
        stages[stage.id] = stage
        for (source, name), alias in _aliases(item.mapping().get("aliases")):
            if names.setdefault((pipeline, source, name), stage.id) != stage.id:
                raise alias.fault(f"a name that no other stage of {pipeline} has")
    return stages


def _read_stage(node: Node, order: int) -> Stage:
    fields = node.mapping(("id", "name", "kind", "max_stay", "aliases"))
    if "id" not in fields:
        raise node.fault("a stage such as {id: proposal, name: Proposal, max_stay: 3d}")
    id = fields["id"].text("the id of a stage")
    kind = fields["kind"].text() if "kind" in fields else "open"
    if kind not in _KINDS:
        raise fields["kind"].fault("open, won or lost")
    limit = _stay(fields["max_stay"]) if "max_stay" in fields else None
    if limit is not None and kind != "open":
        raise fields["max_stay"].fault(f"no limit: a deal may stay in a {kind} stage for ever")
    name = fields["name"].text("a name") if "name" in fields else id
    return Stage(id, name, order, kind, limit)


def _stay(node: Node) -> int:
    found = _STAY.fullmatch(node.text())
    if not found or not float(found[1]):
        raise node.fault("a length of time such as 30m, 4h, 3d or 2w")
    return round(float(found[1]) * _UNITS_MS[found[2]])


def _currency(node: Node) -> str:
    text = node.text("a currency such as RUB")
    if not _CURRENCY.fullmatch(text):
        raise node.fault("a currency such as RUB")
    return text


def _aliases(node: Node | None) -> Iterable[tuple[tuple[str, str], Node]]:
    for source, names in _named(node):
        for item in names.list():
            yield (source, item.text("a name")), item


def _named(node: Node | None) -> Iterable[tuple[str, Node]]:
    return node.mapping().items() if node is not None else ()
