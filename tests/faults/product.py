"""The product in separate roles: brokers, ClickHouse, workers and sinks, each a process of its own."""

import os
import sys
import time
from pathlib import Path
from typing import Any, Protocol

from streams.local.broker import Broker
from tests.e2e.feeding import SECRET, write_config
from tests.e2e.outside import Outside
from tests.faults.kept import Kept, run
from tests.faults.proxy import Proxy
from tests.fixtures_clickhouse import EmbeddedClickHouse

PARTITIONS = 4

#: `open_missed` and `open_leads` of groups are what stands open now, so the recount can tell what must fire.
RULES = """
rules:
  - {name: open-missed, kpi: open_missed, subjects: [sales, support, night], above: 1, hours: always}
  - {name: open-leads, kpi: open_leads, subjects: [sales, support, night], above: 1, hours: always}
  - {name: missed-now, kpi: missed_share, window: 15m, subjects: [night], above: 0.5, min_n: 3, hours: always}
"""


class Brokers(Protocol):
    """Kafka, of one broker or several."""

    @property
    def bootstrap(self) -> str: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...


class Product(Outside):
    """Parts of Salespulse in `folder`, and what was done to them."""

    def __init__(
        self,
        folder: Path,
        *,
        brokers: Brokers | None = None,
        clickhouse_folder: Path | None = None,
        **environment: str,
    ) -> None:
        """`clickhouse_folder`: elsewhere than in `folder`. `environment`: further settings of the roles."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.brokers: Brokers = brokers or Broker(folder / "kafka")
        self.clickhouse = EmbeddedClickHouse(clickhouse_folder or folder / "clickhouse")
        super().__init__(self.brokers.bootstrap, self.clickhouse.port)
        self.proxy = Proxy(self.clickhouse.url)
        self.roles: list[Kept] = []
        self._began = time.monotonic()
        self._destroyed = False
        self.settings = {
            **os.environ,
            "SALESPULSE_KAFKA": self.brokers.bootstrap,
            "SALESPULSE_CLICKHOUSE": self.proxy.url,
            "SALESPULSE_CONFIG": str(write_config(folder / "config", RULES)),
            "SALESPULSE_SECRET": SECRET,
            "SALESPULSE_PARTITIONS": str(PARTITIONS),
            **environment,
        }

    # -- life

    def start(self) -> None:
        """Starts Kafka and ClickHouse, with topics and tables, and no role yet."""
        self.brokers.start()
        self.clickhouse.start()
        for words in (("topics",), ("migrate",)):
            done = run(self.settings, *words)
            assert done.returncode == 0, done.stdout + done.stderr

    def role(self, role: str, name: str, *, static: bool = False, **faults: Any) -> Kept:
        """Starts a worker or sink; `static`: with a name of its own in its group, as under `up`."""
        settings = {**self.settings, "SALESPULSE_INSTANCE": name if static else ""}
        made = Kept(role, name, self.folder, settings, faults)
        self.roles.append(made)
        return made

    def worker(self, name: str = "worker", *, static: bool = False, **faults: Any) -> Kept:
        return self.role("worker", name, static=static, **faults)

    def sink(self, name: str = "sink", *, static: bool = False, **faults: Any) -> Kept:
        return self.role("sink", name, static=static, **faults)

    def wait_ready(self) -> None:
        for role in self.roles:
            role.wait_ready()

    def end(self, role: Kept) -> int:
        """Ends a role as an operator would; its exit code."""
        self.roles.remove(role)
        return role.end()

    def destroy(self) -> None:
        """Kills whatever is left; may be called again."""
        if self._destroyed:
            return
        self._destroyed = True
        for role in self.roles:
            role.end(9)
        self.brokers.kill()
        if self.clickhouse.running:
            self.clickhouse.kill()
        self.proxy.close()

    # -- what is told

    def tell(self, what: str) -> None:
        """Prints what is done to it, with the time since it was made."""
        sys.stdout.write(f"  {time.monotonic() - self._began:7.1f} s  {what}\n")
        sys.stdout.flush()

    def command(self, *words: str) -> tuple[int, str]:
        """Exit code and output of a command of Salespulse."""
        done = run(self.settings, *words)
        return done.returncode, done.stdout + done.stderr
