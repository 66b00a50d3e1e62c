"""The journey of one customer: his calls and leads folded into records, legs, items and facts.

Pure: no clock, no broker, no files. `apply` folds events in the order of the log and tells what
changed; `replace` folds a stored history again. One file per step: `legs` and `calls` read one call,
`recovery` and `items` read a customer's calls together, `leads` and `ownership` what became of his
leads, `call_facts`, `item_facts` and `lead_facts` measure them, `rows` writes them as table rows,
`fold` takes the differences, `forgetting` and `history` end and restore state.
"""

from streams.journey.fold import Changes, apply
from streams.journey.forgetting import await_history, needs_history
from streams.journey.history import replace
from streams.journey.journey import Journey, TooManyEvents
from streams.journey.names import NAMES
from streams.journey.rows import RowChange

__all__ = [
    "NAMES",
    "Changes",
    "Journey",
    "RowChange",
    "TooManyEvents",
    "apply",
    "await_history",
    "needs_history",
    "replace",
]
