"""What a stage has done since its process began; for metrics."""

from dataclasses import dataclass


@dataclass(slots=True)
class Statistics:
    """Counters; seconds where the name says so."""

    records: int = 0  #: folded
    events: int = 0  #: as `fold` counted them
    checkpoints: int = 0
    checkpoint_seconds: float = 0.0
    outputs: int = 0  #: records written
    ledger_records: int = 0  #: written at checkpoints
    gaps: int = 0  #: chunks that did not follow on the last one, read again
    stalls: int = 0  #: lost chunks with nothing behind them, read again
    stale: int = 0  #: chunks of a former generation
    loads: int = 0
    load_seconds: float = 0.0
    loaded_records: int = 0  #: of the ledger
    kept: int = 0  #: partitions kept over a rebalance without a load
    repaired: int = 0  #: stale keys of the ledger written again
