"""Who may do what: the engine's own access control, configured by files.

chdb has no `CREATE USER`, and every session is the user `default`. But the engine reads users, roles
and grants from a configuration file, and a session can give up all roles but one. So the owner of
the data keeps the role `owner`; a read-only session keeps the role `reader`, and the engine itself
refuses whatever was not granted to it, however a query is written. A front that only looked at
query texts would have to know every way to name a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

OWNER_ROLE = "owner"
READER_ROLE = "reader"

#: What a read-only user may read: the views of database `sales`, without those that hold phones.
READER_GRANTS = (
    "GRANT SELECT ON sales.*",
    "REVOKE SELECT ON sales.customers",
    "REVOKE SELECT ON sales.dead_letters",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of memory and time; sizes in bytes."""

    memory_share: float = 0.5
    query_memory: int = 4 << 30
    reader_memory: int = 1 << 30
    reader_seconds: int = 60
    result_bytes: int = 1 << 30


def _profile(limits: Limits) -> dict[str, str]:
    return {
        "max_memory_usage": str(limits.query_memory),
        "max_result_bytes": str(limits.result_bytes),
        "async_insert": "0",
    }


def _grants(queries: Sequence[str]) -> str:
    inner = "".join(f"<query>{escape(query)}</query>" for query in queries)
    return f"<grants>{inner}</grants>"


def _users_xml(limits: Limits) -> str:
    settings = "".join(f"<{name}>{value}</{name}>" for name, value in _profile(limits).items())
    owner = _grants(["GRANT ALL ON *.* WITH GRANT OPTION"])
    return (
        "<clickhouse>"
        f"<profiles><default>{settings}</default></profiles>"
        "<quotas><default></default></quotas>"
        f"<roles><{OWNER_ROLE}>{owner}</{OWNER_ROLE}>"
        f"<{READER_ROLE}>{_grants(READER_GRANTS)}</{READER_ROLE}></roles>"
        "<users><default><password></password><networks><ip>::/0</ip></networks>"
        "<profile>default</profile><quota>default</quota>"
        f"{_grants([f'GRANT {OWNER_ROLE}', f'GRANT {READER_ROLE}'])}"
        "</default></users></clickhouse>"
    )


def _config_xml(users: Path, limits: Limits) -> str:
    return (
        "<clickhouse>"
        f"<users_config>{escape(str(users))}</users_config>"
        f"<max_server_memory_usage_to_ram_ratio>{limits.memory_share}"
        "</max_server_memory_usage_to_ram_ratio>"
        "<mark_cache_size>134217728</mark_cache_size>"
        "</clickhouse>"
    )


def write_configuration(folder: Path, limits: Limits) -> Path:
    """Writes the engine's configuration into `folder`; returns the file to start it with."""
    folder.mkdir(parents=True, exist_ok=True)
    users, config = folder / "users.xml", folder / "config.xml"
    users.write_text(_users_xml(limits))
    config.write_text(_config_xml(users, limits))
    return config
