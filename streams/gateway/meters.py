"""What the gateway tells Prometheus about itself."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector


class Meters:
    """Figures of one gateway, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.events = Counter(
            "salespulse_gateway_events",
            "Events by what became of them: accepted, or the reason why not",
            ["result"],
            registry=self.registry,
        )
        self.requests = Counter(
            "salespulse_gateway_requests",
            "Requests by route and status",
            ["route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "salespulse_gateway_request_seconds",
            "Time until the answer, Kafka's included",
            ["route"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
            registry=self.registry,
        )
        self.held_bytes = Gauge(
            "salespulse_gateway_held_bytes",
            "Bytes of requests that are being worked on",
            registry=self.registry,
        )
