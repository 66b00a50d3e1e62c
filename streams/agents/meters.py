"""What the stages of a worker have done, for Prometheus."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.engine import Stage, Statistics


class WorkerMeters(Collector):
    """Reads the stages' own counters when Prometheus asks; nothing is counted twice."""

    def __init__(self, stages: Iterable[Stage], behind_ms: Callable[[], int]) -> None:
        self._stages = list(stages)
        self._behind_ms = behind_ms

    def register(self) -> None:
        """Shows the meters under `/metrics`."""
        REGISTRY.register(self)

    def collect(self) -> Iterator[Metric]:
        for counter in fields(Statistics):
            name = f"salespulse_stage_{counter.name}"
            family = CounterMetricFamily(name, f"{counter.name} of a stage since its start", labels=["stage"])
            for stage in self._stages:
                family.add_metric([stage.name], getattr(stage.statistics, counter.name))
            yield family
        behind = GaugeMetricFamily(
            "salespulse_behind_seconds", "how long at most the oldest unread record has been waiting"
        )
        behind.add_metric([], self._behind_ms() / 1000)
        yield behind
