"""Alerts: each episode once, its transitions in one order, the table as the topic, and right at the end."""

import json
from datetime import UTC, datetime
from typing import Any

from tests.e2e.stored import rows
from tests.faults.log import read_records
from tests.faults.product import Product
from tests.random_calls import HOURS, LINES, MANAGERS
from tests.recount import Counted
from tests.recount.kpi_values import kpi_values
from tests.recount.plain import MINUTE, OPEN, Plain

_PLAIN = Plain(MANAGERS, LINES, HOURS, 0, None)
#: Rules of `tests.faults.product` on what stands open now, with their limits.
_STATES = {"open-missed": ("open_missed", 1), "open-leads": ("open_leads", 1)}

Json = dict[str, Any]


def transitions(product: Product) -> list[Json]:
    """What stands on the topic, those of one rule and subject in their order.

    A producer whose answer was lost on the way writes again what it wrote: the same record word for word,
    of which readers need know nothing but its id and time. It is one transition.
    """
    told: list[Json] = []
    newest: dict[tuple[str, str], Json] = {}
    for _, value in read_records(product.kafka, ("alerts",)):
        t: Json = json.loads(value or b"{}")
        watched = t["rule"], t["subject"]
        if newest.get(watched) != t:
            told.append(t)
        newest[watched] = t
    return told


def alert_differences(product: Product, counted: Counted) -> list[str]:
    """What is wrong with the alerts, in words."""
    told = transitions(product)
    stored = rows(product, "SELECT * FROM sales_rows.alerts FINAL")
    on_topic = {(t["alert_id"], t["at"], t["state"], t["severity"]) for t in told}
    in_table = {(r["alert_id"], r["at"], r["state"], r["severity"]) for r in stored}
    found = [f"transition {t}: on the topic, not stored" for t in sorted(on_topic - in_table)]
    found += [f"transition {t}: stored, not on the topic" for t in sorted(in_table - on_topic)]
    found += _episodes(told)
    found += _view(product, told)
    return found + _states(told, counted)


def _episodes(told: list[Json]) -> list[str]:
    """Nothing fires while it fires already, and nothing is told of an episode that does not last.

    One that ends and fires again within its first minute goes on under its id.
    """
    found = []
    open_: dict[tuple[str, str], str] = {}
    for t in told:
        watched, id, change = (t["rule"], t["subject"]), t["alert_id"], t["change"]
        if change == "fired":
            if watched in open_:
                found.append(f"episode {id} of {watched} fired while {open_[watched]} lasted")
            open_[watched] = id
        elif open_.get(watched) != id:
            found.append(f"{change} of {watched} tells of {id}, while {open_.get(watched)} lasted")
        if change == "resolved":
            open_.pop(watched, None)
    return found


def _view(product: Product, told: list[Json]) -> list[str]:
    """Each episode is one row of the view, and stands there as it was told last."""
    shown = rows(product, "SELECT alert_id, rule, subject, state FROM sales.alerts")
    newest = {t["alert_id"]: (t["rule"], t["subject"], t["state"]) for t in told}
    view = {r["alert_id"]: (r["rule"], r["subject"], r["state"]) for r in shown}
    found = [f"{len(shown)} rows of {len(view)} alerts"] if len(shown) != len(view) else []
    return found + [
        f"alert {id}: shown {view.get(id)}, told {newest.get(id)}"
        for id in sorted(view.keys() | newest.keys())
        if view.get(id) != newest.get(id)
    ]


def _states(told: list[Json], counted: Counted) -> list[str]:
    """What fires in the end is what the recount says is over its limit."""
    now = round(datetime.now(UTC).timestamp() * 1000)
    newest = {(t["rule"], t["subject"]): t["state"] for t in told}
    open_ = Counted(facts={id: value for id, value in counted.facts.items() if id[1] in OPEN})
    found = []
    for group in ("sales", "support", "night"):
        values = kpi_values(open_, f"g:{group}", (0, now // MINUTE), plain=_PLAIN, now=now)
        for rule, (kpi, limit) in _STATES.items():
            value = values[kpi].value or 0
            fires = newest.get((rule, group)) == "firing"
            if fires != (value > limit):
                found.append(f"{rule} of {group}: {'fires' if fires else 'does not fire'} at {value}")
    return found
