"""All that knows Kafka offsets: batching transport, checkpoints, ledger, guard.

Subclass `Stage`, make an app with `make_app`, `app.add(stage)`, and run the app as a Faust worker.
Proven with faust-streaming 0.15.3, aiokafka 0.14.0 and Kafka 4.1.
"""

from streams.engine.application import EngineApp, make_app
from streams.engine.batch import Batch, Output, Record, StateRecord
from streams.engine.connection import Connection
from streams.engine.faults import EXIT_CODE, EngineFault, end_process
from streams.engine.ledger import decode_state, encode_state, read_log, reader
from streams.engine.partitions import partitions_of
from streams.engine.stage import Stage
from streams.engine.statistics import Statistics

__all__ = [
    "EXIT_CODE",
    "Batch",
    "Connection",
    "EngineApp",
    "EngineFault",
    "Output",
    "Record",
    "Stage",
    "StateRecord",
    "Statistics",
    "decode_state",
    "encode_state",
    "end_process",
    "make_app",
    "partitions_of",
    "read_log",
    "reader",
]
