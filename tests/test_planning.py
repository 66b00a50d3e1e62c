"""Absences, plans and bonus formulas: what they say, and what they may not say."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from streams.absences import periods_of, read_absences, whole_days
from streams.bonus import KpiFacts, read_bonus
from streams.config import config_of, load_config, load_planning
from streams.config_text import ConfigError
from streams.directory import Directory
from streams.kpis.declarations import KPIS as ALL_KPIS
from streams.plans import read_plans

KPIS = {
    "deals_won": KpiFacts("up", personal=True),
    "offers_missed_share": KpiFacts("down", personal=True),
    "calls_in": KpiFacts("neutral", personal=False),
    "missed_share": KpiFacts("down", personal=False),
}
SUBJECTS = {"manager": ("m1",), "group": ("sales",), "all": ("all",)}
PLANNED = {id: ALL_KPIS[id] for id in ("deals_won", "missed_share", "answer_wait_avg_s")}
CENTRE = """
time_zone: Europe/Moscow
managers: {m1: {name: Anna}, m2: {name: Boris, time_zone: Asia/Omsk}}
"""
MANAGERS = Directory.from_text(CENTRE).managers
PLANS = "subject_kind,subject,kpi,period_start,period_end,value\n"
ABSENCES = "manager,from,to,kind\n"


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def absences(lines: str, header: str = ABSENCES) -> Directory:
    return config_of({"directory.yaml": CENTRE, "absences.csv": header + lines}).directory


def test_absences_are_whole_days_where_the_manager_is() -> None:
    known = absences("m1,2027-01-11,2027-01-12,vacation\nm1,2027-02-01,,\nm2,2027-01-11,2027-01-11,off\n")
    assert not known.absent("m1", ms("2027-01-10T23:59:59+03:00"))
    assert known.absent("m1", ms("2027-01-11T00:00:00+03:00"))
    assert known.absent("m1", ms("2027-01-12T23:59:59+03:00"))
    assert not known.absent("m1", ms("2027-01-13T00:00:00+03:00"))
    assert known.absent("m1", ms("2027-02-01T12:00:00+03:00"))
    assert not known.absent("m1", ms("2027-02-02T00:00:00+03:00"))
    # Omsk is three hours ahead of Moscow.
    assert not known.absent("m2", ms("2027-01-10T20:59:59+03:00"))
    assert known.absent("m2", ms("2027-01-10T21:00:00+03:00"))
    assert not known.absent("m2", ms("2027-01-11T21:00:00+03:00"))
    assert not known.absent("m3", ms("2027-01-11T12:00:00+03:00"))


def test_an_absence_may_be_a_part_of_a_day() -> None:
    known = absences("m1,2027-01-11T14:00:00+03:00,2027-01-13T10:00:00+03:00,training\n")
    assert not known.absent("m1", ms("2027-01-11T13:59:59+03:00"))
    assert known.absent("m1", ms("2027-01-11T14:00:00+03:00"))
    assert not known.absent("m1", ms("2027-01-13T10:00:00+03:00"))
    (absence,) = known.absences
    assert list(whole_days(absence.period, ZoneInfo("Europe/Moscow"))) == [date(2027, 1, 12)]


def test_whole_days_when_clocks_change() -> None:
    berlin = config_of(
        {
            "directory.yaml": "managers: {m1: {time_zone: Europe/Berlin}}",
            "absences.csv": ABSENCES + "m1,2027-03-28,2027-03-29,off\n",
        }
    ).directory
    (period,) = periods_of(berlin.absences)["m1"]
    assert (period.end or 0) - (period.start or 0) == 47 * 3_600_000
    assert list(whole_days(period, ZoneInfo("Europe/Berlin"))) == [date(2027, 3, 28), date(2027, 3, 29)]


def test_tables_are_read_as_spreadsheets_write_them() -> None:
    header = "# who is away\n\nmanager;kind;from;to\n"
    known = absences('"m1"; off ;2027-01-11;2027-01-12\n;;;\n', header)
    assert known.absent("m1", ms("2027-01-12T12:00:00+03:00"))
    plain = absences("m1,2027-01-11,2027-01-12,off\n")
    noted = absences('# away\n"m1", 2027-01-11,2027-01-12,off\n')
    assert plain.version == noted.version
    assert plain.version != absences("m1,2027-01-11,2027-01-13,off\n").version


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "m9,2027-01-11,2027-01-12,vacation",
            "line 2, manager: expected the id of a listed manager, found 'm9'",
        ),
        ("m1,2027-01-11,2027-01-12,flu", "line 2, kind: expected one of vacation, sick"),
        ("m1,2027-13-11,2027-01-12,off", "line 2, from: expected a date such as 2027-01-31"),
        ("m1,2027-01-11T10:00,2027-01-12,off", "line 2, from: expected a date such as 2027-01-31 or a time"),
        ("m1,,2027-01-12,off", "line 2, from: expected a date such as 2027-01-31"),
        ("m1,2027-01-11,2027-01-10,off", "line 2, to: expected an end that is not before `from`"),
        ("m1,2027-01-11T14:00:00+03:00,,off", "line 2, to: expected an end that is not before `from`"),
        ("m1,2027-01-11,2027-01-10", "line 2: expected 4 cells, found 3"),
        ('m1,2027-01-11,2027-01-12,"off', "line 2: is not CSV"),
    ],
)
def test_faults_of_absences(line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"absences\.csv") as fault:
        read_absences(ABSENCES + line + "\n", MANAGERS)
    assert said in str(fault.value)


def test_the_header_of_a_table_names_its_columns() -> None:
    said = r"absences\.csv, line 2: expected the header manager,from,to,kind, found 'manager,since,to,kind'"
    with pytest.raises(ConfigError, match=said):
        read_absences("# away\nmanager,since,to,kind\n", MANAGERS)
    assert read_absences("", MANAGERS) == []


def test_plans() -> None:
    (plan,) = read_plans(PLANS + "manager,m1,deals_won,2027-01-01,2027-01-31,15\n", SUBJECTS, PLANNED)
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
        ("manager,m1,missed_share,2027-01-01,2027-01-31,0.1", "kpi: expected a KPI of this kind of subject"),
        ("group,sales,missed_share,2027-01-01,2027-01-31,10", "value: expected a share from 0 to 1"),
        ("manager,m1,deals_won,2027-01-01,2026-01-31,15", "period_end: expected a day not before"),
        ("manager,m1,deals_won,2027-01-01,31.01.2027,15", "period_end: expected a date such as"),
        ("manager,m1,deals_won,2027-01-01,2027-01-31,0", "value: expected a number above 0, found '0'"),
        (
            "manager,m1,deals_won,2027-01-01,2027-01-31,1\nmanager,m1,deals_won,2027-01-01,2027-01-31,2",
            "line 3, period_start: expected days that no other plan",
        ),
        (
            "manager,m1,deals_won,2027-01-16,2027-02-15,1\nmanager,m1,deals_won,2027-01-01,2027-01-31,2",
            "one above is for 2027-01-16 to 2027-02-15",
        ),
    ],
)
def test_faults_of_plans(lines: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"plans\.csv") as fault:
        read_plans(PLANS + lines + "\n", SUBJECTS, PLANNED)
    assert said in str(fault.value)


def test_a_quarter_and_its_months_are_planned_side_by_side() -> None:
    lines = [
        "group,sales,answer_wait_avg_s,2027-01-01,2027-01-31,20s",
        "group,sales,answer_wait_avg_s,2027-01-01,2027-03-31,25",
        "group,sales,answer_wait_avg_s,2027-02-01,2027-02-28,0.5m",
        "all,all,answer_wait_avg_s,2027-01-16,2027-02-15,30",
    ]
    plans = read_plans(PLANS + "\n".join(lines), SUBJECTS, PLANNED)
    assert [plan.value for plan in plans] == [20.0, 25.0, 30.0, 30.0]


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
