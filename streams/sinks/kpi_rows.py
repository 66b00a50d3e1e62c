"""Writes sources and KPI into ClickHouse, so that views know which KPI can mean anything here."""

from clickhouse_connect.driver.client import Client

from streams.directory import Directory
from streams.kpis.connected import connected_kpis
from streams.kpis.declarations import KPIS
from streams.sinks.listed import write_listed

_SOURCES = ("source", "provides", "calls")
_KPIS = ("kpi", "title", "unit", "good", "personal", "min_n", "needs", "connected")


def write_kpis(client: Client, directory: Directory, now: int) -> None:
    """Writes what there is at `now` (ms); what is no longer listed goes."""
    sources = [[source.id, list(source.provides), source.calls] for source in directory.sources.values()]
    connected = connected_kpis(source.provides for source in directory.sources.values())
    kpis = [
        [k.id, k.title, k.unit, k.good, k.personal, k.min_n, sorted(k.needs), k.id in connected]
        for k in KPIS.values()
    ]
    write_listed(client, "sources", 1, _SOURCES, sources, now)
    write_listed(client, "kpis", 1, _KPIS, kpis, now)
