"""What a dashboard asks ClickHouse, by name."""

from collections.abc import Iterator

from grafana.call_centre_now import panels


def questions(days_back: int) -> Iterator[tuple[str, str]]:
    """Name and text of each: those of the dashboard *Call centre now*, and of usual panels over days."""
    since, until = f"today() - {days_back - 1}", "today()"
    begin, end = "now64(3, 'UTC') - INTERVAL 6 HOUR", "now64(3, 'UTC')"
    for number, panel in enumerate(panels(), start=1):
        sql = panel.sql.replace("$__fromTime", begin).replace("$__toTime", end)
        sql = sql.replace("${group:singlequote}", "'all'").replace("$window", "1h")
        yield f"Call centre now, panel {number}: {panel.title.replace('$window', '1h')}", sql
    period = f"sales.kpi_period(from = toString({since}), to = toString({until}))"
    days = f"day BETWEEN {since} AND {until}"
    yield (
        "a KPI by day, the centre",
        f"SELECT day, value FROM sales.kpi_daily WHERE kpi = 'missed_share' AND subject_kind = 'all' AND {days} ORDER BY day",
    )
    yield (
        "a KPI by day, all groups",
        f"SELECT day, subject, value FROM sales.kpi_daily WHERE kpi = 'answer_wait_p95_s' AND subject_kind = 'group' AND {days}",
    )
    yield (
        "a KPI by day, all managers",
        f"SELECT day, subject, value FROM sales.kpi_daily WHERE kpi = 'calls_handled' AND subject_kind = 'manager' AND {days}",
    )
    yield (
        "all KPI by day, one manager",
        f"SELECT day, kpi, value FROM sales.kpi_daily WHERE subject_kind = 'manager' AND subject = 'm007' AND {days}",
    )
    yield "all KPI of today, all", "SELECT subject, kpi, value FROM sales.kpi_daily WHERE day = today()"
    yield (
        "a KPI of the period, all managers",
        f"SELECT subject, value, n FROM {period} WHERE kpi = 'lead_within_5m' AND subject_kind = 'manager'",
    )
    yield (
        "all KPI of the period, the centre",
        f"SELECT kpi, value, n FROM {period} WHERE subject_kind = 'all'",
    )
    yield (
        "all KPI of the period, all managers",
        f"SELECT kpi, subject, value, n FROM {period} WHERE subject_kind = 'manager'",
    )
    yield (
        "calls by line and day",
        f"SELECT day, subject, value FROM sales.kpi_daily WHERE kpi = 'calls_in' AND subject_kind = 'line' AND {days}",
    )
    yield (
        "a KPI by day beside the week before, all groups",
        f"SELECT * FROM sales.kpi_compare WHERE kpi = 'missed_share' AND subject_kind = 'group' AND {days}",
    )
    yield (
        "a KPI of a week beside the one before, all managers",
        "SELECT * FROM sales.kpi_compare_period(from = toString(today() - 6), to = toString(today())) "
        "WHERE kpi = 'calls_handled' AND subject_kind = 'manager'",
    )
    yield (
        "open deals by day, all groups",
        "SELECT day, subject, value FROM sales.kpi_daily "
        f"WHERE kpi = 'open_deals' AND subject_kind = 'group' AND {days}",
    )
    yield (
        "enquiries that became a deal, all groups over the period",
        f"SELECT subject, value, n FROM {period} WHERE kpi = 'enquiry_to_deal' AND subject_kind = 'group'",
    )
    yield (
        "leaderboard of today",
        "SELECT * FROM sales.leaderboard WHERE kpi = 'calls_handled' AND window = 'today'",
    )
    yield (
        "leaderboard of the period",
        (
            f"SELECT * FROM sales.leaderboard_period(from = toString({since}), to = toString({until})) "
            "WHERE kpi = 'calls_handled'"
        ),
    )
    yield "funnel of 30 days", "SELECT * FROM sales.funnel WHERE period = '30d'"
    yield (
        "funnel between two days, all deals",
        f"SELECT * FROM sales.funnel_between(from = toString({since}), to = toString({until})) "
        "WHERE manager IS NULL",
    )
    for view in ("pipeline_now", "reasons", "plan_fact", "bonus", "managers_now", "open_items"):
        yield view, f"SELECT * FROM sales.{view}"
