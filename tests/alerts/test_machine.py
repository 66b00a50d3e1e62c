"""The life of alerts, told as tables: a reading and what is told of it."""

from types import SimpleNamespace

import msgspec
import pytest

from streams.alerts.machine import AlertState, Transition, restore, step, withdrawn
from streams.alerts.rules import Rule, load_rules

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
#: Some moment at the start of a minute.
START = 28_488_120 * MINUTE
KNOWN = SimpleNamespace(managers={}, groups={"sales": object()})

SHARE = "{name: r, kpi: missed_share, window: 1h, subjects: groups, above: 0.1%s}"
LEVELS = (
    "{name: r, kpi: missed_share, window: 1h, subjects: groups, for: 2m, levels: "
    "[{above: 0.1, severity: warning, resolve: 0.05}, {above: 0.3, severity: critical, resolve: 0.2}]}"
)


def rule(text: str = SHARE % "") -> Rule:
    (found,) = load_rules(f"rules: [{text}]", KNOWN)
    return found


class Story:
    """An alert from reading to reading."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.state: AlertState | None = None
        self.told: list[Transition] = []

    @property
    def phase(self) -> str:
        return self.state.phase if self.state else "ok"

    def at(self, minutes: float, value: float | None, n: int = 20, *, working: bool = True) -> str:
        """What is told after a reading: `change severity`, or nothing."""
        now = START + round(minutes * MINUTE)
        self.state, told = step(self.rule, self.state, "g:sales", value, n, now, working, "Sales")
        if told is None:
            return ""
        self.told.append(told)
        return f"{told.change} {told.severity}"


def test_it_fires_beyond_the_threshold_and_resolves_at_it() -> None:
    story = Story(rule())
    assert [story.at(0, 0.1), story.at(1, 0.11), story.at(2, 0.5), story.at(3, 0.1), story.at(4, 0.1)] == [
        "",
        "fired warning",
        "",
        "resolved warning",
        "",
    ]


def test_below_is_the_mirror_image() -> None:
    text = "{name: r, kpi: service_level, window: 1h, subjects: groups, below: 0.7, resolve: 0.8}"
    story = Story(rule(text))
    assert [story.at(0, 0.7), story.at(1, 0.6), story.at(2, 0.79), story.at(3, 0.8)] == [
        "",
        "fired warning",
        "",
        "resolved warning",
    ]


def test_it_must_be_bad_for_as_long_as_the_rule_says_without_a_break() -> None:
    story = Story(rule(SHARE % ", for: 2m"))
    assert story.at(0, 0.2) == ""
    assert story.phase == "pending"
    assert story.at(1, 0.1) == ""
    assert story.phase == "ok"
    assert story.at(2, 0.2) == ""
    assert story.at(3.99, 0.2) == ""
    assert story.at(4, 0.2) == "fired warning"
    assert story.told[0].started_at == START + 2 * MINUTE


def test_resolve_keeps_it_from_going_on_and_off() -> None:
    story = Story(rule(SHARE % ", resolve: 0.05"))
    told = [story.at(minute, value) for minute, value in enumerate([0.2, 0.09, 0.06, 0.11, 0.05, 0.09])]
    assert told == ["fired warning", "", "", "", "resolved warning", ""]


def test_few_calls_raise_no_alarm_but_keep_one() -> None:
    story = Story(rule(SHARE % ", min_n: 10"))
    assert story.at(0, 0.9, 9) == ""
    assert story.at(1, 0.9, 10) == "fired warning"
    assert story.at(2, 0.9, 3) == ""
    assert story.at(3, 0.0, 3) == "resolved warning"


def test_an_empty_window_ends_it() -> None:
    story = Story(rule())
    story.at(0, 0.9)
    assert story.at(1, None, 0) == "resolved warning"
    assert story.told[-1].summary == "Sales: Missed share: none left, after 60 s"
    assert story.told[-1].value is None


def test_a_pending_alert_needs_a_value_all_the_time() -> None:
    story = Story(rule(SHARE % ", for: 2m, min_n: 10"))
    assert [
        story.at(0, 0.9),
        story.at(1, None, 0),
        story.at(2, 0.9),
        story.at(3, 0.9, 9),
        story.at(4, 0.9),
    ] == [""] * 5
    assert story.at(6, 0.9) == "fired warning"


def test_severity_changes_within_one_episode_and_the_worst_is_kept() -> None:
    story = Story(rule(LEVELS))
    values = [
        (0, 0.2),
        (2, 0.2),
        (3, 0.4),
        (4, 0.4),
        (5, 0.4),
        (6, 0.25),
        (7, 0.15),
        (8, 0.4),
        (9, 0.06),
        (10, 0.05),
    ]
    assert [story.at(minute, value) for minute, value in values] == [
        "",
        "fired warning",
        "",
        "",
        "raised critical",  # 0.4 for two minutes
        "",  # 0.25 is above 0.2
        "lowered warning",
        "",
        "",
        "resolved warning",
    ]
    assert len({told.alert_id for told in story.told}) == 1
    assert [told.worst for told in story.told] == ["warning", "critical", "critical", "critical"]
    assert [told.threshold for told in story.told] == [0.1, 0.3, 0.1, 0.1]


def test_it_may_begin_at_the_worst() -> None:
    story = Story(rule(LEVELS))
    assert [story.at(0, 0.5), story.at(2, 0.5)] == ["", "fired critical"]
    assert story.at(3, 0.0) == "resolved critical"


def test_outside_working_hours_it_is_held() -> None:
    story = Story(rule(SHARE % ", for: 2m"))
    told = [
        story.at(0, 0.5),
        story.at(1, 0.5, working=False),
        story.at(600, 0.5, working=False),
        story.at(601, 0.5),  # opening: nothing fires at once for what was bad at closing
        story.at(602, 0.5),
        story.at(603, 0.5),
        story.at(604, 0.0, working=False),
        story.at(605, 0.0),
    ]
    assert told == ["", "", "", "", "", "fired warning", "", "resolved warning"]
    always = Story(rule(SHARE % ", hours: always"))
    assert always.at(0, 0.5, working=False) == "fired warning"


def test_growing_worse_is_not_judged_over_night() -> None:
    story = Story(rule(LEVELS))
    assert [story.at(0, 0.2), story.at(2, 0.2), story.at(3, 0.5)] == ["", "fired warning", ""]
    assert story.at(4, 0.5, working=False) == ""
    assert [story.at(600, 0.5), story.at(601, 0.5), story.at(602, 0.5)] == ["", "", "raised critical"]


def test_a_rule_may_ask_for_more_time_while_it_fires() -> None:
    story = Story(rule())
    story.at(0, 0.5)
    story.rule = rule(SHARE % ", for: 1h")
    assert [story.at(1, 0.5), story.at(2, 0.0)] == ["", "resolved warning"]


def test_reminders_while_it_lasts() -> None:
    story = Story(rule(SHARE % ", repeat: 30m"))
    told = [story.at(0, 0.5), story.at(29, 0.5), story.at(30, 0.6), story.at(59, 0.5), story.at(60, 0.5)]
    assert told == ["fired warning", "", "reminder warning", "", "reminder warning"]
    assert story.told[1].alert_id == story.told[0].alert_id
    assert story.told[1].value == 0.6
    assert story.at(100, 0.5, working=False) == ""


def test_a_firing_alert_is_recorded_daily_even_outside_hours() -> None:
    story = Story(rule())
    story.at(0, 0.5)
    assert story.at(24 * 60 - 1, 0.5) == ""
    assert story.at(24 * 60, 0.5) == "recorded warning"
    assert story.at(48 * 60, None, 0, working=False) == "recorded warning"
    assert story.told[-1].summary == "Sales: Missed share: still firing, judged again in working hours"


def test_a_transition_says_all_that_the_contract_names() -> None:
    text = (
        SHARE % ", runbook: https://wiki.example/r, notify: [lead], summary: '{subject}: {value:.0%} of {n}'"
    )
    story = Story(rule(text))
    story.at(0.5, 0.25)
    record = msgspec.json.decode(msgspec.json.encode(story.told[0]))
    alert_id = record.pop("alert_id")
    assert record == {
        "rule": "r",
        "severity": "warning",
        "state": "firing",
        "subject_kind": "group",
        "subject": "sales",
        "kpi": "missed_share",
        "window": "1h",
        "value": 0.25,
        "threshold": 0.1,
        "n": 20,
        "started_at": START + 30_000,
        "at": START + 30_000,
        "summary": "Sales: 25% of 20",
        "runbook": "https://wiki.example/r",
        "change": "fired",
        "worst": "warning",
        "notify": ["lead"],
    }
    assert story.told[0].key == "r|group|sales"
    again = Story(rule(text))
    again.at(0.9, 0.25)
    assert again.told[0].alert_id == alert_id, "the same minute is the same episode"
    later = Story(rule(text))
    later.at(1, 0.25)
    assert later.told[0].alert_id != alert_id


def test_the_state_can_be_read_back_from_the_last_transition() -> None:
    story = Story(rule(LEVELS))
    for minute, value in ((0, 0.5), (2, 0.5), (3, 0.15)):
        story.at(minute, value)
    for told in story.told:
        read = msgspec.json.decode(msgspec.json.encode(told), type=Transition)
        back = Story(rule(LEVELS))
        back.state = restore(back.rule, read)
        assert (back.state.level, back.state.worst) == ((1, 1) if told.change == "fired" else (0, 1))
        assert back.at(4, 0.01) == f"resolved {told.severity}"
        assert back.told[0].alert_id == told.alert_id
        assert back.told[0].started_at == START
    story.at(5, 0.0)
    assert restore(story.rule, story.told[-1]) == AlertState()


def test_a_rule_may_lose_levels_while_it_fires() -> None:
    story = Story(rule(LEVELS))
    story.at(0, 0.5)
    story.at(2, 0.5)
    story.rule = rule()
    assert story.at(3, 0.5) == ""
    assert story.at(4, 0.0) == "resolved warning"
    assert restore(rule(), story.told[0]).level == 0


def test_an_alert_whose_rule_is_gone_ends() -> None:
    story = Story(rule())
    story.at(0, 0.5)
    end = withdrawn(story.told[0], START + HOUR)
    assert (end.state, end.at, end.alert_id) == ("resolved", START + HOUR, story.told[0].alert_id)


def test_a_clock_that_goes_back_a_little_does_no_harm() -> None:
    story = Story(rule(SHARE % ", for: 1m"))
    assert [story.at(1, 0.5), story.at(0.5, 0.5), story.at(1.9, 0.5), story.at(2, 0.5)] == [
        "",
        "",
        "",
        "fired warning",
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (45, "45 s"),
        (119, "119 s"),
        (120, "2 min"),
        (2045, "34 min"),
        (7500, "2 h 05 min"),
        (200_000, "2 d 7 h"),
    ],
)
def test_durations_are_told_in_words(value: float, words: str) -> None:
    text = "{name: r, kpi: uncalled_missed_oldest_s, subjects: groups, above: 1s, summary: '{value_text}'}"
    story = Story(rule(text))
    story.at(0, value, 1)
    assert story.told[0].summary == words
