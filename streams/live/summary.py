"""What `salespulse up --for SECONDS` says at its end."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from streams.live import texts
from streams.live.latency import quantile
from streams.settings import Settings
from streams.sinks.connection import VIEWS, connect

_LINES = 15  #: of the leaderboard
_DIFFERENCES = 10  #: that are told one by one

_COUNTS = f"""
SELECT (SELECT count() FROM {VIEWS}.events), (SELECT count() FROM {VIEWS}.dead_letters),
       (SELECT count() FROM {VIEWS}.calls), (SELECT countIf(state = 'firing') FROM {VIEWS}.alerts)"""
_REASONS = f"SELECT reason, count() AS n FROM {VIEWS}.dead_letters GROUP BY reason ORDER BY n DESC, reason"
_LEADERS = f"""
SELECT if(m.name = '', l.manager, m.name), count() AS calls, countIf(l.offered_at IS NOT NULL),
       sum(l.talk_s), avgIf(l.ring_s, l.ring_s IS NOT NULL)
FROM {VIEWS}.call_legs AS l LEFT JOIN {VIEWS}.managers AS m ON m.manager = l.manager
WHERE l.answered_at IS NOT NULL
GROUP BY l.manager, m.name ORDER BY calls DESC, l.manager LIMIT {_LINES}"""


@dataclass(frozen=True, slots=True)
class Leader:
    """A line of the leaderboard."""

    name: str
    calls: int
    answered: int
    talk_s: float
    ring_s: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the run came to."""

    events: int
    dead_letters: int
    calls: int
    alerts: int
    reasons: Sequence[tuple[str, int]] = ()
    leaders: Sequence[Leader] = ()
    latencies: Sequence[float] = ()
    differences: Sequence[str] = field(default_factory=tuple)
    unreconciled: str = ""  #: why reconcile could not compare


def summary(settings: Settings, latencies: Sequence[float] = ()) -> RenderableType:
    """The run in figures, with what `reconcile` finds, while the parts still run.

    `latencies`: what `run_live` returned. Raises clickhouse-connect's errors when ClickHouse is away.
    """
    return render_outcome(_read(settings, latencies))


def _read(settings: Settings, latencies: Sequence[float]) -> Outcome:
    from streams.sinks.reconcile import NotStored, reconcile  # noqa: PLC0415 - the view itself needs no Kafka

    differences: list[str] = []
    unreconciled = ""
    try:
        differences = [str(each) for each in reconcile(settings, within_s=60)]
    except NotStored as error:
        unreconciled = str(error)
    client = connect(settings.clickhouse)
    try:
        [(events, dead, calls, alerts)] = client.query(_COUNTS).result_rows
        reasons = [(row[0], row[1]) for row in client.query(_REASONS).result_rows]
        leaders = [Leader(*row) for row in client.query(_LEADERS).result_rows]
    finally:
        client.close()
    return Outcome(events, dead, calls, alerts, reasons, leaders, latencies, differences, unreconciled)


def render_outcome(outcome: Outcome) -> RenderableType:
    """The outcome as people read it."""
    lines = [
        Text("Summary", style="bold"),
        Text(f"  events         {texts.count(outcome.events)}, of {texts.count(outcome.calls)} calls"),
        Text(f"  dead letters   {texts.count(outcome.dead_letters)}{_by_reason(outcome.reasons)}"),
        Text(f"  latency        {_latency(outcome.latencies)}"),
        Text(f"  alerts firing  {texts.count(outcome.alerts)}"),
        _reconciled(outcome),
    ]
    return Group(*lines, *_leaderboard(outcome.leaders))


def _by_reason(reasons: Sequence[tuple[str, int]]) -> str:
    return f" ({', '.join(f'{n} {reason}' for reason, n in reasons)})" if reasons else ""


def _latency(samples: Sequence[float]) -> str:
    if not samples:
        return "not measured"
    p50, p95 = (texts.seconds(quantile(samples, share)) for share in (0.5, 0.95))
    return f"from Kafka to ClickHouse p50 {p50}, p95 {p95} (of {len(samples)} looks)"


def _reconciled(outcome: Outcome) -> Text:
    if outcome.unreconciled:
        return Text(f"  reconcile      could not compare: {outcome.unreconciled}", style="yellow")
    found = outcome.differences
    if not found:
        return Text("  reconcile      no difference", style="green")
    told = "\n".join(f"    {each}" for each in found[:_DIFFERENCES])
    return Text(f"  reconcile      {len(found)} differences\n{told}", style="red")


def _leaderboard(leaders: Sequence[Leader]) -> list[RenderableType]:
    if not leaders:
        return []
    table = Table("", "Manager", show_edge=False, padding=(0, 1))
    for title in ("Calls", "Answered offers", "Talk", "Ring"):
        table.add_column(title, justify="right")
    for rank, leader in enumerate(leaders, 1):
        table.add_row(
            str(rank),
            leader.name,
            texts.count(leader.calls),
            texts.count(leader.answered),
            texts.seconds(leader.talk_s),
            texts.seconds(leader.ring_s),
        )
    return [Text(), table]
