"""How to reach Kafka: one description for Faust, for aiokafka and for the admin client."""

import ssl
from dataclasses import dataclass
from typing import Any

from faust.auth import SASLCredentials, SSLCredentials
from faust.types.auth import CredentialsT


@dataclass(frozen=True, slots=True)
class Connection:
    """Bootstrap servers (`host:port,host:port`) and, where the cluster asks for them, TLS and SASL.

    A user name without `tls` means SASL over plain text.
    """

    bootstrap: str
    username: str = ""
    password: str = ""
    mechanism: str = "PLAIN"
    tls: bool = False
    ca_file: str | None = None

    def _context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.ca_file) if self.tls else None

    @property
    def _protocol(self) -> str:
        return ("SASL_" if self.username else "") + ("SSL" if self.tls else "PLAINTEXT")

    def faust(self) -> dict[str, Any]:
        """Settings of a Faust app."""
        credentials: CredentialsT | None = None
        if self.username:
            credentials = SASLCredentials(
                username=self.username,
                password=self.password,
                mechanism=self.mechanism,
                ssl_context=self._context(),
            )
        elif self.tls:
            credentials = SSLCredentials(self._context())
        servers = self.bootstrap.replace(",", ";kafka://")
        return {"broker": f"kafka://{servers}", "broker_credentials": credentials}

    def aiokafka(self) -> dict[str, Any]:
        """Arguments of an aiokafka client."""
        arguments: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": self._protocol,
            "ssl_context": self._context(),
        }
        if self.username:
            arguments |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return arguments

    def confluent(self) -> dict[str, Any]:
        """Settings of a confluent-kafka client."""
        settings: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": self._protocol,
        }
        if self.ca_file:
            settings["ssl.ca.location"] = self.ca_file
        if self.username:
            settings |= {
                "sasl.mechanism": self.mechanism,
                "sasl.username": self.username,
                "sasl.password": self.password,
            }
        return settings
