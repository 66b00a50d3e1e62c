"""Closes periods: stores KPI values and bonus proposals as they are paid, and who approved them.

`closed_periods` is written last. Rows of a closing that was cut off before have a version that no
closed period has, so nobody sees them.
"""

from dataclasses import dataclass
from datetime import datetime

from clickhouse_connect.driver.client import Client

from streams.kpis.sql import deals_select
from streams.kpis.sql_days import zone_lists
from streams.periods import Period, still_runs_in
from streams.sinks.connection import ROWS, WRITE_SETTINGS


class Refused(Exception):
    """The period cannot be closed or approved; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Closing:
    """How much was stored."""

    values: int
    terms: int
    adjustments: int


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed period, as `salespulse period list` tells it."""

    period: Period
    by: str
    at: datetime
    values: int
    terms: int
    approvals: list[str]  #: `sales by Olga Orlova`
    waiting: list[str]  #: groups whose bonuses nobody approved
    adjustments: int  #: values that are not any more what was closed or settled


def close_period(client: Client, period: Period, by: str, now: int) -> Closing:
    """Stores the period as it stands at `now` (ms). Raises Refused when it runs still or is closed already."""
    if running := still_runs_in(period, _zones(client), now):
        raise Refused(f"{period} is not over yet in {running}: close it from {period.last} midnight there on")
    if (told := _closed(client, period)) is not None:
        raise Refused(f"{period} was closed {_when(told[1])} by {told[0]}: a period is closed once")
    for table, select in _selects(period).items():
        _store(client, table, select, now)
    client.insert(
        "closed_periods",
        [[period.first, period.last, by, now, now, 0]],
        column_names=["period_start", "period_end", "closed_by", "closed_at", "version", "gone"],
        database=ROWS,
        settings=WRITE_SETTINGS,
    )
    settled = _count(client, "adjustments_closed", "settled_start", "settled_end", period)
    values, terms = (_count(client, view, *_DAYS, period) for view in ("kpi_closed", "bonus_closed"))
    return Closing(values, terms, settled)


def approve_bonus(client: Client, period: Period, by: str, group: str | None, now: int) -> list[str]:
    """Notes that a person approved the proposals of a group, or of all groups; returns the groups, in order.

    Raises Refused when the period is not closed, has no such proposals, or all are approved already.
    """
    if _closed(client, period) is None:
        raise Refused(f"{period} is not closed: `salespulse period close {period}` first")
    proposed = _proposed(client, period)
    asked = [group] if group is not None else sorted(proposed)
    if not asked or asked[0] not in proposed:
        of = f" of group {group}" if group is not None else ""
        raise Refused(f"{period} has no bonus proposals{of}: nothing to approve")
    waiting = [each for each in asked if not proposed[each]]
    if not waiting:
        told = "; ".join(f"{each}: {proposed[each]}" for each in asked)
        raise Refused(f"the bonuses of {period} are approved already ({told})")
    names = ["period_start", "period_end", "group", "approved_by", "approved_at", "version", "gone"]
    rows = [[period.first, period.last, each, by, now, now, 0] for each in waiting]
    client.insert("bonus_approvals", rows, column_names=names, database=ROWS, settings=WRITE_SETTINGS)
    return waiting


def closed_periods(client: Client) -> list[Closed]:
    """All closed periods, earliest first."""
    rows = client.query(
        "SELECT period_start, period_end, closed_by, closed_at FROM sales.closed_periods "
        "ORDER BY period_start, period_end"
    ).result_rows
    changed = {
        Period(first, last): int(number)
        for first, last, number in client.query(
            "SELECT period_start, period_end, count() FROM sales.adjustments GROUP BY ALL"
        ).result_rows
    }
    return [_told(client, Period(first, last), by, at, changed) for first, last, by, at in rows]


def _told(client: Client, period: Period, by: str, at: datetime, changed: dict[Period, int]) -> Closed:
    proposed = _proposed(client, period)
    return Closed(
        period,
        by,
        at,
        _count(client, "kpi_closed", *_DAYS, period),
        _count(client, "bonus_closed", *_DAYS, period),
        [f"{group} {approval}" for group, approval in sorted(proposed.items()) if approval],
        sorted(group for group, approval in proposed.items() if not approval),
        changed.get(period, 0),
    )


_DAYS = ("period_start", "period_end")


def _zones(client: Client) -> list[str]:
    rows = client.query(
        f"SELECT DISTINCT toString(time_zone) FROM {ROWS}.groups FINAL WHERE time_zone != '' "
        f"UNION DISTINCT SELECT DISTINCT toString(time_zone) FROM {ROWS}.managers FINAL WHERE time_zone != ''"
    ).result_rows
    return sorted(str(zone) for (zone,) in rows) or ["UTC"]


def _closed(client: Client, period: Period) -> tuple[str, datetime] | None:
    rows = client.query(
        "SELECT closed_by, closed_at FROM sales.closed_periods "
        "WHERE period_start = {from:Date} AND period_end = {to:Date}",
        parameters={"from": period.first, "to": period.last},
    ).result_rows
    return (str(rows[0][0]), rows[0][1]) if rows else None


def _proposed(client: Client, period: Period) -> dict[str, str]:
    """Group to who approved its bonuses and when, empty while nobody did."""
    rows = client.query(
        "SELECT `group`, any(approved_by), any(approved_at) FROM sales.bonus_closed "
        "WHERE period_start = {from:Date} AND period_end = {to:Date} GROUP BY `group`",
        parameters={"from": period.first, "to": period.last},
    ).result_rows
    return {group: f"by {by} {_when(at)}" if by else "" for group, by, at in rows}


def _count(client: Client, view: str, first: str, last: str, period: Period) -> int:
    rows = client.query(
        f"SELECT count() FROM sales.{view} WHERE {first} = {{from:Date}} AND {last} = {{to:Date}}",
        parameters={"from": period.first, "to": period.last},
    ).result_rows
    return int(rows[0][0])


def _when(at: datetime) -> str:
    return f"on {at:%Y-%m-%d at %H:%M} UTC"


def _selects(period: Period) -> dict[str, str]:
    """What each table of a closing stores, but for the version."""
    first, last = f"toDate('{period.first}')", f"toDate('{period.last}')"
    of = f"{first} AS period_start, {last} AS period_end"
    ranges = f"[(toDate('{period.first}'), toDate('{period.last}'))]"
    return {
        "kpi_closed": f"""SELECT {of}, subject_kind, subject, kpi, value, n, num, den, mature, revised_at, param
            FROM sales.kpi_period(from = '{period.first}', to = '{period.last}')""",
        "deals_closed": f"WITH {zone_lists()} {deals_select(ranges, first, last)}",
        "bonus_closed": f"""SELECT period_start, period_end, `group`, manager, kpi, value, n, target, weight,
            attainment, cap, money, note, currency
            FROM sales.bonus WHERE period_start = {first} AND period_end = {last}""",
        "adjustments_closed": f"""SELECT period_start, period_end, kind, subject_kind, subject,
            ifNull(`group`, '') AS `group`, kpi, closed_value, value, n, param, revised_at,
            {first} AS settled_start, {last} AS settled_end
            FROM sales.adjustments WHERE period_end < {first}""",
    }


def _store(client: Client, table: str, select: str, version: int) -> None:
    names = client.query(f"SELECT * FROM ({select}) LIMIT 0").column_names
    columns = ", ".join(f"`{name}`" for name in names)
    client.command(
        f"INSERT INTO {ROWS}.{table} ({columns}, version) SELECT *, {version} FROM ({select})",
        settings=WRITE_SETTINGS,
    )
