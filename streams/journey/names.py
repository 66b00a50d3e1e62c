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
    "lead_new",
    "lead_response",
    "lead_response_cal",
    "lead_due_5m",
    "lead_in_5m",
    "lead_due_1h",
    "lead_in_1h",
    "lead_due_5m_cal",
    "lead_in_5m_cal",
    "lead_due_1h_cal",
    "lead_in_1h_cal",
    "lead_contact_due",
    "lead_contacted",
    "lead_touches",
    "lead_attempts",
    "lead_disqualified",
    "lead_disqualified_untouched",
    "open_lead",
)

#: Index of each name.
CODES = {name: code for code, name in enumerate(NAMES)}

#: Indices of the facts that go under the name of a lead; all others go under that of a call.
LEAD_CODES = frozenset(range(CODES["lead_new"], CODES["open_lead"] + 1))
