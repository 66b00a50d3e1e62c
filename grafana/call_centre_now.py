"""The dashboard *Call centre now*: what waits, how the day goes, who needs help, what alarms."""

from collections.abc import Iterator

from grafana.panels import DATASOURCE, Json, Panel, Place, kpi_stat, unit_of
from streams.kpis.declarations import KPIS

UID = "salespulse-call-centre-now"
FILE = "call_centre_now.json"

_WINDOW = "$window"
#: From which value on a tile turns, by the usual rules (deploy/config/rules.yaml is the measure of alarms).
_BAD_SHARE = ((None, "green"), (0.10, "orange"), (0.30, "red"))
_GOOD_SHARE = ((None, "red"), (0.70, "orange"), (0.80, "green"))
_ANY_WAITS = ((None, "green"), (1.0, "orange"), (5.0, "red"))
_WAITED_S = ((None, "green"), (20.0, "orange"), (60.0, "red"))
_UNCALLED_S = ((None, "green"), (600.0, "orange"), (1200.0, "red"))
#: Live values come at least once a minute.
_LATE_S = ((None, "green"), (75.0, "orange"), (120.0, "red"))

_MISSED_CALLS = """SELECT since, group_name AS "Group", phone_masked AS customer,
    waiting_minutes * 60 AS waits, misses, attempts, state, overdue
FROM sales.bi_missed_now
WHERE ${group:singlequote} IN ('all', ifNull(`group`, 'unassigned'))
ORDER BY since
LIMIT 50"""

_ALERTS = """SELECT started_at AS since, severity, summary
FROM sales.alerts
WHERE state = 'firing' AND ${group:singlequote} IN ('all', subject)
ORDER BY severity = 'critical' DESC, started_at
LIMIT 50"""

_FRESHNESS = """SELECT
    (SELECT if(count() = 0, NULL, dateDiff('second', max(as_of), now64(3, 'UTC'))) FROM sales.kpi_now)
        AS "live values",
    (SELECT if(count() = 0, NULL, dateDiff('second', max(occurred_at), now64(3, 'UTC')))
        FROM sales.events WHERE occurred_at > now64(3, 'UTC') - INTERVAL 1 DAY) AS "last event"
"""

_PER_MINUTE = """SELECT minute AS time,
    call_in_n AS "calls", call_answered_n AS "answered", call_missed_n AS "missed"
FROM sales.kpi_minutes
WHERE minute >= $__fromTime AND minute <= $__toTime
  AND subject_kind = if(${group:singlequote} = 'all', 'all', 'group') AND subject = ${group:singlequote}
ORDER BY time"""

_SHARES = """SELECT as_of AS time,
    maxIf(value, kpi = 'missed_share') AS "missed share",
    maxIf(value, kpi = 'service_level') AS "service level"
FROM sales.kpi_rolling_between(from = $__fromTime, to = $__toTime)
WHERE kpi IN ('missed_share', 'service_level') AND window = '$window'
  AND subject_kind = if(${group:singlequote} = 'all', 'all', 'group') AND subject = ${group:singlequote}
GROUP BY time
ORDER BY time"""

#: Column of the table of managers -> KPI of today.
_OF_MANAGERS = (
    "calls_handled",
    "calls_answered",
    "offers_missed",
    "offers_missed_share",
    "ring_p50_s",
    "talk_s",
    "avg_talk_s",
    "dials",
    "callbacks_made",
)


def _managers_sql() -> str:
    columns = ",\n    ".join(
        f"anyIf(v.value, v.kpi = '{kpi}') AS \"{KPIS[kpi].title}\"" for kpi in _OF_MANAGERS
    )
    return f"""SELECT if(any(m.name) = '', v.subject, any(m.name)) AS "Manager",
    {columns}
FROM sales.kpi_now AS v
LEFT JOIN sales.managers AS m ON m.manager = v.subject
WHERE v.subject_kind = 'manager' AND v.window = 'today' AND ${{group:singlequote}} IN ('all', m.`group`)
GROUP BY v.subject
ORDER BY 2 DESC NULLS LAST, 1"""


def panels() -> Iterator[Panel]:
    """All panels, from the top."""
    yield _freshness(Place(0, 0, 6, 4))
    yield _alerts(Place(6, 0, 18, 4))
    yield kpi_stat("calls_waiting", "now", Place(0, 4, 4, 4), _ANY_WAITS)
    yield kpi_stat("longest_waiting_s", "now", Place(4, 4, 4, 4), _WAITED_S)
    yield kpi_stat("uncalled_missed", "now", Place(8, 4, 4, 4), _ANY_WAITS)
    yield kpi_stat("uncalled_missed_oldest_s", "now", Place(12, 4, 4, 4), _UNCALLED_S)
    yield kpi_stat("missed_share", _WINDOW, Place(16, 4, 4, 4), _BAD_SHARE)
    yield kpi_stat("service_level", _WINDOW, Place(20, 4, 4, 4), _GOOD_SHARE)
    yield kpi_stat("calls_in", "today", Place(0, 8, 4, 3))
    yield kpi_stat("calls_answered", "today", Place(4, 8, 4, 3))
    yield kpi_stat("calls_missed", "today", Place(8, 8, 4, 3))
    yield kpi_stat("missed_share", "today", Place(12, 8, 4, 3), _BAD_SHARE)
    yield kpi_stat("service_level", "today", Place(16, 8, 4, 3), _GOOD_SHARE)
    yield kpi_stat("callback_within_20m", "today", Place(20, 8, 4, 3), _GOOD_SHARE)
    yield _per_minute(Place(0, 11, 12, 8))
    yield _shares(Place(12, 11, 12, 8))
    yield _missed(Place(0, 19, 12, 9))
    yield _managers(Place(12, 19, 12, 9))


def dashboard() -> Json:
    """The dashboard as Grafana imports it."""
    return {
        "uid": UID,
        "title": "Call centre now",
        "description": "What waits, how the day goes, who needs help, what alarms. Made by grafana/.",
        "tags": ["salespulse"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "10s",
        "time": {"from": "now-6h", "to": "now"},
        "timepicker": {"refresh_intervals": ["5s", "10s", "30s", "1m", "5m"]},
        "timezone": "browser",
        "graphTooltip": 1,
        "annotations": {"list": []},
        "links": [],
        "templating": {"list": [_groups(), _windows()]},
        "panels": [panel.json(number) for number, panel in enumerate(panels(), start=1)],
    }


def _groups() -> Json:
    query = """SELECT 'all' AS id, 'The whole centre' AS name
UNION ALL
SELECT `group`, name FROM (SELECT `group`, name FROM sales.groups WHERE active ORDER BY name)"""
    return {
        "name": "group",
        "label": "Group",
        "type": "query",
        "datasource": DATASOURCE,
        "query": query,
        "refresh": 1,
        "sort": 0,
        "multi": False,
        "includeAll": False,
        "current": {"text": "The whole centre", "value": "all", "selected": True},
    }


def _windows() -> Json:
    windows = ("5m", "15m", "30m", "1h", "today")
    return {
        "name": "window",
        "label": "Window",
        "type": "custom",
        "query": ",".join(windows),
        "multi": False,
        "includeAll": False,
        "options": [{"text": name, "value": name, "selected": name == "1h"} for name in windows],
        "current": {"text": "1h", "value": "1h", "selected": True},
    }


def _freshness(place: Place) -> Panel:
    return Panel(
        kind="stat",
        title="Data as of",
        description="Age of the newest live value and of the newest event of the last day. Numbers below are "
        "true for then: a live value that is older than two minutes is not shown.",
        sql=_FRESHNESS,
        place=place,
        unit="dtdurations",
        steps=_LATE_S,
        units={"last event": "dtdurations"},
        options={
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "/.*/", "values": False},
            "colorMode": "value",
            "graphMode": "none",
            "textMode": "value_and_name",
            "wideLayout": True,
        },
    )


def _alerts(place: Place) -> Panel:
    return Panel(
        kind="table",
        title="Alerts firing",
        description="Alerts that have not been resolved, the worst first. What to do stands in the runbook.",
        sql=_ALERTS,
        place=place,
        units={"since": "dateTimeFromNow"},
        options={"showHeader": True, "cellHeight": "sm"},
    )


def _missed(place: Place) -> Panel:
    return Panel(
        kind="table",
        title=KPIS["open_missed"].title,
        description="Customers with a missed call whom nobody has talked to since, the oldest first. "
        "Overdue: past the time in which they should have been called back.",
        sql=_MISSED_CALLS,
        place=place,
        units={"since": "dateTimeAsLocal", "waits": "dtdurations"},
        options={"showHeader": True, "cellHeight": "sm"},
    )


def _managers(place: Place) -> Panel:
    return Panel(
        kind="table",
        title="Managers today",
        description="Live values since midnight of the manager's group. Missed offers are calls that rang at "
        "this manager alone; calls that nobody took belong to the group.",
        sql=_managers_sql(),
        place=place,
        units={KPIS[kpi].title: unit_of(KPIS[kpi]) for kpi in _OF_MANAGERS},
        options={"showHeader": True, "cellHeight": "sm"},
    )


def _per_minute(place: Place) -> Panel:
    return Panel(
        kind="timeseries",
        title="Calls per minute",
        description="Inbound calls by minute: at their start, at their answer, at their end when missed.",
        sql=_PER_MINUTE,
        place=place,
        options={"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        defaults={"custom": {"drawStyle": "bars", "fillOpacity": 40, "lineWidth": 1}, "min": 0},
    )


def _shares(place: Place) -> Panel:
    missed, level = KPIS["missed_share"], KPIS["service_level"]
    return Panel(
        kind="timeseries",
        title=f"{missed.title} and {level.title.lower()}, {_WINDOW}",
        description=f"{missed.help} {level.help} Late events correct the past.",
        sql=_SHARES,
        place=place,
        unit="percentunit",
        options={"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        defaults={"custom": {"drawStyle": "line", "lineWidth": 2, "spanNulls": False}, "min": 0, "max": 1},
    )
