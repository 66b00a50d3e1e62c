"""The formats that can be imported. A new one is a module with a `FORMAT`, and an entry here."""

from streams.importing import canonical, queue_log
from streams.importing.reading import Format

#: Every format by name, in the order of the help.
FORMATS: dict[str, Format] = {each.name: each for each in (canonical.FORMAT, queue_log.FORMAT)}


def resembled(line: bytes) -> Format | None:
    """The format of which the line may be."""
    return next((each for each in FORMATS.values() if each.resembles(line)), None)
