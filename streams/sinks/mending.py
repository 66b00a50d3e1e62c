"""Replaces stored panes that are wrong by what the stored measurements say.

The windows stage goes on writing panes, each with the offset of its input as version. So a mended pane
must not have a version that the stage's next one would lose against. It gets the highest that is
stored, which replaces an equal one; a version that the stage cannot have written yet is removed.
"""

from collections.abc import Iterable, Sequence

from clickhouse_connect.driver.binding import format_str
from clickhouse_connect.driver.client import Client

from streams.sinks.comparing import PaneKey
from streams.sinks.connection import ROWS
from streams.sinks.recompute import recompute_panes

#: For a mutation to be done when its statement returns.
_AT_ONCE = {"mutations_sync": 1, "max_query_size": 8 << 20}
_AT_A_TIME = 1_000


def mend(client: Client, panes: Iterable[PaneKey], least: int, beyond: int) -> None:
    """Counts these panes anew; a version of theirs is at least `least` and below `beyond`.

    `beyond` has to be asked for after the panes were read. Raises clickhouse-connect's errors.
    """
    ordered = sorted(set(panes))
    for start in range(0, len(ordered), _AT_A_TIME):
        some = ordered[start : start + _AT_A_TIME]
        client.command(
            f"ALTER TABLE {ROWS}.kpi_minutes DELETE WHERE version >= {beyond} AND {_among(some)}",
            settings=_AT_ONCE,
        )
        stored = client.query(
            f"SELECT toString(subject), toUnixTimestamp(minute), max(version) FROM {ROWS}.kpi_minutes"
            f" WHERE {_among(some)} GROUP BY subject, minute",
            settings={"max_query_size": 8 << 20},
        ).result_rows
        versions = {(subject, minute): version for subject, minute, version in stored}
        recompute_panes(
            client,
            [(subject, minute // 60, versions.get((subject, minute), least)) for subject, minute in some],
        )


def _among(panes: Sequence[PaneKey]) -> str:
    listed = ", ".join(f"({format_str(subject)}, {minute})" for subject, minute in panes)
    return f"(toString(subject), toUnixTimestamp(minute)) IN ({listed})"
