"""Faults that people can mend are told in a sentence; all others keep their trace."""

import sys

#: Module -> exceptions in it whose text is written for people. A module not imported raised nothing.
_FOR_PEOPLE = {
    "streams.settings": ["SettingsError"],
    "streams.config_text": ["ConfigError"],
    "streams.topology": ["KafkaAway"],
    "streams.local.jars": ["MissingTool"],
    "streams.local.broker": ["BrokerFailed"],
    "streams.local.supervisor": ["PartFailed"],
    "streams.local.folder": ["FolderTaken"],
    "streams.importing.lines": ["NotThisFormat"],
    "streams.importing.writer": ["ImportStopped"],
    "streams.engine.faults": ["EngineFault"],
    "streams.sinks.feed": ["RecordsDeleted"],
    "streams.sinks.migrations": ["EditedHistory"],
    "streams.sinks.reconcile": ["NotStored"],
    "streams.sinks.rebuilt_tables": ["TablesMissing"],
    "streams.rebuild.kafka": ["NotTaken"],
    "streams.rebuild.stored": ["LogsTooOften"],
    "streams.rebuild.plan": ["RebuildRefused"],
    "streams.forget.raw": ["RawFault"],
    "streams.periods": ["NotAPeriod"],
    "streams.sinks.closing": ["Refused"],
}
_CLICKHOUSE = "clickhouse_connect.driver.exceptions"


def explain(fault: BaseException) -> str | None:
    """What to tell a person about `fault`, or `None` when it is a defect of the program."""
    for module, names in _FOR_PEOPLE.items():
        loaded = sys.modules.get(module)
        if loaded is not None and isinstance(fault, tuple(getattr(loaded, name) for name in names)):
            return str(fault)
    clickhouse = sys.modules.get(_CLICKHOUSE)
    if clickhouse is not None and isinstance(fault, clickhouse.Error):
        return f"ClickHouse: {in_short(fault)}"
    return None


def in_short(fault: BaseException) -> str:
    """What ClickHouse, or its absence, said, without the client's own call stack in prose."""
    text = str(fault)
    if "Max retries exceeded" in text or "Connection refused" in text:
        return "does not answer: is it started, is SALESPULSE_CLICKHOUSE right?"
    return text.splitlines()[0]
