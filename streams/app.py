"""The one place where the parts of the worker and of the sink are put together."""

import asyncio
import logging

import faust
from prometheus_client import start_http_server

from streams.agents.alerting import Alerting
from streams.agents.configurations import Configurations
from streams.agents.intake import IntakeStage
from streams.agents.journeys import JourneysStage
from streams.agents.keeping_step import KeepingStep
from streams.agents.meters import WorkerMeters
from streams.agents.now import LiveValues
from streams.agents.pacing import Pacing
from streams.agents.subjects import midnights, working_ages
from streams.agents.watching import UpstreamWatch, Watching
from streams.agents.windows import WindowsStage
from streams.alerts.rules import load_rules
from streams.background import in_background
from streams.config import Config, load_config
from streams.corrections import Corrections
from streams.corrections.store import Store
from streams.customers import CustomerKeys
from streams.engine import Connection, EngineApp, EngineFault, end_process, make_app
from streams.epochs import LOOK_EVERY_S, EpochOver, EpochWatch, in_force
from streams.garbage import collect_rarely
from streams.intake import Intake
from streams.readiness import tell_ready
from streams.settings import Settings
from streams.sinks.clickhouse import ClickHouse
from streams.sinks.clickhouse_service import ClickHouseService
from streams.sinks.decoding import Decoding
from streams.sinks.rebuilt_tables import database_of
from streams.sinks.service import Service, run_services
from streams.sinks.service import run_sink as run_role
from streams.topics import CORRECTIONS_GROUP, EVENT_TOPICS, SINK_GROUP, WORKER_GROUP, InternalTopics

#: How often it is looked whether all stages have their state.
_LOOK_S = 0.05


def make_worker(settings: Settings, config: Config) -> EngineApp:
    """The Faust app with its three stages; needs the broker, on which it announces the configuration."""
    internal = in_force(settings)
    configurations = Configurations(settings.kafka, internal.config)
    configurations.announce(config)
    app = make_app(
        internal.group(WORKER_GROUP),
        Connection(settings.kafka),
        worker=settings.instance or None,
        identities=internal.identities,
    )
    intake = IntakeStage(
        intake=Intake(config.directory, CustomerKeys(settings.customer_secret())),
        config=config,
        internal=internal,
        partitions=settings.partitions,
    )
    journeys = JourneysStage(configurations=configurations, internal=internal, partitions=settings.partitions)
    windows = WindowsStage(internal=internal, midnight=midnights(config.directory))
    epoch = EpochWatch(settings, internal.epoch)
    upstream = _watch(windows, config, settings, epoch)
    Pacing.of(journeys, windows, Connection(settings.kafka)).begin()
    KeepingStep(intake, journeys).begin()
    stages = (intake, journeys, windows)
    for stage in stages:
        app.add(stage)
    app.task(lambda: _tell_when_loaded(app))
    app.task(lambda: _end_with(epoch))
    WorkerMeters(stages, lambda: upstream.state.behind_ms(windows.now_ms())).register()
    return app


async def _tell_when_loaded(app: EngineApp) -> None:
    while not all(stage.loaded for stage in app.stages):  # noqa: ASYNC110 - loads come and go
        await asyncio.sleep(_LOOK_S)
    tell_ready()


async def _end_with(epoch: EpochWatch) -> None:
    """Ends the process when its epoch is over; whoever keeps it running starts it again in the next."""
    while True:
        try:
            await in_background(epoch.look)
        except EpochOver as over:
            end_process("worker", EngineFault(str(over)))
        await asyncio.sleep(LOOK_EVERY_S)


def _watch(windows: WindowsStage, config: Config, settings: Settings, epoch: EpochWatch) -> UpstreamWatch:
    internal, connection = windows.internal, Connection(settings.kafka)
    read = (*EVENT_TOPICS, internal.events, internal.measurements)
    ages = working_ages(config.directory)
    rules = load_rules(config.rules_text, config.directory)
    alerting = Alerting(windows, rules, config.directory, ages, settings.partitions)
    upstream = UpstreamWatch(connection, internal.group(WORKER_GROUP), read)
    values = LiveValues(windows, config.directory)
    Watching(windows, values, alerting, upstream, connection, in_force=lambda: epoch.sure).begin()
    return upstream


def run_worker(settings: Settings) -> None:
    """Runs the role `worker` until SIGTERM or SIGINT."""
    collect_rarely()
    app = make_worker(settings, load_config(settings.config))
    if settings.metrics_port:
        start_http_server(settings.metrics_port)
    worker = faust.Worker(app, loglevel=logging.INFO)
    worker.execute_from_commandline()


def run_rebuilding_worker(settings: Settings, internal: InternalTopics) -> None:
    """Folds the events of an epoch that is not in force yet; judges no rules and shows nothing."""
    collect_rarely()
    config = load_config(settings.config)
    app = make_app(internal.group(WORKER_GROUP), Connection(settings.kafka), identities=internal.identities)
    configurations = Configurations(settings.kafka, internal.config)
    journeys = JourneysStage(configurations=configurations, internal=internal, partitions=settings.partitions)
    windows = WindowsStage(internal=internal, midnight=midnights(config.directory))
    Pacing.of(journeys, windows, Connection(settings.kafka)).begin()
    app.add(journeys)
    app.add(windows)
    app.task(lambda: _tell_when_loaded(app))
    faust.Worker(app, loglevel=logging.INFO).execute_from_commandline()


def run_rebuilding_sink(settings: Settings, internal: InternalTopics) -> None:
    """Stores an epoch that is not in force yet in its own tables, and answers its stages' requests."""
    collect_rarely()
    database = database_of(internal.epoch)
    sink = ClickHouseService(
        settings.kafka,
        ClickHouse(settings.clickhouse, rebuilt_in=database),
        Decoding(internal, only_rebuilt=True),
        group=internal.group(SINK_GROUP),
    )
    run_services([sink, _corrections(settings, internal, Store(settings.clickhouse, database))])


def run_sink(settings: Settings) -> None:
    """Runs the role `sink`, with the corrections in the same process."""
    collect_rarely()

    def corrections(known: Settings, internal: InternalTopics) -> Service:
        return _corrections(known, internal, Store(known.clickhouse), known.instance or None)

    run_role(settings, in_force(settings), [corrections])


def _corrections(
    settings: Settings, internal: InternalTopics, store: Store, instance: str | None = None
) -> Corrections:
    return Corrections(
        settings.kafka,
        internal,
        settings.partitions,
        store,
        group=internal.group(CORRECTIONS_GROUP),
        sink_group=internal.group(SINK_GROUP),
        instance=instance,
    )
