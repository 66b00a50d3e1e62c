"""How old what had waited longest was at the end of a day, against ages reckoned one by one."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from clickhouse_connect.driver.client import Client

from tests.recount.plain import Plain
from tests.sinks.random_records import BEGIN, DAY, END, PEOPLE, ZONES, moment, ms
from tests.sinks.record_days import Days, ends_of_days, keep, settle, shown
from tests.sinks.stored import fact, put_facts, put_named

#: Tokyo's hours; support is always open.
PLAIN = Plain(
    {"anna": "sales", "boris": "support"}, {}, {"sales": dict.fromkeys(range(5), (540, 1080))}, 540, {}
)
NAMES = {
    "open_missed_oldest_s": "span_missed",
    "uncalled_missed_oldest_s": "span_uncalled",
    "open_leads_oldest_s": "span_lead",
}
#: Name, manager, group, since, until.
Span = tuple[str, str, str, datetime, datetime]


@pytest.fixture
def centre(store: Client) -> Client:
    settle(store)
    return store


def some_spans(seed: int) -> list[Span]:
    chance = random.Random(seed)
    found = []
    for _ in range(60):
        who = chance.choice(list(PEOPLE))
        # Some wait for weeks, some for no day's end at all.
        since = moment(chance, BEGIN, END) + timedelta(seconds=chance.randrange(60))
        until = since + timedelta(seconds=int(chance.expovariate(1 / 200_000)) + 1)
        name = chance.choice(list(NAMES.values()))
        found.append((name, "", PEOPLE[who], since, until))
        if name == "span_lead" and who:
            found.append((name, who, "", since + timedelta(minutes=7), until + timedelta(hours=3)))
    return found


def put_spans(url: str, spans: list[Span]) -> None:
    put_facts(
        url,
        *(
            fact(name, ms(since), ms(until), entity=f"x/{n}", manager=who, group=group, whole=not who)
            for n, (name, who, group, since, until) in enumerate(spans)
        ),
    )


def subjects(who: str, group: str) -> list[str]:
    return [f"m:{who}"] if who else [f"g:{group}", "a:all"]


def ages(spans: list[Span], name: str) -> Days:
    """Of each day at whose end something waited: the age of the oldest, and how many there were."""
    found: Days = {}
    for subject, zone in ZONES.items():
        own = [span for span in spans if span[0] == name and subject in subjects(*span[1:3])]
        for day, last in ends_of_days(zone):
            open_ = [
                PLAIN.working(group or PLAIN.group_of(who), ms(since), int(last.timestamp() * 1000))
                for _, who, group, since, until in own
                if since <= last < until
            ]
            if open_:
                found[day, subject] = max(open_) / 1000, len(open_)
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_oldest_at_the_end_of_a_day_is_on_the_clock_of_its_group(
    centre: Client, migrated: str, seed: int
) -> None:
    spans = some_spans(seed)
    put_spans(migrated, spans)
    keep(centre)
    for kpi, name in NAMES.items():
        found, wanted = shown(centre, kpi), ages(spans, name)
        assert {key: value for key, value in found.items() if value != (None, 0)} == wanted
        assert len(wanted) > 20
        days = {day for day, subject in found if subject == "a:all"}
        assert max(days) == str(datetime.now(UTC).date() - DAY), "days without any say so"


def test_a_missed_call_of_friday_evening_is_half_an_hour_old_on_sunday(centre: Client, migrated: str) -> None:
    friday = datetime(2026, 1, 16, 8, 30, tzinfo=UTC)  # 17:30 in Tokyo
    monday = datetime(2026, 1, 19, 3, 0, tzinfo=UTC)
    put_spans(migrated, [("span_missed", "", "sales", friday, monday)])
    keep(centre)
    found = shown(centre, "open_missed_oldest_s")
    group = {day: value for (day, subject), value in found.items() if subject == "g:sales"}
    assert [group[f"2026-01-{day}"] for day in (16, 17, 18, 19)] == [(1800.0, 1)] * 3 + [(None, 0)]
    (period,) = centre.query(
        "SELECT value, n FROM sales.kpi_period(from = '2026-01-01', to = '2026-01-18') "
        "WHERE kpi = 'open_missed_oldest_s' AND subject = 'sales'"
    ).result_rows
    assert period == (1800.0, 1)


def test_hours_reach_back_to_whatever_waited_years_ago(centre: Client, migrated: str) -> None:
    since = datetime(2019, 5, 3, 5, 0, tzinfo=UTC)  # a Friday, 14:00 in Tokyo
    put_spans(migrated, [("span_lead", "anna", "", since, since + 4 * DAY)])
    keeper = keep(centre)
    found = shown(centre, "open_leads_oldest_s")
    # Four hours of Friday, nine of Monday.
    ages = [found[f"2019-05-0{day}", "m:anna"][0] for day in (3, 4, 5, 6)]
    assert ages == [14_400.0, 14_400.0, 14_400.0, 46_800.0]
    put_spans(migrated, [("span_missed", "", "sales", since - 365 * DAY, since - 364 * DAY)])
    keeper.turn()  # history that was imported meanwhile
    day, midnight = str((since - 365 * DAY).date()), 4 * 3600.0
    assert shown(centre, "open_missed_oldest_s")[day, "g:sales"] == (midnight, 1)


def test_a_caller_waits_by_the_calendar(centre: Client, migrated: str) -> None:
    midnight = datetime(2026, 1, 13, 0, 0, tzinfo=UTC)
    call = {"source": "pbx", "call_id": "k1", "direction": "in", "customer": "c1", "outcome": "missed"}
    began, ended = ms(midnight) - 90_000, ms(midnight) + 30_000
    put_named(migrated, "calls", call | {"started_at": began, "ended_at": ended, "wait_ms": 100_000})
    keep(centre)
    assert shown(centre, "longest_waiting_s")["2026-01-12", "a:all"] == (69.999, 1)
