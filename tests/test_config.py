"""The configuration folder and its versions."""

from pathlib import Path

import pytest

from streams.config import Config, ConfigError, config_of, load_config
from streams.records import pack

EXAMPLE = Path(__file__).parent.parent / "deploy" / "config"


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_the_example_is_valid_and_has_people_in_three_groups() -> None:
    directory = load_config(EXAMPLE).directory
    assert set(directory.groups) == {"sales", "support", "online"}
    assert len(directory.managers) == 12
    assert {directory.group_of(m, 1_800_000_000_000) for m in directory.managers} == set(directory.groups)


def test_the_version_is_of_all_files_and_of_their_content_alone(tmp_path: Path) -> None:
    first = load_config(write(tmp_path, directory="groups: {a: {name: A}}", rules="rules: []"))
    again = load_config(write(tmp_path, directory="# hello\ngroups:\n  a:\n    name: 'A'\n"))
    assert again.version == first.version == first.directory.version
    assert len(first.version) == 12
    assert int(first.version, 16) >= 0
    other = load_config(write(tmp_path, rules="rules: [{name: x}]"))
    assert other.version != first.version
    assert other.rules_text == "rules: [{name: x}]"


def test_a_packed_configuration_comes_back_under_its_version() -> None:
    config = load_config(EXAMPLE)
    back = Config.unpack(config.pack())
    assert (back.files, back.version) == (config.files, config.version)
    assert back.directory.manager("asterisk", "SIP/101", 0) == "m001"


def test_rules_are_optional(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, directory="{}")).rules_text == ""


def test_a_missing_folder_or_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a folder with directory\.yaml"):
        load_config(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=r"a file directory\.yaml in it"):
        load_config(tmp_path)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "directory.yaml").write_bytes("groups: {a: {name: Продажи}}".encode("cp1251"))
    with pytest.raises(ConfigError, match=r"directory\.yaml: expected UTF-8"):
        load_config(tmp_path)


def test_a_fault_names_file_and_line() -> None:
    with pytest.raises(ConfigError, match=r"directory\.yaml, line 2, groups\.a\.time_zone"):
        config_of({"directory.yaml": "groups:\n  a: {time_zone: Mars}"})
    with pytest.raises(ConfigError, match=r"rules\.yaml: is not YAML"):
        config_of({"directory.yaml": "{}", "rules.yaml": "]"})


def test_an_input_that_no_kpi_knows_is_refused_but_not_in_a_version_of_the_past() -> None:
    files = {"directory.yaml": "sources: {pbx: {provides: [inbound, offerz]}}"}
    with pytest.raises(ConfigError, match=r"sources\.pbx\.provides: expected some of .*, found 'offerz'"):
        config_of(files)
    back = Config.unpack(pack(["0123456789ab", files]))
    assert back.directory.sources["pbx"].provides == ("inbound", "offerz")
    assert back.directory.funnel.minor_units("10", "") == 1_000
    assert not back.directory.absent("m1", 0)
