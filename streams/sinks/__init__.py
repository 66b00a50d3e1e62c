"""What leaves the pipeline: rows to ClickHouse, alerts to a webhook. One system = one file.

`feed` reads Kafka and knows nothing of ClickHouse; `decoding` turns records into rows and knows neither;
`clickhouse` writes rows and knows nothing of Kafka; `service` puts them together as the role `sink`.
Writing is at least once: every table replaces rows by identity and version, so that writing twice
changes nothing.
"""
