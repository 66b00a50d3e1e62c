"""Tells those live values that no window knows: states that rest on several records at once.

They are read as unknown after two minutes, so they are told on a connection of their own, whatever else
the sink computes.
"""

from clickhouse_connect.driver.client import Client

from streams.clock import now_ms
from streams.directory import Directory
from streams.kpis.connected import NOT_CONNECTED, connected_kpis
from streams.kpis.declarations import KPIS
from streams.kpis.kpi import NOW
from streams.kpis.sql_record_days import state_now
from streams.sinks.connection import ROWS, WRITE_SETTINGS

_COLUMNS = ("subject", "kpi", "window", "as_of", "value", "n", "version")
_SETTINGS = {"max_threads": 1}
_STATES = [kpi for kpi in KPIS.values() if kpi.windows == NOW and not kpi.live]


class StateTeller:
    """Writes them into `kpi_now`. Raises clickhouse-connect's errors."""

    def __init__(self, client: Client, directory: Directory) -> None:
        self._client = client
        self._connected = connected_kpis(source.provides for source in directory.sources.values())

    def tell(self) -> None:
        """Writes all of them as they are now."""
        for kpi in _STATES:
            now = now_ms()
            found = self._client.query(state_now(kpi), settings=_SETTINGS).result_rows
            rows = []
            for subject, *told in found:
                value, n = told if kpi.id in self._connected else NOT_CONNECTED
                rows.append([subject, kpi.id, *NOW, now, value, n, now])
            self._client.insert(
                "kpi_now", rows, column_names=_COLUMNS, database=ROWS, settings=WRITE_SETTINGS
            )
