"""Whether the workers are caught up: what was written a while ago must have been read."""

from streams.agents.upstream import Upstream


def test_behind_until_what_was_there_is_read() -> None:
    upstream = Upstream(within_ms=5_000)
    assert not upstream.caught_up(10_000)
    upstream.observe(10_000, {("t", 0): 0}, {})
    assert upstream.caught_up(10_000)
    upstream.observe(11_000, {("t", 0): 7}, {("t", 0): 3})
    assert upstream.caught_up(15_000)
    assert not upstream.caught_up(15_001)
    upstream.observe(16_000, {("t", 0): 9}, {("t", 0): 7})
    assert upstream.caught_up(16_000)
    assert upstream.behind_ms(20_000) == 9_000
    upstream.observe(20_000, {("t", 0): 9}, {("t", 0): 9})
    assert upstream.behind_ms(20_000) == 0


def test_what_was_caught_up_once_is_not_so_for_ever() -> None:
    upstream = Upstream(within_ms=5_000)
    upstream.observe(10_000, {("t", 0): 7}, {("t", 0): 7})
    assert upstream.caught_up(15_000)
    assert not upstream.caught_up(15_001)  # nobody has looked since: who knows what came
    assert upstream.behind_ms(70_000) == 60_000
