"""`python -m streams.local.clickhouse`: the embedded ClickHouse as a process of its own."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from streams.local.clickhouse.access import Limits, write_configuration
from streams.local.clickhouse.datadir import DataFolder, FolderTaken
from streams.local.clickhouse.engine import Engine
from streams.local.clickhouse.execution import Execution, User
from streams.local.clickhouse.failures import QueryFailure
from streams.local.clickhouse.server import Front

log = logging.getLogger("streams.local.clickhouse")

HOST = "127.0.0.1"

#: Seconds that running statements get to finish after SIGTERM.
GRACE_S = 10.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line and the environment say."""

    data_dir: Path
    port: int
    users: tuple[User, ...]
    body_limit: int


def read_options(arguments: list[str]) -> Options:
    """Options from the command line; users and passwords from the environment."""
    parser = argparse.ArgumentParser(prog="python -m streams.local.clickhouse")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--max-body", type=int, default=512 << 20, help="bytes, packed or not")
    given = parser.parse_args(arguments)
    return Options(given.data_dir, given.port, read_users(dict(os.environ)), given.max_body)


def read_users(environment: dict[str, str]) -> tuple[User, ...]:
    """The owner, and the read-only user if one is named."""

    def value(name: str, default: str = "") -> str:
        return environment.get(f"SALESPULSE_CLICKHOUSE_{name}", default)

    owner = User(value("USER", "default"), value("PASSWORD"))
    if not value("READONLY_USER"):
        return (owner,)
    mode = int(value("READONLY", "2"))
    if mode not in (1, 2):
        raise SystemExit("SALESPULSE_CLICKHOUSE_READONLY must be 1 or 2")
    return (owner, User(value("READONLY_USER"), value("READONLY_PASSWORD"), mode))


async def serve(options: Options, engine: Engine, limits: Limits) -> None:
    """Serves until SIGTERM or SIGINT, then lets running statements finish."""
    front = Front(engine, Execution(engine, limits), options.users, options.body_limit)
    runner = web.AppRunner(
        front.application(),
        access_log=None,
        auto_decompress=False,
        handler_cancellation=True,
        max_line_size=1 << 20,
        max_field_size=1 << 16,
        shutdown_timeout=GRACE_S,
    )
    await runner.setup()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    site = web.TCPSite(runner, HOST, options.port, reuse_address=True)
    await site.start()
    log.info("ClickHouse %s (chdb) at http://%s:%s", engine.version, HOST, options.port)
    await stop.wait()
    log.info("stopping")
    await runner.cleanup()


def run(options: Options) -> None:
    """Opens the data folder and serves it until it is told to stop."""
    os.environ["TZ"] = "UTC"  # the engine's time zone, read when it is loaded
    time.tzset()
    limits = Limits()
    with DataFolder(options.data_dir) as folder:
        engine = Engine(folder.engine, write_configuration(folder.configuration, limits))
        try:
            asyncio.run(serve(options, engine, limits))
        finally:
            engine.close()


def main() -> None:
    """The command."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    options = read_options(sys.argv[1:])
    try:
        run(options)
    except (FolderTaken, ValueError) as error:
        sys.exit(f"embedded ClickHouse: {error}")
    except OSError as error:
        sys.exit(f"embedded ClickHouse: port {options.port} of {HOST}: {error.strerror or error}")
    except QueryFailure as error:
        sys.exit(f"embedded ClickHouse: the engine did not start: {error.message}")


if __name__ == "__main__":
    main()
