"""Pipelines and their stages, which names the CRM has for them, and what money is worth.

Part of the configuration's version, like the directory: folds use the one stamped on the event.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

import msgspec

UNMAPPED = "unmapped:"
#: Hundredths of a unit of the company currency.
_MINOR = Decimal(100)
#: In hundredths; sums of less fit whole numbers of 64 bits.
_TOO_MUCH = 10**17


class Stage(msgspec.Struct, frozen=True):
    """A stage of a pipeline."""

    id: str
    name: str
    order: int  #: place in the pipeline, from 0
    kind: str  #: `open`, `won` or `lost`
    max_stay_ms: int | None = None  #: longest stay allowed, by the calendar; None without a limit


class Pipeline(msgspec.Struct, frozen=True):
    """A pipeline and its stages in their order."""

    id: str
    name: str
    stages: dict[str, Stage]


class FunnelContent(msgspec.Struct, frozen=True):
    """All that `funnel.yaml` says."""

    currency: str = "RUB"  #: company currency, ISO 4217
    rates: dict[str, Decimal] = {}  #: one unit of each other currency in the company's
    ignored: frozenset[str] = frozenset()  #: reasons of losses that are left out of the win rate
    meeting_ahead_holds: bool = True  #: a deal with a meeting ahead is not stalled
    pipelines: dict[str, Pipeline] = {}
    #: (source, name) -> pipeline
    pipeline_names: Mapping[tuple[str, str], str] = {}
    #: (pipeline, source, name) -> stage
    stage_names: Mapping[tuple[str, str, str], str] = {}


class Funnel:
    """One version of the funnel; immutable."""

    def __init__(self, content: FunnelContent | None = None) -> None:
        known = content or FunnelContent()
        self.currency = known.currency
        self.pipelines = known.pipelines
        self.rates = known.rates
        self.meeting_ahead_holds = known.meeting_ahead_holds
        self._ignored = known.ignored
        self._pipeline_names = known.pipeline_names
        self._stage_names = known.stage_names

    def stage(self, pipeline: str, stage: str) -> Stage | None:
        """The stage, if the pipeline lists it."""
        found = self.pipelines.get(pipeline)
        return found.stages.get(stage) if found is not None else None

    def pipeline_of(self, source: str, name: str) -> str:
        """Id of the pipeline that the source calls `name`.

        While no pipeline is listed at all, names stay what they are: there is nothing to map them to.
        """
        found = self._pipeline_names.get((source, name)) if name else name
        if found is not None:
            return found
        return name if name in self.pipelines or not self.pipelines else f"{UNMAPPED}{source}:{name}"

    def stage_of(self, source: str, pipeline: str, name: str) -> str:
        """Id of the stage that the source calls `name` in a pipeline given by its id."""
        found = self._stage_names.get((pipeline, source, name)) if name else name
        if found is not None:
            return found
        known = self.pipelines.get(pipeline)
        if known is None or name in known.stages:
            return name
        return f"{UNMAPPED}{source}:{name}"

    def minor_units(self, amount: str, currency: str) -> int | None:
        """The amount in hundredths of the company currency, halves to even.

        An amount without a currency is in the company's; None for a currency without a rate, for
        what is no amount, and for one of a thousand billions or more, which nobody's deal is.
        """
        rate = Decimal(1) if currency in ("", self.currency) else self.rates.get(currency)
        if rate is None:
            return None
        try:
            minor = int((Decimal(amount) * rate * _MINOR).to_integral_value(ROUND_HALF_EVEN))
        except InvalidOperation:
            return None
        return minor if abs(minor) < _TOO_MUCH else None

    def ignores(self, loss_reason: str) -> bool:
        """Whether losses with this reason are left out of the win rate."""
        return loss_reason in self._ignored
