"""Facts of one identity are one fact."""

from tests.recount.plain import FactId

Found = list[tuple[FactId, int]]
#: Facts whose values say how much, so that several of one moment are added.
ADDED = ("deal_won", "won_amount", "win_amount", "proposal_amount")


def merged(found: Found) -> dict[FactId, int]:
    """Each identity once: values that are sums added (none if nothing is left), else the greatest."""
    by_identity: dict[FactId, list[int]] = {}
    for identity, value in found:
        by_identity.setdefault(identity, []).append(value)
    facts: dict[FactId, int] = {}
    for identity, values in by_identity.items():
        total = sum(values)
        adds = identity[1] in ADDED
        if len(values) == 1 or not adds or total:
            facts[identity] = total if adds else max(values)
    return facts
