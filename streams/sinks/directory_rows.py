"""Writes the directory into ClickHouse, so that views know names and time zones."""

from typing import Any

from clickhouse_connect.driver.client import Client

from streams.directory import UNASSIGNED, Directory
from streams.directory_entries import GroupSettings
from streams.sinks.connection import ROWS, WRITE_SETTINGS

#: Names of `GroupSettings` that views reckon with.
_SETTINGS = ("answer_within_ms", "short_abandon_ms", "sl_variant", "min_n")
_GROUPS = ("group", "name", "time_zone", *_SETTINGS, "active", "version", "gone")
_MANAGERS = ("manager", "name", "group", "time_zone", "since_ms", "active", "version", "gone")


def write_directory(client: Client, directory: Directory, now: int) -> None:
    """Writes managers and groups as they are at `now` (ms); who is no longer listed turns inactive.

    Besides the groups there is `unassigned`, whose time zone and settings are those of whoever has none.
    """
    groups = [
        [g.id, g.name, str(g.calendar.zone), *_settings(g.settings), True] for g in directory.groups.values()
    ]
    unlisted = _settings(directory.group_settings(UNASSIGNED))
    groups.append([UNASSIGNED, UNASSIGNED, str(directory.time_zone), *unlisted, True])
    managers = [
        [m.id, m.name, directory.group_of(m.id, now), m.zone, m.groups[0][0] or 0, m.active]
        for m in directory.managers.values()
    ]
    _replace(client, "groups", _GROUPS, groups, now)
    _replace(client, "managers", _MANAGERS, managers, now)


def _settings(settings: GroupSettings) -> list[Any]:
    return [getattr(settings, name) for name in _SETTINGS]


def _replace(client: Client, table: str, columns: tuple[str, ...], rows: list[list[Any]], now: int) -> None:
    named = ", ".join(f"`{column}`" for column in columns[:-2])
    stored = client.query(f"SELECT {named} FROM {ROWS}.{table} FINAL").result_rows
    listed = {row[0] for row in rows}
    left = [[*row[:-1], False] for row in stored if row[0] not in listed]
    written = [[*row, now, 0] for row in rows + left]
    if written:
        client.insert(table, written, column_names=columns, database=ROWS, settings=WRITE_SETTINGS)
