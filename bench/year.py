"""A year of a call centre as a file that `salespulse import events` reads."""

import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from streams.directory import Directory
from streams.simulate import centre_of, simulate

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Year:
    """What the file holds, counted while it was written."""

    events: int
    calls: int
    leads: int
    deals: int
    days: int


def write_year(file: Path, config: Path, days: int, calls_per_day: float) -> Year:
    """Writes the days that end now, of the people of this configuration, one event a line."""
    directory = Directory.from_text((config / "directory.yaml").read_text("utf-8"))
    start = int(time.time() * 1000) - days * _DAY_MS
    told = simulate(
        7, days=days, calls_per_day=calls_per_day, start=start, centre=centre_of(directory, start)
    )
    entities: dict[str, set[str]] = {"call_id": set(), "lead_id": set(), "deal_id": set()}
    types: Counter[str] = Counter()
    with file.open("w", encoding="utf-8", buffering=1 << 20) as out:
        for event in told:
            out.write(json.dumps(event, ensure_ascii=False, separators=(",", ":")))
            out.write("\n")
            types[event["type"]] += 1
            for name, seen in entities.items():
                if name in event:
                    seen.add(event[name])
    calls, leads, deals = (len(entities[name]) for name in ("call_id", "lead_id", "deal_id"))
    return Year(types.total(), calls, leads, deals, days)
