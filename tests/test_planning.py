"""Absences, plans and bonus formulas: what they say, and what they may not say."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from streams.absences import absent_days, is_absent, read_absences
from streams.bonus import Formula, KpiFacts, Term, attainment, pay, read_bonus
from streams.config import load_config, load_planning
from streams.config_text import ConfigError
from streams.plans import read_plans

KPIS = {
    "deals_won": KpiFacts("up", personal=True),
    "offers_missed_share": KpiFacts("down", personal=True),
    "calls_in": KpiFacts("neutral", personal=False),
    "missed_share": KpiFacts("down", personal=False),
}
SUBJECTS = {"manager": ("m1",), "group": ("sales",), "all": ("all",)}
PLANS = "subject_kind,subject,kpi,period_start,period_end,value\n"
ABSENCES = "manager,from,to,kind\n"


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def test_absences_are_whole_days_where_the_directory_is() -> None:
    days = absent_days(
        read_absences(ABSENCES + "m1,2027-01-11,2027-01-12,vacation\nm1,2027-02-01,,\n", ["m1"])
    )
    moscow = ZoneInfo("Europe/Moscow")

    def absent(at: str) -> bool:
        return is_absent(days, moscow, "m1", ms(at))

    assert not absent("2027-01-10T23:59:59+03:00")
    assert absent("2027-01-11T00:00:00+03:00")
    assert absent("2027-01-12T23:59:59+03:00")
    assert not absent("2027-01-13T00:00:00+03:00")
    assert absent("2027-02-01T12:00:00+03:00")
    assert not is_absent(days, moscow, "m2", ms("2027-01-11T12:00:00+03:00"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "m9,2027-01-11,2027-01-12,vacation",
            "line 2, manager: expected the id of a listed manager, found 'm9'",
        ),
        ("m1,2027-01-11,2027-01-12,flu", "line 2, kind: expected one of vacation, sick"),
        ("m1,2027-13-11,2027-01-12,off", "line 2, from: expected a day such as 2027-01-31"),
        ("m1,2027-01-11,2027-01-10,off", "line 2, to: expected a day not before 2027-01-11"),
    ],
)
def test_faults_of_absences(line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"absences\.csv") as fault:
        read_absences(ABSENCES + line + "\n", ["m1"])
    assert said in str(fault.value)


def test_plans() -> None:
    (plan,) = read_plans(PLANS + "manager,m1,deals_won,2027-01-01,2027-01-31,15\n", SUBJECTS, KPIS)
    assert (plan.subject, plan.kpi, plan.period_end, plan.value) == (
        "m1",
        "deals_won",
        date(2027, 1, 31),
        15.0,
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("team,m1,deals_won,2027-01-01,2027-01-31,15", "subject_kind: expected one of all, group, manager"),
        ("manager,m7,deals_won,2027-01-01,2027-01-31,15", "subject: expected one of m1, found 'm7'"),
        ("manager,m1,happiness,2027-01-01,2027-01-31,15", "kpi: expected one of"),
        ("manager,m1,deals_won,2027-01-01,2026-01-31,15", "period_end: expected a day not before"),
        ("manager,m1,deals_won,2027-01-01,2027-01-31,0", "value: expected a number above 0, found '0'"),
        (
            "manager,m1,deals_won,2027-01-01,2027-01-31,1\nmanager,m1,deals_won,2027-01-01,2027-01-31,2",
            "line 3",
        ),
    ],
)
def test_faults_of_plans(lines: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"plans\.csv") as fault:
        read_plans(PLANS + lines + "\n", SUBJECTS, KPIS)
    assert said in str(fault.value)


BONUS = Formula("sales", 30_000, "RUB", (Term("deals_won", 0.6, 15), Term("offers_missed_share", 0.4, 0.05)))


def test_a_bonus_worked_by_hand() -> None:
    won, missed = BONUS.terms
    # 30 000 x 0.6 x 12/15; no more than half again as much; nothing is taken away.
    assert pay(BONUS, won, 12, 12, 15, "up") == 14_400
    assert pay(BONUS, won, 60, 60, 15, "up") == 27_000
    assert pay(BONUS, won, -2, 4, 15, "up") == 0
    assert pay(BONUS, won, None, 0, 15, "up") == 0
    # Twice as many missed as aimed at pay half; none at all the cap.
    assert pay(BONUS, missed, 0.10, 40, 0.05, "down") == 6_000
    assert pay(BONUS, missed, 0.0, 40, 0.05, "down") == 18_000
    rare = Term("offers_missed_share", 0.4, 0.05, min_n=50)
    assert pay(BONUS, rare, 0.05, 49, 0.05, "down") == 0
    assert pay(BONUS, rare, 0.05, 50, 0.05, "down") == 12_000
    assert attainment(7_000_000, 20_000_000, "up", 1.5) == 0.35


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ("[{kpi: deals_won, weight: 0.5, target: 10}]", "expected weights that add up to 1"),
        ("[{kpi: deals_won, weight: -1, target: 10}]", "at least 0"),
        ("[{kpi: missed_share, weight: 1, target: 10}]", "within a person's own power"),
        ("[{kpi: calls_in, weight: 1, target: 10}]", "within a person's own power"),
        ("[{kpi: fun, weight: 1, target: 10}]", "expected the id of a KPI"),
        ("[{kpi: deals_won, weight: 1, target: 0}]", "expected a target above 0"),
    ],
)
def test_faults_of_a_bonus(terms: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"bonus\.yaml, line 1") as fault:
        read_bonus(f"groups: {{sales: {{base: 30000, terms: {terms}}}}}", ["sales"], KPIS)
    assert said in str(fault.value)


def test_the_shipped_files_can_be_read_and_plans_do_not_change_the_version(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[1] / "deploy" / "config"
    for file in shipped.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = load_config(tmp_path)
    planning = load_planning(tmp_path, config.directory)
    assert planning.plans
    assert planning.bonuses
    assert config.directory.absences
    (tmp_path / "plans.csv").write_text(PLANS)
    (tmp_path / "bonus.yaml").unlink()
    assert load_config(tmp_path).version == config.version
    assert load_planning(tmp_path, config.directory).bonuses == []
    (tmp_path / "absences.csv").write_text(ABSENCES)
    assert load_config(tmp_path).version != config.version
