"""What the fold asks of a directory: whose group, which hours, which limits.

`streams.directory.Directory` is one; tests may give a simpler one.
"""

from collections.abc import Callable
from typing import Protocol


class Calendar(Protocol):
    """Working hours of a group. All times and lengths are milliseconds."""

    def in_hours(self, at: int, /) -> bool:
        """Whether the group works at this moment."""

    def working_ms(self, start: int, end: int, /) -> int:
        """Working time between two moments."""

    def after(self, at: int, working_ms: int, /) -> int:
        """The moment when that much working time has passed since `at`."""

    def after_working_days(self, at: int, days: int, /) -> int:
        """The end of the last of that many working days since `at`."""


class GroupSettings(Protocol):
    """Limits of a group, in milliseconds and counts."""

    @property
    def conversation_min_ms(self) -> int:
        """Shortest talk that is a conversation."""

    @property
    def short_abandon_ms(self) -> int:
        """Longest wait of a short abandon."""

    @property
    def offer_min_ring_ms(self) -> int:
        """Shortest ring that can be missed."""

    @property
    def callback_within_ms(self) -> int:
        """Working time within which a missed caller is to be called back."""

    @property
    def give_up_attempts(self) -> int:
        """Failed attempts after which an item is given up."""

    @property
    def give_up_days(self) -> int:
        """Working days after which an item is given up."""


class Stage(Protocol):
    """A stage of a pipeline."""

    @property
    def order(self) -> int:
        """Its place in the pipeline, from 0."""

    @property
    def max_stay_ms(self) -> int | None:
        """The longest stay allowed, by the calendar; None without a limit."""


class Funnel(Protocol):
    """Pipelines, their stages, and what money is worth."""

    def stage(self, pipeline: str, stage: str, /) -> Stage | None:
        """The stage, if anybody listed it."""

    def minor_units(self, amount: str, currency: str, /) -> int | None:
        """The amount in hundredths of the company currency; None for a currency without a rate."""

    @property
    def meeting_ahead_holds(self) -> bool:
        """Whether a deal with a meeting ahead is not stalled, however long it is in its stage."""

    def ignores(self, loss_reason: str, /) -> bool:
        """Whether losses with this reason are left out of the win rate."""


class Directory(Protocol):
    """One version of the directory."""

    @property
    def funnel(self) -> Funnel:
        """The pipelines of the same version."""

    def group_of(self, manager: str, at: int, /) -> str:
        """Group of a manager at a moment, or `unassigned`."""

    def absent(self, manager: str, at: int, /) -> bool:
        """Whether a manager is absent on the day of a moment."""

    def present_from(self, manager: str, at: int, /) -> int:
        """The first moment from this one on at which a manager is not absent."""

    def group_of_line(self, line: str, /) -> str:
        """Group that a line leads to, or an empty string."""

    def group_settings(self, group: str, /) -> GroupSettings:
        """Limits of a group; the defaults for one that nobody listed."""

    def calendar(self, group: str, /) -> Calendar:
        """Working hours of a group; always open for one that nobody listed."""


#: The directory of a configuration version.
Directories = Callable[[str], Directory]
