"""Names of the facts that journeys measure (declared, with their meaning, in `streams.kpis`).

State holds a name as its index: append, never reorder or remove.
"""

NAMES = (
    "call_in",
    "call_answered",
    "call_answered_hours",
    "call_answered_in_t",
    "call_answered_in_t_all",
    "call_answered_by",
    "call_missed",
    "call_missed_hours",
    "missed_caller",
    "short_abandon",
    "handled",
    "talk",
    "quality",
    "offer",
    "offer_missed",
    "offer_answered",
    "offer_missed_shared",
    "ring",
    "dial",
    "dial_answered",
    "dial_conversation",
    "dial_early_hangup",
    "callback",
    "callback_due",
    "callback_in_time",
    "callback_made",
    "callback_reached",
    "response",
    "open_missed",
    "uncalled_missed",
    "waiting",
)

#: Index of each name.
CODES = {name: code for code, name in enumerate(NAMES)}
