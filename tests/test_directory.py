"""Who is meant by a name, at which time; and what a directory may not say."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from streams.config_text import ConfigError
from streams.directory import Directory, GroupSettings

TEXT = """
time_zone: Europe/Moscow
settings: {answer_within_s: 25, give_up_days: 2}
groups:
  sales:
    name: Sales
    time_zone: Europe/Moscow
    hours: {mon-fri: "09:00-21:00", sat: "10:00-18:00"}
    holidays: [2027-01-01]
    aliases: {asterisk: [sales_queue]}
    settings: {conversation_min_s: 7.5}
    leads: [m001]
    oncall: [{days: mon-fri, from: "09:00", to: "15:00", who: m002}]
  support: {}
managers:
  m001: {name: Anna, group: sales, aliases: {asterisk: [SIP/101, {id: SIP/200, to: 2027-01-09}], mango: 29}}
  m002:
    name: Boris
    groups: [support, {group: sales, from: 2027-01-10}]
    aliases: {asterisk: [{id: SIP/200, from: 2027-01-10}], mango: [0101]}
    phones: ["+74951230091", {id: "+74951230092", from: 2027-01-10T12:00:00+03:00}]
    contact: {telegram: "@boris"}
  m003: {name: Vera, active: no, time_zone: Asia/Omsk}
lines:
  "+74951230001": sales
  ads: {name: Ads, group: support, aliases: {asterisk: [trunk-7]}}
  spare: {name: Spare}
sources:
  mango: {calls: primary, provides: [inbound]}
  bitrix24: {calls: enrich}
"""
D = Directory.from_text(TEXT)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


BEFORE = at("2027-01-09T23:59:59.999+03:00")
AFTER = at("2027-01-10T00:00:00+03:00")


@pytest.mark.parametrize(
    ("source", "name", "when", "id"),
    [
        ("asterisk", "SIP/101", BEFORE, "m001"),
        ("asterisk", "SIP/200", BEFORE, "m001"),  # an extension that was handed on
        ("asterisk", "SIP/200", AFTER, "m002"),
        ("mango", "29", AFTER, "m001"),
        ("mango", "0101", AFTER, "m002"),  # stays what it looks like
        ("mango", "SIP/101", AFTER, "unmapped:mango:SIP/101"),
        ("mango", "m003", AFTER, "m003"),  # ids are names, too
        ("asterisk", "", AFTER, ""),
    ],
)
def test_managers_are_found_by_alias_then_id(source: str, name: str, when: int, id: str) -> None:
    assert D.manager(source, name, when) == id


def test_groups_are_found_by_alias_then_id() -> None:
    assert D.group("asterisk", "sales_queue", AFTER) == "sales"
    assert D.group("mango", "sales", AFTER) == "sales"
    assert D.group("mango", "sales_queue", AFTER) == "unmapped:mango:sales_queue"
    assert D.group("mango", "", AFTER) == ""


def test_the_group_of_a_manager_is_that_of_the_time() -> None:
    assert D.group_of("m001", BEFORE) == "sales"
    assert D.group_of("m002", BEFORE) == "support"
    assert D.group_of("m002", AFTER) == "sales"
    assert D.group_of("m003", AFTER) == "unassigned"
    assert D.group_of("unmapped:mango:7", AFTER) == "unassigned"


def test_who_joins_a_group_later_was_in_none_before() -> None:
    late = Directory.from_text("groups: {a: }\nmanagers: {m: {groups: [{group: a, from: 2027-01-10}]}}")
    assert late.group_of("m", at("2027-01-09T23:59:59+00:00")) == "unassigned"
    assert late.group_of("m", at("2027-01-10T00:00:00+00:00")) == "a"


def test_lines() -> None:
    assert D.line("asterisk", "trunk-7", AFTER) == "ads"
    assert D.line("mango", "trunk-7", AFTER) == "trunk-7"
    assert D.group_of_line("+74951230001") == "sales"
    assert D.group_of_line("ads") == "support"
    assert D.group_of_line("spare") == D.group_of_line("nobody's") == ""


def test_own_phones_of_managers() -> None:
    assert D.owner_of_phone("+74951230091", BEFORE) == "m002"
    assert D.owner_of_phone("+74951230092", at("2027-01-10T11:59:59+03:00")) == ""
    assert D.owner_of_phone("+74951230092", at("2027-01-10T12:00:00+03:00")) == "m002"
    assert D.owner_of_phone("+74951230093", AFTER) == ""


def test_settings_come_from_the_group_then_the_directory_then_the_contract() -> None:
    assert D.group_settings("sales") == GroupSettings(
        conversation_min_ms=7_500, answer_within_ms=25_000, give_up_days=2
    )
    assert D.group_settings("support").answer_within_ms == 25_000
    assert D.group_settings("unassigned").answer_within_ms == 25_000
    assert GroupSettings() == GroupSettings(15_000, 20_000, 5_000, 5_000, 1_200_000, 3, 3)


def test_a_group_has_its_own_service_level_and_least_samples() -> None:
    found = Directory.from_text(
        """
settings: {sl_variant: SL3, min_n: {missed_share: 30, service_level: 40}}
groups:
  a: {settings: {sl_variant: SL1, short_abandon_s: 10, min_n: {missed_share: 5}}}
  b: {}
"""
    )
    a, b = found.group_settings("a"), found.group_settings("b")
    assert (a.sl_variant, a.short_abandon_ms) == ("SL1", 10_000)
    assert a.min_n == {"missed_share": 5, "service_level": 40}
    assert b == found.group_settings("unassigned")
    assert (b.sl_variant, b.min_n) == ("SL3", {"missed_share": 30, "service_level": 40})


def test_zones_and_hours() -> None:
    assert D.zone("sales") == ZoneInfo("Europe/Moscow")
    assert D.zone("support") == ZoneInfo("UTC")  # a group without a time zone
    assert D.zone("unassigned") == D.zone("unmapped:x:y") == ZoneInfo("Europe/Moscow")
    assert not D.calendar("sales").in_hours(at("2027-01-01T12:00:00+03:00"))
    assert D.calendar("support").in_hours(at("2027-01-01T12:00:00+03:00"))
    assert D.managers["m003"].zone == "Asia/Omsk"
    assert D.managers["m001"].zone == "Europe/Moscow"


def test_people() -> None:
    assert D.groups["sales"].leads == ("m001",)
    assert D.groups["sales"].oncall[0].who == "m002"
    assert D.managers["m002"].contact == {"telegram": "@boris"}
    assert [m.active for m in D.managers.values()] == [True, True, False]
    assert D.sources["bitrix24"].calls == "enrich"


def test_the_version_is_of_the_content_alone() -> None:
    other = Directory.from_text("# a comment\n" + TEXT.replace("name: Sales", 'name: "Sales"'))
    assert other.version == D.version
    assert len(D.version) == 12
    assert Directory.from_text(TEXT.replace("name: Sales", "name: Sale")).version != D.version


def test_an_empty_directory_is_allowed() -> None:
    empty = Directory.from_text("# nobody yet\n")
    assert empty.manager("a", "b", 0) == "unmapped:a:b"
    assert empty.zone("all") == ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("groups: [", "is not YAML"),
        ("group: {}", "line 1.*one of time_zone, settings, groups"),
        ("time_zone: Moscow", "line 1, time_zone: expected a time zone such as"),
        ("groups:\n  a b: {name: x}", "line 2.*an id of up to 64"),
        ("groups:\n  unassigned: {name: x}", "other than unassigned"),
        ("groups: {a: {}, a: {}}", "stands here twice"),
        ("groups: {a: {hourz: {}}}", "one of name, time_zone, hours"),
        ("groups: {a: {holidays: [2027-02-30]}}", r"groups\.a\.holidays\[0\].*a date such as"),
        ("groups: {a: {settings: {answer_within_s: -1}}}", "answer_within_s: expected seconds"),
        ("groups: {a: {settings: {answer_within_s: soon}}}", "found 'soon'"),
        ("groups: {a: {settings: {give_up_days: 1.5}}}", "a whole number"),
        ("settings: {answer_within_s: 2.5}", "seconds, a whole number from 0 to 600, found '2.5'"),
        ("settings: {short_abandon_s: 601}", "seconds, a whole number from 0 to 600"),
        ("groups: {a: {settings: {sl_variant: SL7}}}", "one of SL1, SL2, SL3, SL4, SL5, SL6, found 'SL7'"),
        ("settings: {min_n: {missed_shar: 5}}", "min_n.missed_shar: expected the id of a KPI"),
        ("settings: {min_n: {missed_share: 0}}", "a whole number of at least 1"),
        ("groups: {a: {leads: [m9]}}", "the id of a listed manager, found 'm9'"),
        ("managers:\n  m1:\n    group: b", r"line 3, managers\.m1\.group.*none is listed"),
        ("groups: {a: }\nmanagers: {m1: {group: b}}", "one of the groups a, found 'b'"),
        ("groups: {a: }\nmanagers: {m1: {group: a, groups: [a]}}", "either group or groups"),
        ("groups: {a: }\nmanagers: {m1: {groups: [a, a]}}", "its own `from`"),
        ("managers: {m1: {phones: [8495123]}}", "a phone such as"),
        ("managers: {m1: {active: perhaps}}", "true or false"),
        ("managers: {m1: {aliases: {x: [{from: 2027-01-01}]}}}", "a name, or"),
        ("managers: {m1: {aliases: {x: [{id: a, from: 2027-01-02, to: 2027-01-01}]}}}", "not before"),
        ("managers: {m1: {aliases: {x: [{id: a, from: 2027-01-02T10:00}]}}}", "a time such as"),
        ("managers: {m1: {aliases: {x: a}}, m2: {aliases: {x: a}}}", "m1 and m2 have it"),
        ("sources: {x: {calls: both}}", "primary or enrich"),
        ("lines: {x: {group: a}}", "none is listed"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=rf"(?s)directory\.yaml.*{said}"):
        Directory.from_text(text)


def test_a_last_day_and_the_next_first_day_do_not_overlap_when_clocks_change() -> None:
    text = """
time_zone: Europe/Berlin
managers:
  m1: {aliases: {x: [{id: a, to: 2027-10-31}]}}
  m2: {aliases: {x: [{id: a, from: 2027-11-01}]}}
"""
    berlin = Directory.from_text(text)
    midnight = int(datetime(2027, 10, 31, 23, tzinfo=UTC).timestamp() * 1000)
    assert berlin.manager("x", "a", midnight - 1) == "m1"
    assert berlin.manager("x", "a", midnight) == "m2"
