from pathlib import Path

import pytest

from streams.settings import Settings, SettingsError, markdown, table

ROOT = Path(__file__).resolve().parents[1]


def test_defaults_are_those_of_one_machine() -> None:
    settings = Settings.from_env({})
    assert settings.kafka == "127.0.0.1:9092"
    assert settings.clickhouse == "http://default:@127.0.0.1:8123"
    assert (settings.partitions, settings.epoch, settings.raw_days, settings.http_port) == (8, 1, 30, 8080)


def test_values_come_from_the_environment_and_empty_ones_are_none() -> None:
    settings = Settings.from_env(
        {
            "SALESPULSE_KAFKA": "a:9092,b:9092",
            "SALESPULSE_PARTITIONS": " 12 ",
            "SALESPULSE_CONFIG": "/etc/salespulse",
            "SALESPULSE_HTTP_PORT": "",
            "SALESPULSE_PARTS_FILE": "/run/parts.json",
        }
    )
    assert settings.kafka == "a:9092,b:9092"
    assert settings.partitions == 12
    assert settings.config == Path("/etc/salespulse")
    assert settings.http_port == 8080
    assert settings.parts_file == Path("/run/parts.json")


def test_another_process_gets_the_same_settings() -> None:
    settings = Settings(secret="0123456789abcdef", partitions=3, parts_file=Path("/x"), token="t o k")
    assert Settings.from_env(settings.environment()) == settings
    assert Settings.from_env(Settings().environment()) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PARTITIONS", "0", "SALESPULSE_PARTITIONS is 0: expected a number from 1 to 1024"),
        ("EPOCH", "one", "SALESPULSE_EPOCH is 'one': expected a whole number"),
        ("HTTP_PORT", "70000", "SALESPULSE_HTTP_PORT is 70000: expected a number from 1 to 65535"),
        ("SECRET", "short", "SALESPULSE_SECRET has 5 characters: expected at least 16"),
        ("LOG_LEVEL", "loud", "SALESPULSE_LOG_LEVEL is 'loud': expected one of debug, info, warning, error"),
        ("WEBHOOK", "example", "SALESPULSE_WEBHOOK is no URL: expected one like http://"),
    ],
)
def test_what_cannot_be_used_is_named_with_what_is_expected(name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError) as fault:
        Settings.from_env({f"SALESPULSE_{name}": value})
    assert str(fault.value).startswith(told)


def test_a_url_that_cannot_be_used_is_not_repeated() -> None:
    """It may hold a password."""
    with pytest.raises(SettingsError) as fault:
        Settings.from_env({"SALESPULSE_CLICKHOUSE": "default:hunter2@127.0.0.1"})
    assert "hunter2" not in str(fault.value)


def test_the_secret_is_asked_for_where_it_is_needed() -> None:
    assert Settings(secret="0123456789abcdef").customer_secret() == b"0123456789abcdef"
    with pytest.raises(SettingsError, match="SALESPULSE_SECRET is not set: expected a secret"):
        Settings().customer_secret()


def test_the_readme_has_the_table_of_settings() -> None:
    assert markdown() in (ROOT / "README.md").read_text("utf-8"), (
        "make it with `salespulse settings --markdown`"
    )


def test_every_setting_says_what_it_is() -> None:
    for row in table():
        assert row.name.startswith("SALESPULSE_")
        assert len(row.meaning) > 10
