"""The ledger keeps the newest state of a key as its last record, whatever late writers do."""

from streams.engine import decode_state, encode_state
from streams.engine.ledger import LedgerPartition
from tests.engine.feed import make_feed
from tests.engine.trial import Row, Trial
from tests.waiting import eventually


def test_state_is_written_with_its_version() -> None:
    assert decode_state(encode_state(7, b"state")) == (7, b"state")
    assert decode_state(encode_state(8, None)) == (8, None)


def test_the_highest_version_counts_and_a_late_lower_one_makes_a_key_stale() -> None:
    part = LedgerPartition("ledger", 0)
    for key, version, state in [
        (b"a", 1, b"1"),
        (b"b", 5, b"5"),
        (b"a", 3, b"3"),
        (b"b", 4, b"4"),
        (b"a", 2, b"2"),
        (b"a", 3, b"3"),
    ]:
        part.add(key, encode_state(version, state))
    assert {key: decode_state(value) for key, value in part.values.items()} == {
        b"a": (3, b"3"),
        b"b": (5, b"5"),
    }
    assert part.stale == {b"b"}
    part.bury(b"b")
    assert part.stale == set()
    assert part.values.keys() == {b"a"}


def stale_keys(rows: list[Row]) -> set[bytes]:
    part = LedgerPartition("any", 0)
    for row in rows:
        part.add(row.key, row.value)
    return part.stale


def first_records(rows: list[Row], count: int) -> list[Row]:
    """The first record of some keys that have a later one."""
    part, first = LedgerPartition("any", 0), dict[bytes, Row]()
    for row in rows:
        part.add(row.key, row.value)
        first.setdefault(row.key, row)
    return [m for k, m in first.items() if part.values[k] != m.value][:count]


def test_keys_whose_last_record_is_not_their_highest_are_written_again(trial: Trial) -> None:
    feed = make_feed(3000, seed=21)
    trial.send(feed.records)
    worker = trial.worker(repair_seconds=2.0)
    trial.drained()
    worker.kill()
    old = first_records(trial.rows("panes"), 20)
    assert len(old) == 20
    worker.kill()  # wherever its load was: it begins anew with the late records
    trial.copy(old, "panes")
    assert stale_keys(trial.rows("panes"))
    worker.kill()
    eventually(lambda: not stale_keys(trial.rows("panes")), 20)
    eventually(worker.ready)
    trial.copy(old[:10], "panes")  # and a frozen one wakes up later still
    assert stale_keys(trial.rows("panes"))
    eventually(lambda: not stale_keys(trial.rows("panes")), 20)
    judged = trial.judge(feed)
    assert judged.exact, judged
    assert judged.late >= 30
