"""Keeps the KPI of days that are computed from records.

All of a KPI is computed again when the records have changed, and only what differs is written: so
whatever the records become, by late events or corrections of any year, the days follow. It takes up a
small share of the time, however much there is to compute.
"""

from clickhouse_connect.driver.client import Client

from streams.clock import now_ms
from streams.directory import Directory
from streams.kpis.declarations import KPIS
from streams.kpis.sql_record_days import changed_select, kept_from_records, replace_records
from streams.kpis.sql_records import FIRST_FACT
from streams.sinks.connection import WRITE_SETTINGS
from streams.sinks.working_spans import write_earlier_spans

_SETTINGS = {**WRITE_SETTINGS, "max_threads": 1, "max_insert_threads": 1}


class RecordKeeper:
    """Keeps `kpi_day_records`. All methods raise clickhouse-connect's errors."""

    def __init__(self, client: Client, directory: Directory) -> None:
        self._client = client
        self._directory = directory
        self._seen: object = None
        self._first: int | None = None

    def turn(self) -> None:
        """Computes what rests on records, if they may have changed since the last turn."""
        self._have_hours()
        found = self._client.query(changed_select()).result_rows[0]
        if found != self._seen:
            for kpi in KPIS.values():
                if kept_from_records(kpi):
                    self._client.command(replace_records(kpi), settings=_SETTINGS)
            self._seen = found

    def _have_hours(self) -> None:
        """Writes the hours of all days that facts are of: ages at their ends are on the working clock."""
        ((count, first),) = self._client.query(FIRST_FACT).result_rows
        if count and (self._first is None or first < self._first):
            write_earlier_spans(self._client, self._directory, first, now_ms())
            self._first = first
