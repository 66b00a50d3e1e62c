"""What a batch of events added to a journey."""

import msgspec

from streams.journey.state import (
    CallEvent,
    CallKey,
    EntityEvent,
    EntityKey,
    Judgement,
    LeadEvent,
    LeadKey,
    Note,
)


class Touched(msgspec.Struct):
    """What a batch of events added to a journey, so that it can be derived, or undone."""

    marks: dict[int, int]
    last_at: int
    linked: frozenset[str] = frozenset()  #: as it was before
    flags: frozenset[str] = frozenset()  #: as it was before
    flagged: bool = False
    calls: list[tuple[CallKey, CallEvent]] = []
    notes: list[Note] = []
    leads: list[tuple[LeadKey, LeadEvent]] = []
    entities: list[tuple[EntityKey, EntityEvent]] = []
    #: calls with what was judged of their offers before
    judged: list[tuple[CallKey, tuple[Judgement, ...]]] = []

    @property
    def concerns_all(self) -> bool:
        """Whether it holds what concerns more than single calls."""
        return bool(self.notes or self.leads or self.flagged)

    @property
    def call_keys(self) -> set[CallKey]:
        """The calls of which it holds anything."""
        keys = {key for key, _ in self.calls}
        if self.judged:
            keys.update(key for key, _ in self.judged)
        return keys

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added that anything is derived from."""
        return not (self.calls or self.judged or self.entities or self.concerns_all)
