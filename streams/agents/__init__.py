"""The three stages of the worker: thin shells that carry records between Kafka and the pure folds.

`intake` -> `journeys` -> `windows`. Each is a `streams.engine.Stage`; what happens to an event is
decided in `streams.intake`, `streams.journey`, `streams.windows`, `streams.kpis` and `streams.alerts`.
"""
