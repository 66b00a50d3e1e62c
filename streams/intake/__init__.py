"""First step of every event: a raw record becomes an accepted event by customer, or a dead letter.

Pure: the same record under the same configuration always gives the same bytes.
"""

from streams.intake.dead_letters import DeadLetter, dead_letter
from streams.intake.intake import Accepted, Intake, named

__all__ = ["Accepted", "DeadLetter", "Intake", "dead_letter", "named"]
