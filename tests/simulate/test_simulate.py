"""The simulated centre is believable, valid, and the same for the same seed."""

import hashlib
import json
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from streams.directory import Directory
from streams.events import parse
from streams.records import Event
from streams.simulate import centre_of, default_centre, simulate

#: Monday, 2 March 2026, midnight in Moscow.
START = int(datetime.fromisoformat("2026-03-02T00:00:00+03:00").timestamp()) * 1000
LATER = START + 400 * 86_400_000


@pytest.fixture(scope="module")
def week() -> list[dict[str, Any]]:
    return list(simulate(7, days=7, start=START))


def _line(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    digests = [
        hashlib.sha256(b"".join(map(_line, simulate(seed, days=1, start=START)))).hexdigest()
        for seed in (5, 5, 6)
    ]
    assert digests[0] == digests[1] != digests[2]


def test_every_event_is_a_valid_one_of_the_contract(week: list[dict[str, Any]]) -> None:
    found = [parse(_line(event), logged_at=LATER) for event in week]
    assert [each for each in found if not isinstance(each, Event)] == []
    assert len({each.event_id for each in found if isinstance(each, Event)}) == len(week)


def test_events_come_in_order_and_within_the_days_asked_for(week: list[dict[str, Any]]) -> None:
    times = [event["occurred_at"] for event in week]
    assert times == sorted(times)
    assert times[0] >= "2026-03-01T21:00:00"
    assert times[-1] < "2026-03-08T21:00:00"


def test_it_holds_what_a_call_centre_lives_through(week: list[dict[str, Any]]) -> None:
    kinds = Counter(event["type"] for event in week)
    for kind in (
        "call.held", "call.transferred", "call.rated", "callback.requested", "agent.status",
        "lead.created", "lead.assigned", "lead.disqualified", "deal.stage_changed",
        "proposal.sent", "meeting.held", "task.done", "customer.contacted", "complaint.created",
    ):  # fmt: skip
        assert kinds[kind] > 0, kind
    reasons = Counter(event["reason"] for event in week if "reason" in event)
    for reason in (
        "no_answer", "declined", "answered_elsewhere", "caller_left",
        "hangup", "voicemail", "closed", "ivr_end", "blocked", "callback_taken",
    ):  # fmt: skip
        assert reasons[reason] > 0, reason
    directions = Counter(event["direction"] for event in week if "direction" in event)
    assert directions["in"] > directions["out"] > directions["internal"] > 0
    assert {"open", "won", "lost"} == {e["stage_kind"] for e in week if "stage_kind" in e}


def test_a_plausible_share_of_calls_is_missed(week: list[dict[str, Any]]) -> None:
    inbound = {e["call_id"] for e in week if e.get("direction") == "in"}
    answered = {e["call_id"] for e in week if e["type"] == "call.answered"} & inbound
    queued = {e["call_id"] for e in week if e["type"] == "call.queued"}
    assert 0.04 < 1 - len(answered & queued) / len(queued) < 0.2


def test_mornings_and_afternoons_are_busier_than_nights(week: list[dict[str, Any]]) -> None:
    starts = Counter(e["occurred_at"][11:13] for e in week if e.get("direction") == "in")
    moscow = {int(hour) + 3: count for hour, count in starts.items()}
    assert moscow[11] > 1.3 * moscow[18] > 2 * moscow.get(5, 0)


def test_nobody_is_in_two_calls_at_once(week: list[dict[str, Any]]) -> None:
    parties: dict[str, set[str]] = {}  # call -> managers who talk in it
    talking: dict[str, str] = {}  # manager -> call
    for event in week:
        call = event.get("call_id", "")
        if event["type"] == "call.started" and "manager" in event:
            assert event["manager"] not in talking
            talking[event["manager"]] = call
            parties[call] = {event["manager"]}
        elif event["type"] == "call.answered":
            assert talking.get(event["manager"], call) == call
            talking[event["manager"]] = call
            parties.setdefault(call, set()).add(event["manager"])
        elif event["type"] == "call.transferred":
            del talking[event["manager"]]
            parties[call].remove(event["manager"])
        elif event["type"] == "call.ended":
            for manager in parties.pop(call, set()):
                del talking[manager]


def test_only_people_at_work_are_offered_calls(week: list[dict[str, Any]]) -> None:
    status: dict[str, str] = {}
    for event in week:
        if event["type"] == "agent.status":
            status[event["manager"]] = event["status"]
        elif event["type"] == "call.offered":
            assert status[event["manager"]] == "available"


def test_each_offer_ends_once(week: list[dict[str, Any]]) -> None:
    ringing: set[tuple[str, str]] = set()
    for event in week:
        key = (event.get("call_id", ""), event.get("manager", ""))
        if event["type"] == "call.offered":
            assert key not in ringing
            ringing.add(key)
        elif event["type"] == "call.offer_ended":
            ringing.remove(key)
        elif event["type"] == "call.answered":
            ringing.discard(key)
        elif event["type"] == "call.ended":
            assert not [each for each in ringing if each[0] == event["call_id"]]


def test_phones_are_fictional(week: list[dict[str, Any]]) -> None:
    customers = {event["customer"] for event in week if "customer" in event}
    for key in customers:
        fictional = key.startswith("+7495123") or (key.startswith("+1") and key[5:9] == "5550")
        assert fictional or key.startswith(("anonymous:", "ext:")), key


def test_so_many_managers_as_asked_for() -> None:
    for managers in (1, 5, 12, 200):
        teams = default_centre().sized(managers).teams
        names = [name for team in teams for name in team.managers]
        assert len(names) == len(set(names)) == managers
    events = simulate(3, managers=2, days=1, start=START)
    assert {e["manager"] for e in events if "manager" in e} == {"m001", "m006"}


def test_calls_per_day_is_about_what_a_working_day_brings() -> None:
    events = simulate(3, days=1, calls_per_day=2000, managers=60, start=START)
    calls = sum(event["type"] == "call.started" for event in events)
    assert 1800 < calls < 3200  # repeats, callbacks and calls to leads come on top


def test_a_day_follows_from_the_day_before(week: list[dict[str, Any]]) -> None:
    """Customers call again, and are called back on another day."""
    days: dict[str, set[str]] = {}
    for event in week:
        if event["type"] == "call.started" and event["customer"].startswith("+"):
            days.setdefault(event["customer"], set()).add(event["occurred_at"][:10])
    assert sum(len(each) > 1 for each in days.values()) > 20
    assert all(a["occurred_at"] <= b["occurred_at"] for a, b in pairwise(week))


def test_the_default_centre_is_that_of_the_example_directory() -> None:
    file = Path(__file__).parents[2] / "deploy/config/directory.yaml"
    example, ours = centre_of(Directory.from_text(file.read_text()), START), default_centre()
    for theirs, team in zip(example.teams, ours.teams, strict=True):
        assert (theirs.id, theirs.managers, theirs.zone) == (team.id, team.managers, team.zone)
        assert (theirs.line, theirs.ring_all, theirs.sells) == (team.line, team.ring_all, team.sells)
        assert theirs.hours.hours == team.hours.hours
        assert theirs.hours.holidays == team.hours.holidays
