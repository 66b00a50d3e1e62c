"""How often Python looks for garbage in cycles.

The pipeline makes rows by the ten thousand, keeps them until they are sent and lets them go, hardly any
of them in a cycle. By its defaults Python looks through new objects whenever 700 of them are more than
were, and through all of them, state included, again and again: a quarter of the worker's time and of the
sink's. What is in no cycle is freed at once, as ever.
"""

import gc

#: New containers after which the young ones are looked through; some 10 to 20 MB of small rows.
_YOUNG = 100_000
#: Times that is done until the next older generation is looked through as well.
_OLDER = 20


def collect_rarely() -> None:
    """For processes that handle many rows; to be called once, at their start."""
    gc.set_threshold(_YOUNG, _OLDER, _OLDER)
