"""Keeps the KPI that are computed from records: by day, and as states of now.

All of a KPI is computed again when the records have changed, and only what differs is written: so
whatever the records become, by late events or corrections of any year, the days follow. It takes up a
small share of the time, however much there is to compute.
"""

from datetime import UTC, datetime, timedelta

from clickhouse_connect.driver.client import Client

from streams.clock import now_ms
from streams.directory import Directory
from streams.kpis.declarations import KPIS
from streams.kpis.sql_record_days import changed_select, kept_from_records, replace_records, state_now
from streams.sinks.connection import ROWS, WRITE_SETTINGS

_SETTINGS = {**WRITE_SETTINGS, "max_threads": 1, "max_insert_threads": 1}
_NOW_COLUMNS = ("subject", "kpi", "window", "as_of", "value", "n", "version")
_ONE_DAY = timedelta(days=1)
#: Beyond so many days it does not matter how many there were.
_LONGEST = 3_650

#: Subject, value, n.
State = tuple[str, float | None, int]


class RecordKeeper:
    """Keeps `kpi_day_records` and the states of now. All methods raise clickhouse-connect's errors."""

    def __init__(self, client: Client, directory: Directory) -> None:
        self._client = client
        self._directory = directory
        self._seen: object = None

    def turn(self) -> None:
        """Computes what rests on records, if they may have changed since the last turn."""
        found = self._client.query(changed_select()).result_rows[0]
        if found != self._seen:
            for kpi in KPIS.values():
                if kept_from_records(kpi):
                    self._client.command(replace_records(kpi), settings=_SETTINGS)
            self._seen = found

    def tell_states(self) -> None:
        """Writes the live values of those states that no window knows."""
        now = now_ms()
        opened = KPIS["deals_without_next_step"]
        states = {
            opened.id: self._client.query(state_now(opened)).result_rows,
            "days_since_win": self.since_win(now),
        }
        rows = [
            [subject, kpi, "now", now, value, n, now]
            for kpi, found in states.items()
            for subject, value, n in found
        ]
        self._client.insert(
            "kpi_now", rows, column_names=_NOW_COLUMNS, database=ROWS, settings=WRITE_SETTINGS
        )

    def since_win(self, now: int) -> list[State]:
        """Working days since the last win of each subject of the directory, at a moment (ms); n is 1."""
        won = {
            subject: int(at)
            for subject, at in self._client.query(
                f"""SELECT arrayJoin(arrayConcat(if(manager = '', [], [concat('m:', manager)]),
    if(`group` = '', [], [concat('g:', `group`)]), if(whole, ['a:all'], []))) AS subject,
    toUnixTimestamp64Milli(max(at))
FROM {ROWS}.day_facts FINAL
WHERE name = 'deal_win' AND at <= now64(3)
GROUP BY subject"""
            ).result_rows
        }
        groups = {f"g:{group}": [group] for group in self._directory.groups}
        groups |= {f"m:{who}": [self._directory.group_of(who, now)] for who in self._directory.managers}
        groups["a:all"] = list(self._directory.groups)
        return [
            (subject, float(self._working_days(own, won[subject], now)), 1)
            if subject in won
            else (subject, None, 0)
            for subject, own in groups.items()
        ]

    def _working_days(self, groups: list[str], since: int, now: int) -> int:
        """Days after that of `since` until today on which any of the groups works."""
        zone = self._directory.zone(groups[0] if len(groups) == 1 else "")
        day, today = (datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).date() for at in (since, now))
        calendars = [self._directory.calendar(group) for group in groups]
        days = (day + number * _ONE_DAY for number in range(1, min((today - day).days, _LONGEST) + 1))
        return sum(any(calendar.works_on(each) for calendar in calendars) for each in days)
