"""What the KPI of records count: a SELECT for each, one row per thing that counts.

Columns: at (DateTime64, when it counts), manager, group, whole (for whom), upper, n, due (1 or 0 each;
due is 1 also for what is counted later, at a deadline), ms (what a median is of). Who adds them up by
subject and local day is `sql_record_days`.
"""

from streams.kpis.sql_links import with_root

FACTS = "sales_rows.day_facts"
#: The measurements that stand there. A further one has to be copied from `measurements` by a migration.
DAY_FACTS = frozenset(
    {
        "missed_item",
        "missed_item_reached",
        "span_missed",
        "span_uncalled",
        "span_lead",
        "deal_win",
        "meeting_scheduled",
        "meeting_held",
        "meeting_missed",
    }
)
#: SELECT of how many there are, and the moment of the first, ms.
FIRST_FACT = f"SELECT count(), toInt64(min(toUnixTimestamp64Milli(at))) FROM {FACTS}"
_LEADS = "sales_rows.leads"
_DEALS = "sales_rows.deals"
_CALLS = "sales_rows.calls"
#: Their customer may be known under another key by now, as those of leads and calls are.
_SOLD = with_root(_DEALS)

#: Customers' last moments at which something holds for a deal of theirs: win, proposal, first stage.
_CUSTOMERS = f"""SELECT customer, max(if(stage_kind = 'won', closed_at, NULL)) AS won_at,
        max(proposed_at) AS proposed_at, min(created_at) AS first_deal_at,
        groupArrayIf(assumeNotNull(created_at), created_at IS NOT NULL) AS deals_at
    FROM {_SOLD}
    WHERE customer != ''
    GROUP BY customer"""
#: The same of a lead that the source itself names with the deal.
_NAMED = f"""SELECT source, lead_id, max(proposed_at) AS proposed_at,
        groupArrayIf(assumeNotNull(created_at), created_at IS NOT NULL) AS deals_at
    FROM {_DEALS} FINAL
    WHERE lead_id != ''
    GROUP BY source, lead_id"""
_ENQUIRED = f"""SELECT customer, assumeNotNull(created_at) AS at, manager, `group`
    FROM {_LEADS} FINAL
    WHERE created_at IS NOT NULL
    UNION ALL
    SELECT first.customer AS customer, first.at AS at, first.manager AS manager, first.`group` AS `group`
    FROM
    (
        SELECT customer, min(assumeNotNull(started_at)) AS at,
            argMin(toString(manager), (assumeNotNull(started_at), source, call_id)) AS manager,
            argMin(toString(`group`), (assumeNotNull(started_at), source, call_id)) AS `group`
        FROM {_CALLS} FINAL
        WHERE direction = 'in' AND excluded_reason = '' AND started_at IS NOT NULL
            AND customer != '' AND NOT startsWith(customer, 'anonymous:')
        GROUP BY customer
    ) AS first
    LEFT JOIN
    (
        SELECT customer, min(created_at) AS lead_at FROM {_LEADS} FINAL WHERE created_at IS NOT NULL GROUP BY customer
    ) AS led ON led.customer = first.customer
    LEFT JOIN ({_CUSTOMERS}) AS sold ON sold.customer = first.customer
    WHERE (led.customer = '' OR led.lead_at > first.at + INTERVAL 24 HOUR)
        AND (sold.customer = '' OR isNull(sold.first_deal_at) OR sold.first_deal_at >= first.at)"""
#: A win is told under the key of its deal, which alone knows the customer.
_WINS = f"""SELECT wins.at AS at, wins.manager AS manager, wins.`group` AS `group`, wins.whole AS whole,
        arrayExists(other -> other.1 < wins.at AND other.2 != wins.entity, earlier.wins) AS again
    FROM (SELECT * FROM {FACTS} FINAL WHERE name = 'deal_win') AS wins
    LEFT JOIN (SELECT concat(source, '/', deal_id) AS entity, customer FROM {_SOLD}) AS sold
        ON sold.entity = wins.entity
    LEFT JOIN
    (
        SELECT sold.customer AS customer, groupArray((won.at, won.entity)) AS wins
        FROM (SELECT entity, at FROM {FACTS} FINAL WHERE name = 'deal_win') AS won
        INNER JOIN (SELECT concat(source, '/', deal_id) AS entity, customer FROM {_SOLD}) AS sold
            ON sold.entity = won.entity
        WHERE sold.customer != ''
        GROUP BY sold.customer
    ) AS earlier ON earlier.customer = sold.customer"""
_LEAD_ROWS = f"""SELECT source, lead_id, customer, manager, `group`, assumeNotNull(created_at) AS at, disqualified_at
    FROM {_LEADS} FINAL
    WHERE created_at IS NOT NULL"""


def _share(at: str, upper: str, rows: str) -> str:
    return f"""SELECT {at} AS at, toString(manager) AS manager, toString(`group`) AS `group`, true AS whole,
    {upper} AS upper, 1 AS n, 1 AS due, 0 AS ms
FROM {rows}"""


#: By id of the KPI.
RECORDS: dict[str, str] = {
    "recovered_share": f"""SELECT at, manager, `group`, whole, reached AS upper,
    reached OR fromUnixTimestamp64Milli(deadline) <= now64(3) AS n, 1 AS due, 0 AS ms
FROM
(
    SELECT entity, toString(manager) AS manager, toString(`group`) AS `group`, whole, at, max(value) AS deadline,
        countIf(name = 'missed_item_reached') > 0 AS reached
    FROM {FACTS} FINAL
    WHERE name IN ('missed_item', 'missed_item_reached')
    GROUP BY entity, manager, `group`, whole, at
)""",
    "enquiry_to_deal": _share(
        "enquiries.at",
        "ifNull(sold.won_at >= enquiries.at, 0)",
        f"({_ENQUIRED}) AS enquiries LEFT JOIN ({_CUSTOMERS}) AS sold ON sold.customer = enquiries.customer",
    ),
    "lead_to_proposal": _share(
        "leads.at",
        "ifNull(sold.proposed_at >= leads.at, 0) OR ifNull(named.proposed_at >= leads.at, 0)",
        f"({_LEAD_ROWS}) AS leads LEFT JOIN ({_CUSTOMERS}) AS sold ON sold.customer = leads.customer "
        f"LEFT JOIN ({_NAMED}) AS named ON named.source = leads.source AND named.lead_id = leads.lead_id",
    ),
    "proposal_to_won": _share(
        "assumeNotNull(proposed_at)",
        "stage_kind = 'won'",
        f"(SELECT * FROM {_DEALS} FINAL WHERE proposed_at IS NOT NULL)",
    ),
    **{
        kpi: f"""SELECT at, toString(manager) AS manager, toString(`group`) AS `group`, whole,
    1 AS upper, 1 AS n, 1 AS due, 0 AS ms
FROM ({_WINS})
WHERE {"again" if kpi == "deals_won_repeat" else "NOT again"}"""
        for kpi in ("deals_won_new", "deals_won_repeat")
    },
    "lead_handling_p50_s": f"""SELECT ended_at AS at, manager, `group`, true AS whole, 0 AS upper, 1 AS n, 1 AS due,
    dateDiff('millisecond', created_at, ended_at) AS ms
FROM
(
    SELECT toString(manager) AS manager, toString(`group`) AS `group`, leads.at AS created_at,
        arrayFilter(deal -> deal >= leads.at, arrayConcat(sold.deals_at, named.deals_at)) AS later,
        arrayMin(arrayConcat(later, if(isNull(disqualified_at), [], [assumeNotNull(disqualified_at)]))) AS ended_at
    FROM ({_LEAD_ROWS}) AS leads
    LEFT JOIN ({_CUSTOMERS}) AS sold ON sold.customer = leads.customer
    LEFT JOIN ({_NAMED}) AS named ON named.source = leads.source AND named.lead_id = leads.lead_id
    WHERE notEmpty(later) OR disqualified_at IS NOT NULL
)
WHERE ended_at >= created_at""",
}
