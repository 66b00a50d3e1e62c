"""ClickHouse on this machine: the engine of chdb behind ClickHouse's own HTTP interface.

`python -m streams.local.clickhouse --data-dir DIR --port PORT` serves on 127.0.0.1 what
clickhouse-connect, curl, Grafana's plugin and the JDBC drivers of BI tools speak, so that one
installation needs no server. The SQL, its functions, formats and error codes are ClickHouse's, for
it is ClickHouse's engine. Users come from the environment:

- `SALESPULSE_CLICKHOUSE_USER` (default `default`) and `SALESPULSE_CLICKHOUSE_PASSWORD` (default
  none): the owner, who may do everything, files of this machine included;
- `SALESPULSE_CLICKHOUSE_READONLY_USER` and `SALESPULSE_CLICKHOUSE_READONLY_PASSWORD`: a user for BI,
  off unless named; `SALESPULSE_CLICKHOUSE_READONLY`: 2 (default) or 1, as ClickHouse's `readonly`.

What it keeps: when an insert is answered, its rows are in the files of the data folder. They survive
the end of the process in any form (kill -9 too), not a power cut: nothing calls fsync. An insert of
more than about a million rows is stored in several parts, of which a failure may leave the first.

What it does not do, and a real ClickHouse does:

- Native protocol, TLS, other machines: HTTP on the loopback address alone. Requests that carry the
  `Origin` or `Host` of a web page of elsewhere are refused.
- Users, roles, quotas by SQL: only the two users above. Every session is `default` to the engine, so
  `currentUser()` says that. The read-only user reads the views of database `sales`, without
  `customers` and `dead_letters`, and what drivers read in `system`; the engine's own grants see to
  it (see `access`), and `guard` to what grants do not cover. It has no external tables, no APPLY,
  no table functions that read elsewhere, and may change only harmless settings. It is meant for
  people who are trusted with the aggregates; it is no wall against somebody who can run programs
  under the same account.
- Sessions: every request stands for itself. A `session_id` is accepted, for clients always send one,
  but SET, USE and temporary tables with it are refused, as is `session_check`. Roles are refused.
- `query_id` is given back, but `system.processes` and KILL QUERY know the engine's own id; the
  client's stands at the beginning of `Settings['log_comment']`. A SELECT is cancelled when its client
  leaves, anything else goes on. The read-only user's queries end after 60 s (`max_execution_time`).
- Results are made in memory before they are sent, at most 1 GiB of rows (`max_result_bytes`); so no
  progress headers while a query runs, and `wait_end_of_query` changes nothing. Bodies are read whole,
  at most 512 MiB packed or not (`--max-body`).
- `async_insert` has no effect: every insert is stored before it is answered.
- Four statements, two inserts and three read-only queries run at a time; 200 more of each wait.
- Brotli, bzip2, xz and snappy as HTTP encodings; system tables of logs (`system.query_log`).
- Replication, clusters, Keeper, backups to disks.

It uses at most half of the machine's memory, 4 GiB for one query (1 GiB for the read-only user).
"""
