-- Closing a period reads the proposals from `sales.bonus`. Where no bonus has been defined there are none.
CREATE VIEW IF NOT EXISTS sales.bonus
(
    period_start Date COMMENT 'first local day',
    period_end Date COMMENT 'last local day',
    `group` String COMMENT 'whose formula it is',
    manager String COMMENT 'whose bonus it is',
    kpi String COMMENT 'term of the formula',
    value Nullable(Float64) COMMENT 'of the KPI',
    n Int64 COMMENT 'how many the value rests on',
    target Nullable(Float64) COMMENT 'in the unit of the KPI',
    weight Float64 COMMENT 'share of the base',
    attainment Nullable(Float64) COMMENT 'from 0 to the cap',
    cap Float64 COMMENT 'attainment above which nothing is added',
    money Float64 COMMENT 'of this term, in the currency',
    note String COMMENT 'why it is what it is, where that needs saying',
    currency String COMMENT 'of the money'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    period_start, period_end, `group`, manager, toString(kpi) AS kpi, value, n, target, weight, attainment, cap, money, note,
    toString(currency) AS currency
FROM sales_rows.bonus_closed
WHERE 0
COMMENT 'Bonus proposals';
