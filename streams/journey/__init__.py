"""The journey of one customer, deal, task, or manager's day: events folded into records, items and facts.

Pure: no clock, no broker, no files. `apply` folds events in the order of the log and tells what
changed; `replace` folds a stored history again. One file per step: `keys` says where an event is
folded, `legs` and `calls` read one call, `recovery` and `items` read a customer's calls together,
`leads` and `ownership` what became of his leads; `deals`, `tasks` and `activities` read what needs no
calls (`entities`); `*_facts` measure them, `rows` and `entity_rows` write them as table rows, `busy` and
`manager_days` find out whether who missed an offer was free, `fold`
takes the differences, `forgetting` and `history` end and restore state.
"""

from streams.journey.busy import UNENDED_MS
from streams.journey.changes import Changes, Forward, Verdict
from streams.journey.fold import apply
from streams.journey.forgetting import await_history, needs_history
from streams.journey.history import replace
from streams.journey.journey import Journey, TooManyEvents
from streams.journey.keys import (
    day_key,
    days_of,
    further_keys,
    is_entity,
    is_manager_day,
    keys_of,
    manager_and_day,
    partitions_of,
)
from streams.journey.manager_days import take_tells, verdict_of
from streams.journey.names import NAMES
from streams.journey.rows import RowChange

__all__ = [
    "NAMES",
    "UNENDED_MS",
    "Changes",
    "Forward",
    "Journey",
    "RowChange",
    "TooManyEvents",
    "Verdict",
    "apply",
    "await_history",
    "day_key",
    "days_of",
    "further_keys",
    "is_entity",
    "is_manager_day",
    "keys_of",
    "manager_and_day",
    "needs_history",
    "partitions_of",
    "replace",
    "take_tells",
    "verdict_of",
]
