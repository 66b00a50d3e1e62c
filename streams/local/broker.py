"""Apache Kafka on this machine: KRaft, one node, loopback only, in a folder of its own.

Nothing is replicated and nothing is flushed to disk at once: a kill of the broker loses nothing, a
power cut may lose the last seconds. `python -m streams.local.broker --data-dir D --port P` prepares the
folder and becomes the broker (same process id), which is how the supervisor runs it.
"""

import argparse
import base64
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.local import jars
from streams.local.processes import end, free_port, spawn

_JVM = (
    "-Xms64m -Xmx512m -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -Xshare:auto -Djava.awt.headless=true "
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.showDateTime=true "
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS"
).split()
#: Classes as the Java machine had them in memory: halves the work of a start. Another Java ignores it.
_ARCHIVE = "broker.jsa"
#: Formatting runs once and briefly: no optimising compiler.
_JVM_FORMAT = "-Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto".split()

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={logs}
# Topics are created by `salespulse topics`; a misspelt name is an error, not a new topic.
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=2
# A pipeline that was switched off over the holidays goes on where it stopped.
offsets.retention.minutes=527040
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# Alone in the cluster: after a kill it may register again soon.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
background.threads=4
message.max.bytes=16777216
"""


class BrokerFailed(Exception):
    """The broker did not start; the message has the end of its log."""


class Broker:
    """One broker and its folder. Starting, stopping and killing may be repeated; what was acknowledged stays.

    `port` 0 takes a free one.
    """

    def __init__(self, data_dir: Path, port: int = 0, jvm: Sequence[str] = ()) -> None:
        """`jvm`: further options of the Java machine."""
        self.data_dir = data_dir.absolute()
        self.port = port or free_port()
        self.log = self.data_dir / "broker.log"
        self._further = jvm
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Address for clients."""
        return f"127.0.0.1:{self.port}"

    def prepare(self) -> list[str]:
        """Write the properties, format the folder if it is new, and give the command that runs the broker.

        Raises `MissingTool` or `BrokerFailed`.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        logs = self.data_dir / "logs"
        properties = self.data_dir / "server.properties"
        properties.write_text(_PROPERTIES.format(port=self.port, controller=free_port(), logs=logs))
        classes = f"{jars.ensure()}/*"
        java = jars.java()
        if not (logs / "meta.properties").exists():
            self._format(java, classes, properties)
        command = [java, *_JVM, *self._further]
        archive = jars.folder() / _ARCHIVE
        if archive.exists():
            command.append(f"-XX:SharedArchiveFile={archive}")
        return [*command, "-cp", classes, "kafka.Kafka", str(properties)]

    def _format(self, java: str, classes: str, properties: Path) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [java, *_JVM_FORMAT, "-cp", classes, "kafka.tools.StorageTool", "format"]
        # A format that was killed half-way is finished by the next. An id may begin with a dash.
        command += ["--ignore-formatted", f"--cluster-id={cluster}", "-c", str(properties)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise BrokerFailed(
                f"formatting {self.data_dir} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )

    def start(self, within: float = 120.0) -> None:
        """Start it and wait until it answers. Raises `BrokerFailed` when it does not `within` seconds."""
        self.process = spawn(self.prepare(), self.log)
        deadline = time.monotonic() + within
        while not answers(self.bootstrap, 1.0):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                tail = self.log.read_text(errors="replace")[-3000:]
                raise BrokerFailed(f"Kafka did not start on {self.bootstrap}; the end of {self.log}:\n{tail}")

    def stop(self, within: float = 15.0) -> None:
        """Let it write its state and stop; killed when it has not `within` seconds."""
        if self.process is not None:
            end(self.process, within)

    def kill(self) -> None:
        """End it at once, as `kill -9` does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def make_archive() -> None:
    """Start a broker once and keep its classes for later starts. Does nothing when that was done.

    Raises `MissingTool` or `BrokerFailed`.
    """
    archive = jars.ensure() / _ARCHIVE
    if archive.exists():
        return
    new = archive.with_suffix(f".{os.getpid()}")
    with tempfile.TemporaryDirectory(prefix="salespulse-") as folder:
        broker = Broker(Path(folder), jvm=[f"-XX:ArchiveClassesAtExit={new}"])
        broker.start()
        broker.stop(within=60)
    if new.exists():
        new.rename(archive)


def answers(bootstrap: str, within: float) -> bool:
    """Whether a broker tells its metadata `within` seconds."""
    quiet: dict[str, str | int | float | bool] = {
        "bootstrap.servers": bootstrap,
        "log_level": 0,
        "reconnect.backoff.ms": 20,
        "reconnect.backoff.max.ms": 100,
    }
    try:
        return bool(AdminClient(quiet).list_topics(timeout=within).brokers)
    except KafkaException:
        return False


def main() -> None:
    """Become the broker."""
    parser = argparse.ArgumentParser(prog="python -m streams.local.broker")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    try:
        command = Broker(given.data_dir, given.port).prepare()
    except (jars.MissingTool, BrokerFailed) as fault:
        sys.exit(str(fault))
    os.execv(command[0], command)  # noqa: S606 - the same process id for the supervisor, and no shell


if __name__ == "__main__":
    main()
