"""Settings from the environment, all of them in one table: name, default, meaning.

The README's table is made from it (`salespulse settings --markdown`), and a test compares the two.
"""

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

#: Customer keys are only as secret as this: phones are few enough to be tried out one by one.
_LEAST_SECRET = 16
_LOG_LEVELS = ("debug", "info", "warning", "error")


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it and says what is expected."""


def _setting(name: str, default: Any, meaning: str, *, secret: bool = False) -> Any:
    return field(
        default=default, metadata={"name": f"SALESPULSE_{name}", "meaning": meaning, "secret": secret}
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """What one process of Salespulse needs to know about its surroundings."""

    kafka: str = _setting("KAFKA", "127.0.0.1:9092", "Kafka's bootstrap servers, `host:port,host:port`")
    clickhouse: str = _setting(
        "CLICKHOUSE",
        "http://default:@127.0.0.1:8123",
        "URL of ClickHouse with user and password",
        secret=True,
    )
    config: Path = _setting(
        "CONFIG", Path("deploy/config"), "folder with `directory.yaml` and the other files below"
    )
    secret: str = _setting(
        "SECRET",
        "",
        "secret of this installation, at least 16 characters: turns phones into customer keys. "
        "Never change it: the same phone would become another customer. `up` makes one in its data folder",
        secret=True,
    )
    token: str = _setting(
        "TOKEN",
        "",
        "bearer token that `POST /events` asks for; without one the gateway takes no events. "
        "`up` makes one in its data folder",
        secret=True,
    )
    webhook: str = _setting(
        "WEBHOOK", "", "URL that is sent each alert as JSON; none: no webhook", secret=True
    )
    partitions: int = _setting(
        "PARTITIONS",
        8,
        "partitions of the topics, fixed when they are made: the most workers that share the work",
    )
    epoch: int = _setting(
        "EPOCH",
        1,
        "first generation of the internal topics; `rebuild` makes the next, which then is in force "
        "whatever stands here",
    )
    raw_days: int = _setting(
        "RAW_DAYS", 30, "days that the public topics are kept, which hold phones and payloads"
    )
    http_host: str = _setting("HTTP_HOST", "127.0.0.1", "address on which the gateway listens")
    http_port: int = _setting("HTTP_PORT", 8080, "port of the gateway")
    metrics_port: int = _setting(
        "METRICS_PORT", 0, "port on which a worker or sink shows `/metrics` to Prometheus; 0: none"
    )
    log_level: str = _setting("LOG_LEVEL", "info", "`debug`, `info`, `warning` or `error`")
    data_dir: Path = _setting("DATA_DIR", Path(".salespulse"), "folder of the embedded parts, for `up`")
    instance: str = _setting(
        "INSTANCE",
        "",
        "stable name of this process in its consumer group, so that it is back at once after a crash; "
        "set by `up`, leave it empty for workers that are scaled",
    )
    parts_file: Path | None = _setting(
        "PARTS_FILE", None, "file in which `up` tells the gateway which parts are ready; set by `up`"
    )

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Settings of this process. Raises `SettingsError`."""
        found = {}
        for known in fields(cls):
            text = environment.get(known.metadata["name"], "").strip()
            if text:
                found[known.name] = _read(known, text)
        return cls(**found)

    def __post_init__(self) -> None:
        _at_least(self, "partitions", 1, 1024)
        _at_least(self, "epoch", 1, 1 << 19)
        _at_least(self, "raw_days", 1, 3650)
        _at_least(self, "http_port", 1, 65535)
        _at_least(self, "metrics_port", 0, 65535)
        if self.secret and len(self.secret) < _LEAST_SECRET:
            raise SettingsError(
                f"SALESPULSE_SECRET has {len(self.secret)} characters: expected at least {_LEAST_SECRET}"
            )
        if self.log_level.lower() not in _LOG_LEVELS:
            raise SettingsError(
                f"SALESPULSE_LOG_LEVEL is {self.log_level!r}: expected one of {', '.join(_LOG_LEVELS)}"
            )
        for name in ("clickhouse", "webhook"):
            _check_url(self, name)

    def customer_secret(self) -> bytes:
        """The secret, for the roles that turn phones into keys. Raises `SettingsError` when there is none."""
        if not self.secret:
            raise SettingsError(
                "SALESPULSE_SECRET is not set: expected a secret of at least 16 characters, the same in "
                'every process and for ever. One is made by: python3 -c "import secrets; '
                'print(secrets.token_hex(32))"'
            )
        return self.secret.encode()

    def environment(self) -> dict[str, str]:
        """These settings as variables for another process."""
        values = {known.metadata["name"]: getattr(self, known.name) for known in fields(self)}
        return {name: "" if value is None else str(value) for name, value in values.items()}


def _read(known: "Field[Any]", text: str) -> Any:
    name = known.metadata["name"]
    if isinstance(known.default, int):
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f"{name} is {text!r}: expected a whole number") from None
    if isinstance(known.default, str):
        return text
    return Path(text)


def _at_least(settings: Settings, name: str, least: int, most: int) -> None:
    value = getattr(settings, name)
    if not least <= value <= most:
        raise SettingsError(f"{_name(name)} is {value}: expected a number from {least} to {most}")


def _check_url(settings: Settings, name: str) -> None:
    value = getattr(settings, name)
    if not value:
        return
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        # The value may hold a password: it is not repeated.
        raise SettingsError(f"{_name(name)} is no URL: expected one like http://user:password@host:8123")


def _name(attribute: str) -> str:
    for known in fields(Settings):
        if known.name == attribute:
            return str(known.metadata["name"])
    raise KeyError(attribute)


@dataclass(frozen=True, slots=True)
class Described:
    """One row of the table of settings."""

    name: str
    default: str
    meaning: str
    secret: bool
    attribute: str


def table() -> list[Described]:
    """All settings, in the order of the README."""
    return [
        Described(
            name=known.metadata["name"],
            default="" if known.default is None else str(known.default),
            meaning=known.metadata["meaning"],
            secret=known.metadata["secret"],
            attribute=known.name,
        )
        for known in fields(Settings)
    ]


def markdown() -> str:
    """The table of the README."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for row in table():
        default = f"`{row.default}`" if row.default else ""
        rows.append(f"| `{row.name}` | {default} | {row.meaning} |")
    return "\n".join(rows) + "\n"
