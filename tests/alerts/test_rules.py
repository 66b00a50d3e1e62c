"""Reading rules.yaml: what it may say, and how each mistake is named."""

from types import SimpleNamespace

import pytest

from streams.alerts.rules import Level, Rule, load_rules
from streams.config_text import ConfigError

KNOWN = SimpleNamespace(
    managers={"anna": object(), "boris": object(), "both": object()},
    groups={"sales": object(), "support": object(), "both": object()},
)


def rules(text: str) -> list[Rule]:
    return load_rules(text, KNOWN)


def rule(**changes: str) -> Rule:
    """One rule; `changes` are keys with their YAML, or an empty text to leave a key out."""
    keys = {"name": "r", "kpi": "missed_share", "window": "15m", "subjects": "groups", "above": "0.1"}
    keys |= {key.rstrip("_"): value for key, value in changes.items()}
    lines = [f"{key}: {value}" for key, value in keys.items() if value]
    (found,) = rules("rules:\n  - " + "\n    ".join(lines))
    return found


def test_the_contracts_example() -> None:
    (found,) = rules(
        """
rules:
  - name: missed-share
    kpi: missed_share            # a KPI id
    window: 15m                  # for KPI that have windows
    subjects: groups             # managers, groups, all, or a list of ids
    above: 0.10                  # or below
    resolve: 0.07                # default: the threshold
    for: 2m                      # default 0s
    min_n: 10                    # default 1
    severity: warning            # or levels
    hours: working               # default; or always
    repeat: 30m
    notify: [lead]               # receivers by name; default all
    summary: "{subject}: {value:.0%} of {n} calls missed in {window}"
"""
    )
    assert (found.name, found.kpi.id, found.window) == ("missed-share", "missed_share", "15m")
    assert (set(found.kinds), set(found.named)) == ({"g"}, set())
    assert found.above
    assert found.levels == (Level(0.10, "warning", 0.07),)
    assert (found.lasting, found.min_n, found.working, found.repeat) == (120_000, 10, True, 1_800_000)
    assert found.notify == ("lead",)
    assert found.runbook == "deploy/runbook.md#missed-share"


def test_the_least_sample_is_the_rules_own_then_the_groups_then_1() -> None:
    silent, own = rule(), rule(min_n="7")
    group = {silent.kpi.id: 40, "dials": 9}
    assert (silent.of_group({}).least_n, silent.of_group({"dials": 9}).least_n) == (1, 1)
    assert silent.of_group(group).least_n == 40
    assert own.of_group(group).least_n == 7


def test_what_a_rule_need_not_say() -> None:
    found = rule()
    assert found.levels == (Level(0.1, "warning", 0.1),)
    assert (found.lasting, found.least_n, found.working, found.repeat, found.notify) == (0, 1, True, 0, ())
    assert rule(hours="always").working is False
    assert rules("") == rules("rules:") == []


def test_levels_from_mild_to_severe() -> None:
    levels = "[{below: 0.8, severity: warning, resolve: 0.85}, {below: 0.5, severity: critical}]"
    found = rule(kpi="service_level", above="", levels=levels)
    assert not found.above
    assert found.levels == (Level(0.8, "warning", 0.85), Level(0.5, "critical", 0.5))


def test_limits_of_kpi_in_seconds_may_be_durations() -> None:
    found = rule(kpi="uncalled_missed_oldest_s", window="", above="20m", resolve="90s")
    assert found.levels == (Level(1200.0, "warning", 90.0),)
    assert found.window == "now"
    assert rule(kpi="longest_waiting_s", window="now", above="60").levels[0].threshold == 60.0


@pytest.mark.parametrize(
    ("subjects", "kpi", "concerned", "others"),
    [
        ("groups", "missed_share", ["g:sales"], ["m:anna", "a:all", "g:unassigned", "g:unmapped:pbx:q9"]),
        ("all", "missed_share", ["a:all"], ["g:sales"]),
        ("[groups, all]", "missed_share", ["g:sales", "a:all"], ["m:anna"]),
        ("managers", "offers_missed_share", ["m:anna"], ["g:sales", "m:unmapped:pbx:SIP/9"]),
        ("[sales]", "missed_share", ["g:sales"], ["g:support"]),
        ("[anna, sales]", "offers_missed_share", ["m:anna", "g:sales"], ["m:boris", "g:support"]),
        ("[g:both]", "offers_missed_share", ["g:both"], ["m:both"]),
        ("[groups, unassigned]", "missed_share", ["g:sales", "g:unassigned"], ["g:unmapped:pbx:q9"]),
        ("['unmapped:pbx:q9']", "missed_share", ["g:unmapped:pbx:q9"], ["m:unmapped:pbx:q9"]),
        ("['g:unmapped:pbx:q9']", "missed_share", ["g:unmapped:pbx:q9"], ["g:sales"]),
        ("['unmapped:pbx:x']", "offers_missed", ["g:unmapped:pbx:x", "m:unmapped:pbx:x"], ["m:anna"]),
    ],
)
def test_subjects(subjects: str, kpi: str, concerned: list[str], others: list[str]) -> None:
    found = rule(subjects=subjects, kpi=kpi)
    assert all(found.concerns(subject) for subject in concerned)
    assert not any(found.concerns(subject) for subject in others)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"kpi": "mised_share"},
            r"rules\[0\]\.kpi: expected the id of a KPI \(did you mean missed_share\?\)",
        ),
        ({"kpi": ""}, r"a rule with `kpi`"),
        ({"window": "2h"}, r"one of 5m, 15m, 30m, 1h, today"),
        ({"window": ""}, r"a rule with `window`: one of 5m"),
        ({"kpi": "open_missed", "window": "15m", "above": "1"}, r"window: expected one of now"),
        ({"subjects": "[salse]"}, r"ids of the directory \(did you mean sales\?\)"),
        ({"subjects": "manager"}, r"did you mean managers\?"),
        ({"subjects": "[m:nobody]"}, r"ids of the directory"),
        ({"subjects": "managers"}, r"subjects that missed_share exists for \(group, all\)"),
        ({"subjects": "managers", "kpi": "offers", "above": "9"}, r"offers is not within one person's power"),
        ({"subjects": "[anna]", "kpi": "dials_answered_share"}, r"not within one person's power"),
        ({"subjects": "[both]", "kpi": "offers_missed_share"}, r"m:both or g:both"),
        ({"subjects": "[]"}, r"managers, groups, all, or a list of ids"),
        ({"subjects": ""}, r"a rule with `subjects`"),
        ({"above": ""}, r"either `above` or `below`"),
        ({"below": "0.1"}, r"either `above` or `below`"),
        ({"above": "15"}, r"a share from 0 to 1 such as 0\.15"),
        ({"above": "a lot"}, r"a share from 0 to 1"),
        ({"resolve": "0.2"}, r"a limit on the good side of 0\.1"),
        ({"above": "", "below": "0.5", "resolve": "0.4"}, r"a limit on the good side of 0\.5"),
        ({"severity": "criticl"}, r"one of warning, critical \(did you mean critical\?\)"),
        ({"levels": "[{above: 0.2}]"}, r"`above` in each of `levels`"),
        ({"above": "", "levels": "[]"}, r"a list of levels"),
        (
            {"above": "", "levels": "[{above: 0.2}, {above: 0.3}]"},
            r"levels from mild to severe",
        ),
        (
            {"above": "", "levels": "[{above: 0.3}, {above: 0.2, severity: critical}]"},
            r"levels from mild to severe",
        ),
        ({"above": "", "levels": "[{above: 0.3}, {below: 0.2, severity: critical}]"}, r"all with `above`"),
        ({"for_": "5"}, r"rules\[0\]\.for: expected a duration such as 30s"),
        ({"repeat": "often"}, r"a duration"),
        ({"min_n": "0"}, r"a whole number from 1 on"),
        ({"hours": "worked"}, r"one of working, always \(did you mean working\?\)"),
        ({"abov": "1"}, r"expected one of name, kpi"),
        ({"summary": "'{who} is late'"}, r"only the names subject, .* not \{who\}"),
        ({"summary": "'{subject.__class__}'"}, r"only the names"),
        ({"summary": "'{value!r}'"}, r"only the names"),
        ({"summary": "'{value:{n}}'"}, r"a plain format"),
        ({"summary": "'{subject:.0%}'"}, r"formats that fit"),
        ({"summary": "'{value'"}, r"a sentence with \{names\} in braces"),
    ],
)
def test_mistakes_are_named(changes: dict[str, str], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault) as caught:
        rule(**changes)
    assert str(caught.value).startswith("rules.yaml, line ")
    assert str(caught.value).endswith("(rule r)")


def test_names_are_given_once_and_fit_an_address() -> None:
    with pytest.raises(ConfigError, match="a rule of this one stands above"):
        rules("rules:\n" + "  - {name: a, kpi: calls_in, window: 1h, subjects: all, above: 1}\n" * 2)
    with pytest.raises(ConfigError, match="small letters, digits and hyphens"):
        rules("rules: [{name: Missed Share}]")
    with pytest.raises(ConfigError, match="a rule with a name"):
        rules("rules: [{kpi: calls_in}]")
    with pytest.raises(ConfigError, match=r"rules\.yaml, line 1.*expected one of rules, found 'rule'"):
        rules("rule: []")
