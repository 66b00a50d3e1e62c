"""Whose settings hold for a subject."""

from streams.agents.subjects import settings_of
from streams.directory import Directory

DIRECTORY = Directory.from_text("""
settings: {answer_within_s: 30}
groups:
  sales: {settings: {answer_within_s: 10}}
  support: {}
managers:
  m1: {groups: [{group: support}, {group: sales, from: 2027-01-10}]}
""")
JUNE_2026, JUNE_2027 = 1_780_272_000_000, 1_811_808_000_000


def within(subject: str, at: int = JUNE_2026) -> int:
    return settings_of(DIRECTORY, subject, at).answer_within_ms


def test_a_group_has_its_own_and_the_centre_and_the_unlisted_those_of_the_directory() -> None:
    assert [within(f"g:{group}") for group in ("sales", "support")] == [10_000, 30_000]
    assert [within(subject) for subject in ("a:all", "g:unassigned", "g:unmapped:pbx:9")] == [30_000] * 3


def test_a_manager_has_those_of_his_group_at_that_moment() -> None:
    assert within("m:m1", JUNE_2026) == 30_000
    assert within("m:m1", JUNE_2027) == 10_000
    assert within("m:nobody") == 30_000
