"""Parts of a dashboard as Grafana's JSON wants them."""

from dataclasses import dataclass, field
from typing import Any

from streams.kpis.declarations import KPIS
from streams.kpis.kpi import Kpi

Json = dict[str, Any]

#: The data source of deploy/grafana/provisioning; dashboards name it by this uid.
DATASOURCE: Json = {"type": "grafana-clickhouse-datasource", "uid": "salespulse-clickhouse"}
#: Grafana's grid is this wide.
COLUMNS = 24

_UNITS = {"count": "short", "s": "dtdurations", "share": "percentunit"}
_TABLE, _TIMESERIES = 1, 0
_NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a panel stands, in grid units."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel: a question, the SQL that answers it, and how the answer is drawn."""

    kind: str  #: Grafana's panel type: stat, timeseries, table
    title: str
    description: str
    sql: str
    place: Place
    unit: str = "short"
    #: value from which on -> colour; the first step is what holds below
    steps: tuple[tuple[float | None, str], ...] = ((None, "text"),)
    options: Json = field(default_factory=dict)
    defaults: Json = field(default_factory=dict)
    #: field name -> its own unit
    units: dict[str, str] = field(default_factory=dict)

    def json(self, number: int) -> Json:
        """The panel under an id that is unique in its dashboard."""
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": DATASOURCE,
            "gridPos": {"x": self.place.x, "y": self.place.y, "w": self.place.w, "h": self.place.h},
            "targets": [self._target()],
            "options": self.options,
            "fieldConfig": {
                "defaults": {
                    "unit": self.unit,
                    "noValue": _NOTHING,
                    "color": {"mode": "palette-classic" if self.kind == "timeseries" else "thresholds"},
                    "thresholds": {
                        "mode": "absolute",
                        "steps": [{"value": value, "color": color} for value, color in self.steps],
                    },
                    **self.defaults,
                },
                "overrides": [_unit(name, unit) for name, unit in self.units.items()],
            },
        }

    def _target(self) -> Json:
        series = self.kind == "timeseries"
        return {
            "refId": "A",
            "datasource": DATASOURCE,
            "editorType": "sql",
            "queryType": "timeseries" if series else "table",
            "format": _TIMESERIES if series else _TABLE,
            "rawSql": self.sql,
        }


def _unit(name: str, unit: str) -> Json:
    return {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "unit", "value": unit}]}


def unit_of(kpi: Kpi) -> str:
    """Grafana's unit for a KPI's values."""
    return _UNITS[kpi.unit]


def kpi_stat(
    kpi_id: str, window: str, place: Place, steps: tuple[tuple[float | None, str], ...] = ((None, "text"),)
) -> Panel:
    """A live value, and beside it on how many it rests when it is a share or a quantile.

    `window` is a window or a dashboard variable. A value that nobody has renewed is shown as missing.
    """
    kpi = KPIS[kpi_id]
    with_n = kpi.unit == "share"
    counted = ', n AS "of"' if with_n else ""
    return Panel(
        kind="stat",
        title=kpi.title if window == "now" else f"{kpi.title}, {window}",
        description=kpi.help,
        sql=f"""SELECT value AS "{kpi.title}"{counted}
FROM sales.kpi_now
WHERE subject_kind = if(${{group:singlequote}} = 'all', 'all', 'group') AND subject = ${{group:singlequote}}
  AND kpi = '{kpi.id}' AND window = '{window}'""",
        place=place,
        unit=unit_of(kpi),
        steps=steps,
        units={"of": "short"} if with_n else {},
        options={
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "/.*/", "values": False},
            "colorMode": "background" if len(steps) > 1 else "value",
            "graphMode": "none",
            "textMode": "value_and_name" if with_n else "value",
            "wideLayout": True,
        },
    )
