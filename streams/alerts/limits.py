"""Durations and limits as rules write them, and what errors suggest instead of a misspelt word."""

import difflib
import re
from collections.abc import Collection

from streams.config_text import Node
from streams.kpis.kpi import Kpi

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)")
_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def duration(node: Node) -> int:
    """A duration such as 30s, 5m, 2h or 1d, in ms; 0 is none."""
    expected = "a duration such as 30s, 5m, 2h or 1d"
    text = node.text(expected)
    match = _DURATION.fullmatch(text)
    if match:
        return round(float(match[1]) * _MS[match[2]])
    if text == "0":
        return 0
    raise node.fault(expected)


def limit(node: Node, kpi: Kpi) -> float:
    """A limit in the unit of a KPI; for one in seconds also a duration such as 20m."""
    if kpi.unit == "s":
        match = _DURATION.fullmatch(node.text())
        if match:
            return float(match[1]) * _MS[match[2]] / 1000
        return float(node.number("seconds, or a duration such as 20m"))
    if kpi.unit == "share":
        value = float(node.number("a share from 0 to 1 such as 0.15"))
        if value > 1:
            raise node.fault("a share from 0 to 1 such as 0.15")
        return value
    return float(node.number("a number"))


def one_of(text: str, choices: tuple[str, ...]) -> str:
    """Names the choices for an error, and the one that was probably meant."""
    return "one of " + ", ".join(choices) + suggestion(text, choices)


def suggestion(text: str, known: Collection[str]) -> str:
    """What was probably meant, for the end of an error; empty when nothing is near."""
    near = difflib.get_close_matches(text, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""
