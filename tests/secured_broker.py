"""A real broker that asks its clients for a name and password, over TLS or plain text."""

import subprocess
from pathlib import Path

from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from streams.engine import Connection
from streams.local import jars
from streams.local.broker import Broker
from streams.local.processes import free_port

USER, PASSWORD = "worker", "a password of the tests"
_STORE = "of the key store"
_LISTENERS = "PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{tls},SASL_PLAINTEXT://127.0.0.1:{plain}"
#: What comes later in a file of properties replaces what stands before it.
_PROPERTIES = """
listeners={listeners},CONTROLLER://127.0.0.1:{controller}
advertised.listeners={listeners}
listener.security.protocol.map=\
CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,SASL_PLAINTEXT:SASL_PLAINTEXT
ssl.keystore.type=PKCS12
ssl.keystore.location={keys}
ssl.keystore.password={store}
listener.name.sasl_plaintext.sasl.enabled.mechanisms=PLAIN
listener.name.sasl_ssl.sasl.enabled.mechanisms=SCRAM-SHA-256
listener.name.sasl_plaintext.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required user_{user}="{password}";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
"""


class SecuredBroker(Broker):
    """A broker with two listeners more: SASL_SSL with SCRAM-SHA-256, and SASL_PLAINTEXT with PLAIN.

    `bootstrap` stays open to all, for what tests do themselves.
    """

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self._tls, self._plain = free_port(), free_port()
        self._keys, self.certificate = self.data_dir / "keys.p12", self.data_dir / "broker.pem"

    def prepare(self) -> list[str]:
        command = super().prepare()
        if not self.certificate.exists():
            self._make_keys()
        properties = self.data_dir / "server.properties"
        text = properties.read_text()
        _, _, controller = text.partition("controller.quorum.voters=1@127.0.0.1:")
        listeners = _LISTENERS.format(port=self.port, tls=self._tls, plain=self._plain)
        further = _PROPERTIES.format(
            listeners=listeners,
            controller=controller.split("\n", 1)[0],
            keys=self._keys,
            store=_STORE,
            user=USER,
            password=PASSWORD,
        )
        properties.write_text(text + further)
        return command

    def _make_keys(self) -> None:
        """A certificate that signs itself, by the tool that comes with Java."""
        tool = str(Path(jars.java()).resolve().with_name("keytool"))
        store = ["-keystore", str(self._keys), "-storepass", _STORE, "-alias", "broker"]
        names = ["-dname", "CN=broker", "-ext", "san=ip:127.0.0.1", "-ext", "bc:c"]
        kind = ["-storetype", "PKCS12", "-keyalg", "RSA"]
        for words in (
            ["-genkeypair", *store, *kind, *names],
            ["-exportcert", "-rfc", *store, "-file", str(self.certificate)],
        ):
            subprocess.run([tool, *words], check=True, capture_output=True, stdin=subprocess.DEVNULL)

    def add_user(self) -> None:
        """Makes the user known to SCRAM, which keeps its users in the cluster."""
        scram = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096)
        user = UserScramCredentialUpsertion(USER, scram, PASSWORD.encode())
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        admin.alter_user_scram_credentials([user])[USER].result()

    def over_tls(self) -> Connection:
        """How the user reaches it over TLS."""
        servers, ca = f"127.0.0.1:{self._tls}", str(self.certificate)
        return Connection(servers, USER, PASSWORD, "SCRAM-SHA-256", tls=True, ca_file=ca)

    def over_plain_text(self) -> Connection:
        """How the user reaches it without TLS."""
        return Connection(f"127.0.0.1:{self._plain}", USER, PASSWORD)
