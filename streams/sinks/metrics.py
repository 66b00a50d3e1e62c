"""What the sink tells Prometheus about itself."""

from prometheus_client import Counter, Gauge, Histogram

ROWS = Counter("salespulse_sink_rows", "Rows stored in ClickHouse", ["table"])
RETRIES = Counter("salespulse_sink_retries", "Inserts that failed and were tried again", ["table"])
REFUSED = Counter("salespulse_sink_refused_rows", "Rows that ClickHouse cannot store", ["table"])
UNUSABLE = Counter("salespulse_sink_unusable_records", "Records that could not be read", ["topic"])
FLUSH_SECONDS = Histogram(
    "salespulse_sink_flush_seconds",
    "Time of one insert",
    ["table"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
LAG = Gauge("salespulse_sink_lag_records", "Records not yet stored", ["topic"])
WEBHOOK_POSTS = Counter("salespulse_webhook_posts", "Alert transitions posted", ["result"])
