"""The life of an alert: ok, pending, firing, resolved (which is ok again). Pure and deterministic.

What counts as bad:
- A value beyond a level's threshold, resting on at least the rule's `min_n` (`Rule.of_group`), for as
  long as `for` says, fires.
- It fires on while the value is beyond that level's `resolve`, on however few it rests: `min_n`
  guards the start of an alarm and its worsening, not its end. No value (an empty window, nothing
  open) is not bad: it ends a pending and a firing alert, as nobody can act on what is not there.
- With `hours: working` nothing is judged outside working hours: a firing alert is held as it is,
  and the time of `for` starts anew when work begins.

An episode runs from the first bad moment to `resolved`. Its id is a hash of rule, subject and the
minute of that moment. Changes of severity belong to it; `worst` remembers the highest.
"""

import hashlib
from typing import Literal

import msgspec

from streams.alerts.rules import Rule, Severity
from streams.alerts.summaries import fill, in_words
from streams.kpis.kpi import SUBJECT_KINDS

Phase = Literal["ok", "pending", "firing"]
#: Why a transition was written. `reminder`: `repeat` has passed; `recorded`: nothing new, written
#: daily so that whoever reads the topic back finds every firing alert. Only the others are news.
Change = Literal["fired", "raised", "lowered", "reminder", "recorded", "resolved"]

_RECORD_EVERY = 86_400_000


class AlertState(msgspec.Struct, frozen=True, gc=False):
    """Where a rule stands for one subject. Times in ms; 0 is not yet."""

    phase: Phase = "ok"
    #: per level of the rule: since when it has been that bad
    since: tuple[int, ...] = ()
    level: int = -1  #: level that fires, as index in the rule
    worst: int = -1
    alert_id: str = ""
    started_at: int = 0
    told_at: int = 0  #: last transition


class Transition(msgspec.Struct, frozen=True):
    """A record of topic `alerts` (contract, section 7), in JSON; times in ms since the epoch."""

    alert_id: str
    rule: str
    severity: Severity
    state: Literal["firing", "resolved"]
    subject_kind: str
    subject: str
    kpi: str
    window: str
    value: float | None
    threshold: float
    n: int
    started_at: int
    at: int
    summary: str
    runbook: str
    change: Change
    worst: Severity
    notify: tuple[str, ...] = ()  #: receivers by name; none: all

    @property
    def key(self) -> str:
        """Key of the record: there is one alert per rule and subject."""
        return f"{self.rule}|{self.subject_kind}|{self.subject}"


class _Reading(msgspec.Struct, frozen=True, gc=False):
    """What is known of a subject at a moment."""

    subject: str
    value: float | None
    n: int
    now: int
    label: str


OK = AlertState()


def step(
    rule: Rule,
    state: AlertState | None,
    subject: str,
    value: float | None,
    n: int,
    now: int,
    in_hours: bool,
    label: str = "",
) -> tuple[AlertState, Transition | None]:
    """Next state of a rule for a subject such as `g:sales`, and what is to be told, if anything.

    `value` and `n` are the KPI's in the rule's window at `now` (ms), `in_hours` whether the subject
    works then, `label` its name for people (its id by default). Call it only while caught up with
    the log: what is not known yet must not be judged.
    """
    state = state or OK
    if state.level >= len(rule.levels):  # the rule had more levels when it fired
        state = msgspec.structs.replace(state, level=len(rule.levels) - 1)
    reading = _Reading(subject, value, n, now, label or subject[2:])
    if rule.working and not in_hours:
        return _held(rule, state, reading)
    since = tuple(_bad_since(rule, state, reading, index) for index in range(len(rule.levels)))
    level = _reached(rule, state, since, now)
    if level < 0:
        return _good(rule, state, since, reading)
    return _bad(rule, state, since, level, reading)


def _bad_since(rule: Rule, state: AlertState, reading: _Reading, index: int) -> int:
    """Since when a level has been reached without a break; 0 if it is not."""
    level, fires = rule.levels[index], index <= state.level
    if reading.value is None or (reading.n < rule.least_n and not fires):
        return 0
    if not rule.beyond(reading.value, level.resolve if fires else level.threshold):
        return 0
    return (state.since[index] if index < len(state.since) else 0) or reading.now


def _reached(rule: Rule, state: AlertState, since: tuple[int, ...], now: int) -> int:
    """The worst level that has lasted long enough, or -1."""
    found = -1
    for index, start in enumerate(since):
        if start and (index <= state.level or now - start >= rule.lasting):
            found = index
    return found


def _held(rule: Rule, state: AlertState, reading: _Reading) -> tuple[AlertState, Transition | None]:
    """Outside working hours: what fires goes on as it is, all else starts anew."""
    if state.level < 0:
        return OK, None
    held = msgspec.structs.replace(state, since=state.since[: state.level + 1])
    if reading.now - state.told_at < _RECORD_EVERY:
        return held, None
    told = msgspec.structs.replace(held, told_at=reading.now)
    return told, _transition(rule, told, reading, "recorded")


def _good(
    rule: Rule, state: AlertState, since: tuple[int, ...], reading: _Reading
) -> tuple[AlertState, Transition | None]:
    """No level is reached: an alert that fires is over."""
    if state.level >= 0:
        return OK, _transition(rule, state, reading, "resolved")
    return (AlertState(phase="pending", since=since) if any(since) else OK), None


def _bad(
    rule: Rule, state: AlertState, since: tuple[int, ...], level: int, reading: _Reading
) -> tuple[AlertState, Transition | None]:
    """A level is reached: begin or go on with an episode."""
    started = state.started_at or min(start for start in since if start)
    change = _change(rule, state, level, reading.now)
    after = AlertState(
        phase="firing",
        since=since,
        level=level,
        worst=max(level, state.worst),
        alert_id=state.alert_id or _id(rule, reading.subject, started),
        started_at=started,
        told_at=reading.now if change else state.told_at,
    )
    return after, _transition(rule, after, reading, change) if change else None


def _change(rule: Rule, state: AlertState, level: int, now: int) -> Change | None:
    if state.level < 0:
        return "fired"
    if level != state.level:
        return "raised" if level > state.level else "lowered"
    if rule.repeat and now - state.told_at >= rule.repeat:
        return "reminder"
    return "recorded" if now - state.told_at >= _RECORD_EVERY else None


def _id(rule: Rule, subject: str, started: int) -> str:
    text = f"{rule.name}|{subject}|{started // 60_000}"
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _transition(rule: Rule, state: AlertState, reading: _Reading, change: Change) -> Transition:
    """What is told; `state` is that of the episode."""
    level = rule.levels[state.level]
    return Transition(
        alert_id=state.alert_id,
        rule=rule.name,
        severity=level.severity,
        state="resolved" if change == "resolved" else "firing",
        subject_kind=SUBJECT_KINDS[reading.subject[0]],
        subject=reading.subject[2:],
        kpi=rule.kpi.id,
        window=rule.window,
        value=reading.value,
        threshold=level.threshold,
        n=reading.n,
        started_at=state.started_at,
        at=reading.now,
        summary=_summary(rule, state, reading, change),
        runbook=rule.runbook,
        change=change,
        worst=rule.levels[min(state.worst, len(rule.levels) - 1)].severity,
        notify=rule.notify,
    )


def _summary(rule: Rule, state: AlertState, reading: _Reading, change: Change) -> str:
    title, unit, value = rule.kpi.title, rule.kpi.unit, reading.value
    if change == "resolved":
        ended = "none left" if value is None else f"back to {in_words(value, unit)}"
        lasted = in_words((reading.now - state.started_at) / 1000, "s")
        return f"{reading.label}: {title}: {ended}, after {lasted}"
    if value is None:
        return f"{reading.label}: {title}: still firing, judged again in working hours"
    level = rule.levels[state.level]
    return fill(
        rule.summary,
        {
            "subject": reading.label,
            "subject_id": reading.subject[2:],
            "subject_kind": SUBJECT_KINDS[reading.subject[0]],
            "kpi": rule.kpi.id,
            "title": title,
            "window": rule.window,
            "severity": level.severity,
            "value": value,
            "value_text": in_words(value, unit),
            "threshold": level.threshold,
            "threshold_text": in_words(level.threshold, unit),
            "n": reading.n,
        },
    )


def restore(rule: Rule, last: Transition) -> AlertState:
    """The state after the newest record of `alerts` for this rule and subject.

    A pending alert is not on the topic: its time starts anew.
    """
    if last.state == "resolved":
        return OK
    severities = [level.severity for level in rule.levels]
    level = severities.index(last.severity) if last.severity in severities else 0
    worst = severities.index(last.worst) if last.worst in severities else level
    return AlertState(
        phase="firing",
        since=(last.started_at,) * (level + 1),
        level=level,
        worst=max(level, worst),
        alert_id=last.alert_id,
        started_at=last.started_at,
        told_at=last.at,
    )


def withdrawn(last: Transition, now: int) -> Transition:
    """The end of an alert whose rule is gone, or no longer watches the subject."""
    return msgspec.structs.replace(
        last,
        state="resolved",
        change="resolved",
        at=now,
        summary=f"{last.subject}: rule {last.rule} no longer watches this",
    )
