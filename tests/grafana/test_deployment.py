"""The files that a real Grafana and a real ClickHouse read: they parse, and say the same as the code."""

import os
from pathlib import Path
from xml.etree import ElementTree as ET

import clickhouse_connect
import pytest
import yaml
from clickhouse_connect.driver.client import Client

from grafana.panels import DATASOURCE
from streams.sinks.connection import parameters
from tests.fixtures_clickhouse import REAL_SERVER

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
PROVISIONING = DEPLOY / "grafana" / "provisioning"


def test_the_provisioned_data_source_is_the_one_that_dashboards_name_and_only_reads() -> None:
    text = (PROVISIONING / "datasources" / "salespulse.yaml").read_text(encoding="utf-8")
    (source,) = yaml.safe_load(text)["datasources"]
    assert {"type": source["type"], "uid": source["uid"]} == DATASOURCE
    assert (source["jsonData"]["protocol"], source["jsonData"]["port"]) == ("http", 8123)
    assert source["jsonData"]["username"] == "bi"
    assert source["secureJsonData"]["password"].startswith("${")


def test_dashboards_are_read_from_a_folder_and_not_changed_there() -> None:
    text = (PROVISIONING / "dashboards" / "salespulse.yaml").read_text(encoding="utf-8")
    (provider,) = yaml.safe_load(text)["providers"]
    assert provider["type"] == "file"
    assert provider["allowUiUpdates"] is False
    assert provider["options"]["path"].startswith("/var/lib/grafana/")


def users() -> ET.Element:
    return ET.parse(DEPLOY / "clickhouse" / "users.d" / "salespulse.xml").getroot()  # noqa: S314 - our own file


def grants(of: str) -> list[str]:
    return [query.text or "" for query in users().findall(f"{of}/grants/query")]


def test_the_bi_role_sees_the_views_without_phones() -> None:
    assert grants("roles/salespulse_bi") == [
        "GRANT SHOW, SELECT ON sales.*",
        "REVOKE SHOW, SELECT ON sales.customers",
        "REVOKE SHOW, SELECT ON sales.dead_letters",
    ]
    assert grants("users/bi") == ["GRANT salespulse_bi"]


def test_the_bi_user_cannot_change_anything_and_no_password_is_written_down() -> None:
    root = users()
    assert root.findtext("users/bi/profile") == "salespulse_bi"
    assert root.findtext("profiles/salespulse_bi/readonly") == "2"
    for password in root.iter("password"):
        assert password.text is None
        assert password.get("from_env", "").startswith("SALESPULSE_")


@pytest.fixture
def reader(store: Client) -> Client | None:
    """The user `bi` of a real server, whose password is in SALESPULSE_BI_PASSWORD; None without one."""
    real = os.environ.get(REAL_SERVER)
    if real is None:
        return None
    password = os.environ["SALESPULSE_BI_PASSWORD"]
    return clickhouse_connect.get_client(**parameters(real) | {"username": "bi", "password": password})


def test_on_a_real_server_the_bi_user_reads_views_and_nothing_else(reader: Client | None) -> None:
    if reader is None:
        return  # tests/sinks/test_views.py has the embedded server's own way of this
    reader.query("SELECT * FROM sales.calls")
    reader.query("SELECT * FROM sales.customers_masked")
    for refused in (
        "SELECT * FROM sales.customers",
        "SELECT * FROM sales_rows.calls",
        "DROP VIEW sales.calls",
    ):
        with pytest.raises(Exception, match=r"ACCESS_DENIED|READONLY"):
            reader.command(refused)
