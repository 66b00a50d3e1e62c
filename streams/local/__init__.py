"""The parts that run on one machine: broker, ClickHouse over HTTP, the supervisor of both."""
