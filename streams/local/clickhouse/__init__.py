"""ClickHouse on this machine: the engine of chdb behind ClickHouse's own HTTP interface."""
