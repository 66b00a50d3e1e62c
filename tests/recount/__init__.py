"""A brute-force recount of the log: what the contract says, computed the long way round.

It takes raw canonical events as JSON objects and shares no code with the product, so that a mistake
in the product does not hide itself. It is slow, and it may be.

Parameters of `recount` (a directory in plain terms):

- `managers`: manager id -> group id; who is missing here is in `unassigned`
- `lines`: line -> group id
- `hours`: group id -> weekday (0 is Monday) -> (opens, closes) in minutes after local midnight; a group
  that is missing here is always open
- `utc_offset_min`: local time of every group
- `names`: (source, name) -> manager or group id, for names that are not ids themselves. Without it,
  names are taken as ids. With it, a name that is neither listed nor an id becomes
  `unmapped:<source>:<name>`.
- `key`: turns the customer of an event into the key by which the product knows him
- `pipelines`: the funnel
- `away`: manager id -> (from, until) in ms, when he is absent; asked for leads, not for offers

Limits are the defaults of the contract. Of times it knows milliseconds only.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.recount.activities import count_activities
from tests.recount.busy import mark_excused
from tests.recount.deals import count_deals
from tests.recount.facts import CallFacts
from tests.recount.items import together
from tests.recount.leads import count_leads
from tests.recount.one_call import OneCall
from tests.recount.plain import LEAD_ORDER, ORDER, Counted, Json, Plain
from tests.recount.tasks import count_tasks

__all__ = ["Counted", "Pipelines", "recount"]


@dataclass
class Pipelines:
    """The funnel in plain terms."""

    #: (pipeline, stage) -> its place and the longest stay allowed, ms
    stages: dict[tuple[str, str], tuple[int, int | None]] = field(default_factory=dict)
    rates: dict[str, Decimal] = field(default_factory=dict)
    #: reasons of losses that are no part of the win rate
    ignored: tuple[str, ...] = ()
    #: the company's
    currency: str = "RUB"


def recount(
    events: list[Json],
    managers: dict[str, str],
    lines: dict[str, str] | None = None,
    hours: dict[str, dict[int, tuple[int, int]]] | None = None,
    utc_offset_min: int = 0,
    names: dict[tuple[str, str], str] | None = None,
    key: Callable[[str], str] = str,
    pipelines: Pipelines | None = None,
    *,
    away: dict[str, list[tuple[int, int]]] | None = None,
) -> Counted:
    """Counts valid canonical events given in the order of the log."""
    funnel = pipelines or Pipelines()
    plain = Plain(
        managers,
        lines or {},
        hours or {},
        utc_offset_min,
        names,
        stages=funnel.stages,
        currency=funnel.currency,
        rates=funnel.rates,
        ignored=funnel.ignored,
        away=away or {},
    )
    first: dict[tuple[str, str], Json] = {}
    for event in events:
        first.setdefault((event["source"], event["event_id"]), event)
    every: list[Json] = [_understood(raw, plain, key) for raw in first.values()]
    roots = linked(every)
    by_customer: dict[str, list[Json]] = {}
    leads: dict[tuple[str, str], set[str]] = {}
    for event in every:
        if event["customer_key"]:
            own_key = str(event["customer_key"])
            whose = roots.get(own_key, own_key)
            by_customer.setdefault(whose, []).append(event)
            if event["type"] in LEAD_ORDER:
                leads.setdefault((event["source"], event["lead_id"]), set()).add(whose)
    for event in every:
        if event["type"] == "lead.removed" and not event["customer_key"]:
            for root in leads.get((event["source"], event["lead_id"]), ()):
                by_customer[root].append(event)
    counted = Counted()
    calls = {customer: _calls(customer, known, plain, counted) for customer, known in by_customer.items()}
    mark_excused([call for own in calls.values() for call in own], every)
    for customer, known in by_customer.items():
        _count(customer, known, calls[customer], plain, counted)
    count_deals(every, plain, counted)
    count_tasks(every, plain, counted)
    count_activities(every, plain, counted)
    return counted


def linked(events: list[Json]) -> dict[str, str]:
    """The least key of all that are one with a customer."""
    sets: list[set[str]] = []
    for event in events:
        if event["type"] != "customer.linked":
            continue
        joined = {k for k in (event["customer_key"], *event["same_keys"]) if k[:4] not in ("anon", "ext:")}
        if len(joined) < 2:
            continue
        touching = [other for other in sets if other & joined]
        sets = [other for other in sets if not other & joined] + [joined.union(*touching)]
    return {key: min(one) for one in sets for key in one}


def _ms(text: str) -> int:
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _understood(raw: Json, plain: Plain, key: Callable[[str], str]) -> Json:
    at = _ms(raw["occurred_at"])
    source = raw["source"]
    return {
        **raw,
        "at": at,
        "manager": plain.resolve(source, raw.get("manager")),
        "group": plain.resolve(source, raw.get("group")),
        "customer_key": key(raw["customer"]) if raw.get("customer") else "",
        **_mapped(raw, plain),
        "same_keys": [key(other) for other in raw.get("same_as", ())],
        "actor": "system" if raw.get("actor") == "system" else plain.resolve(source, raw.get("actor")),
        "wanted": _ms(raw["callback_at"]) if raw.get("callback_at") else None,
        "due": _ms(raw["due_at"]) if raw.get("due_at") else None,
    }


def _mapped(raw: Json, plain: Plain) -> Json:
    """Pipeline and stage as the funnel knows them; what it does not list shows up as such."""
    if plain.names is None or "pipeline" not in raw:
        return {}
    source, pipeline, stage = raw["source"], raw["pipeline"], raw.get("stage", "")
    if pipeline not in {known for known, _ in plain.stages}:
        return {"pipeline": f"unmapped:{source}:{pipeline}"}
    if stage and (pipeline, stage) not in plain.stages:
        return {"stage": f"unmapped:{source}:{stage}"}
    return {}


def _calls(customer: str, events: list[Json], plain: Plain, counted: Counted) -> list[Json]:
    """The calls of one customer."""
    flags = {event["flag"] for event in events if event["type"] == "customer.flagged"}
    by_call: dict[tuple[str, str], list[Json]] = {}
    for event in events:
        if event["type"] in ORDER:
            by_call.setdefault((event["source"], event["call_id"]), []).append(event)
    calls = []
    for call_id, own in sorted(by_call.items()):
        own.sort(key=lambda e: (e["at"], ORDER.index(e["type"]), e["event_id"]))
        call = OneCall(customer, plain).call(call_id, own)
        if not call["excluded_reason"]:
            barred = [flag for flag in ("test", "spam", "staff", "supplier") if flag in flags]
            call["excluded_reason"] = barred[0] if barred else ""
        counted.calls[call_id] = call
        counted.legs[call_id] = call["legs"]
        calls.append(call)
    return calls


def _count(customer: str, events: list[Json], calls: list[Json], plain: Plain, counted: Counted) -> None:
    """Counts one customer."""
    flags = {event["flag"] for event in events if event["type"] == "customer.flagged"}
    counter = CallFacts(customer, plain, counted)
    if flags & {"test", "spam", "staff", "supplier"}:
        events = [event for event in events if event["type"] != "callback.requested"]
    if "shared" not in flags:
        together(counter, events, calls)
    count_leads(counter, events, calls)
    for call in calls:
        if call["direction"] and not call["excluded_reason"]:
            counter.facts(call)
