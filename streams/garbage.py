"""How often Python looks for garbage in cycles.

The pipeline makes rows by the ten thousand, keeps them until they are sent and lets them go, hardly any
of them in a cycle. By its defaults Python looks through new objects whenever 700 of them are more than
were, and through all of them, state included, again and again: a quarter of the worker's time and of the
sink's. What is in no cycle is freed at once, as ever.
"""

import gc

#: New containers after which the young ones are looked through; some 10 to 20 MB of small rows.
_YOUNG = 100_000
#: The same for a process that has as many at hand all the time: a sink's two batches, a row being two to
#: four. Looking through them again and again was a tenth of what it did.
OF_BATCHES = 400_000
#: Times that is done until the next older generation is looked through as well.
_OLDER = 20


def collect_rarely(young: int = _YOUNG) -> None:
    """For processes that handle many rows; to be called once, at their start.

    `young`: new containers after which garbage is looked for among them.
    """
    gc.set_threshold(young, _OLDER, _OLDER)
