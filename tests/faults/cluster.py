"""A Kafka of three brokers on this machine; every topic has three replicas, of which two must be in sync."""

import base64
import subprocess
import uuid
from pathlib import Path

from confluent_kafka import TopicCollection
from confluent_kafka.admin import AdminClient

from streams.local import jars
from streams.local.broker import answers
from streams.local.processes import end, free_port, spawn
from tests.waiting import eventually

_PROPERTIES = """\
process.roles=broker,controller
node.id={id}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={logs}
auto.create.topics.enable=false
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
share.coordinator.state.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
replica.lag.time.max.ms=5000
num.network.threads=2
num.io.threads=4
message.max.bytes=16777216
replica.fetch.max.bytes=16777216
"""


class ThreeBrokers:
    """One class of broker and controller, three times; each can be killed and started again alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = {id: (free_port(), free_port()) for id in (1, 2, 3)}
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")

    @property
    def bootstrap(self) -> str:
        """Addresses of all three."""
        return ",".join(f"127.0.0.1:{port}" for port, _ in self._ports.values())

    def start(self) -> None:
        """Starts those that do not run, and waits until all answer."""
        for id in self._ports:
            if id not in self._processes:
                self._start(id)
        eventually(lambda: answers(self.bootstrap, 2) and self.running() == 3, 120, 0.2, "three brokers")

    def running(self) -> int:
        """How many brokers the cluster counts."""
        return len(
            AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0}).list_topics(timeout=5).brokers
        )

    def _start(self, id: int) -> None:
        folder = self._folder / f"broker-{id}"
        folder.mkdir(parents=True, exist_ok=True)
        properties = folder / "server.properties"
        voters = ",".join(f"{n}@127.0.0.1:{controller}" for n, (_, controller) in self._ports.items())
        port, controller = self._ports[id]
        properties.write_text(
            _PROPERTIES.format(id=id, voters=voters, port=port, controller=controller, logs=folder / "logs")
        )
        command = [jars.java(), "-Xmx384m", "-XX:+UseSerialGC", "-cp", f"{jars.ensure()}/*"]
        if not (folder / "logs" / "meta.properties").exists():
            words = [
                "kafka.tools.StorageTool",
                "format",
                f"--cluster-id={self._cluster}",
                "-c",
                str(properties),
            ]
            subprocess.run([*command, *words], check=True, capture_output=True, stdin=subprocess.DEVNULL)
        self._processes[id] = spawn([*command, "kafka.Kafka", str(properties)], folder / "broker.log")

    def leader(self, topic: str, partition: int = 0) -> int:
        """Which broker leads a partition."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        (future,) = admin.describe_topics(TopicCollection([topic]), request_timeout=20).values()
        return int(future.result().partitions[partition].leader.id)

    def kill_one(self, id: int) -> None:
        """kill -9 of one broker."""
        process = self._processes.pop(id)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Ends all three as an operator would."""
        for process in self._processes.values():
            end(process)
        self._processes.clear()

    def kill(self) -> None:
        """kill -9 of all three."""
        for id in list(self._processes):
            self.kill_one(id)
