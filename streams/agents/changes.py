"""Several changes that followed each other, as one."""

from streams.journey import Changes, RowChange
from streams.records import FactChange, FactKey
from streams.records_tables import TABLES


def merged(several: list[Changes]) -> Changes:
    """What changes that followed each other come to.

    Within one version each fact and each row may stand once only: two rows of one key and version
    would leave it to chance which of them holds.
    """
    facts: dict[FactKey, FactChange] = {}
    rows: dict[tuple[object, ...], RowChange] = {}
    for changes in several:
        for change in changes.facts:
            first = facts.get(change.key)
            old = change.old if first is None else first.old
            facts[change.key] = FactChange(change.key, old, change.new, change.tag)
        for row in changes.rows:
            rows[(row.table, *row.values[: len(TABLES[row.table].key)])] = row
    kept = [change for change in facts.values() if change.old != change.new]
    # What is taken back comes first, as in `Changes`: an item that moved is closed, then opened.
    kept.sort(key=lambda change: change.new is not None)
    forwards = [forward for changes in several for forward in changes.forwards]
    tells = {(tell.key, tell.source, tell.call_id): tell for one in several for tell in one.tells}
    verdicts = {(v.source, v.call_id): v for one in several for v in one.verdicts}
    return Changes(kept, list(rows.values()), forwards, list(tells.values()), list(verdicts.values()))
