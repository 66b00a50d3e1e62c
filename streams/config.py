"""The configuration folder: its files, their version, and the form in which it travels.

The only module here that reads files. Events are stamped with the version of the configuration
that resolved them, and it is kept by version on the topic `salespulse.config`.
"""

import hashlib
from collections.abc import Collection
from pathlib import Path

import msgspec

from streams.bonus import FILE as BONUS
from streams.bonus import Formula, KpiFacts, read_bonus
from streams.config_csv import canonical_csv
from streams.config_text import ConfigError, canonical, read_yaml
from streams.directory import Directory
from streams.kpis.declarations import KPIS
from streams.kpis.kpi import INPUTS, NOW
from streams.plans import FILE as PLANS
from streams.plans import Plan, read_plans
from streams.records import pack

DIRECTORY = "directory.yaml"
RULES = "rules.yaml"
FUNNEL = "funnel.yaml"
ABSENCES = "absences.csv"
#: Files that are read when they are there; `directory.yaml` must be.
FILES = (DIRECTORY, RULES, FUNNEL, ABSENCES)

__all__ = ["Config", "ConfigError", "Planning", "load_config", "load_planning"]


class Config(msgspec.Struct, frozen=True):
    """One version of the configuration: the texts of its files by name, and what they mean."""

    files: dict[str, str]
    version: str  #: 12 hex digits of the content; layout and comments make no difference
    directory: Directory

    @property
    def rules_text(self) -> str:
        """The text of `rules.yaml`, empty when there is none."""
        return self.files.get(RULES, "")

    def pack(self) -> bytes:
        """Version and files as they travel on the topic `salespulse.config`."""
        return pack([self.version, self.files])

    @staticmethod
    def unpack(packed: bytes) -> "Config":
        """What `pack` packed, under the version that it had then. Raises `ConfigError`."""
        version, files = msgspec.msgpack.decode(packed, type=tuple[str, dict[str, str]])
        return Config(files, version, Directory.from_files(files, version))


def config_of(files: dict[str, str]) -> Config:
    """The configuration that these texts make. Raises `ConfigError`."""
    contents = {name: _content(name, files[name]) for name in sorted(files)}
    digest = hashlib.sha256(msgspec.json.encode(contents)).hexdigest()
    version = digest[:12]
    directory = Directory.from_files(files, version)
    _check_inputs(directory)
    return Config(files, version, directory)


def _check_inputs(directory: Directory) -> None:
    """A misspelt input would silence KPI. Versions of the past are not asked: what a KPI needs may change."""
    for source in directory.sources.values():
        for name in source.provides:
            if name not in INPUTS:
                raise ConfigError(
                    f"{DIRECTORY}, sources.{source.id}.provides: expected some of {', '.join(INPUTS)},"
                    f" found {name!r}"
                )


def _content(name: str, text: str) -> str:
    """What counts of a file's text for the version."""
    return canonical(read_yaml(name, text)) if name.endswith(".yaml") else canonical_csv(name, text)


def load_config(folder: str | Path) -> Config:
    """Reads the configuration in a folder. Raises `ConfigError`."""
    place = Path(folder)
    if not place.is_dir():
        raise ConfigError(f"{place}: expected a folder with {DIRECTORY}, found none")
    files = {name: _read(place / name) for name in FILES if (place / name).is_file()}
    if DIRECTORY not in files:
        raise ConfigError(f"{place}: expected a file {DIRECTORY} in it, found none")
    return config_of(files)


class Planning(msgspec.Struct, frozen=True):
    """What is aimed at. It says nothing of what events mean, so it is no part of the version."""

    plans: list[Plan] = []
    bonuses: list[Formula] = []


def load_planning(folder: str | Path, directory: Directory) -> Planning:
    """Reads `plans.csv` and `bonus.yaml`, where they are. Raises `ConfigError`."""
    place = Path(folder)
    plans, bonus = place / PLANS, place / BONUS
    subjects: dict[str, Collection[str]] = {
        "manager": directory.managers,
        "group": directory.groups,
        "all": ("all",),
    }
    planned = {kpi.id: kpi for kpi in KPIS.values() if kpi.windows != NOW}
    facts = {kpi.id: KpiFacts(kpi.good, kpi.personal) for kpi in planned.values()}
    return Planning(
        read_plans(_read(plans), subjects, planned) if plans.is_file() else [],
        read_bonus(_read(bonus), directory.groups, facts) if bonus.is_file() else [],
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name}: expected UTF-8, but byte {error.start} is not") from None
    except OSError as error:
        raise ConfigError(f"{path.name}: cannot be read: {error.strerror}") from None
