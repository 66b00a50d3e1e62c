CREATE OR REPLACE VIEW sales.closed_periods
(
    period_start Date COMMENT 'first local day',
    period_end Date COMMENT 'last local day',
    closed_by String COMMENT 'who closed it',
    closed_at DateTime64(3, 'UTC') COMMENT 'when it was closed'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT period_start, period_end, closed_by, closed_at
FROM sales_rows.closed_periods FINAL
COMMENT 'Periods that are closed';
CREATE OR REPLACE VIEW sales.kpi_closed
(
    period_start Date COMMENT 'first local day',
    period_end Date COMMENT 'last local day',
    subject_kind String COMMENT 'manager, group, all or line',
    subject String COMMENT 'as in kpi_period',
    kpi String COMMENT 'id of the KPI',
    value Nullable(Float64) COMMENT 'as it was at the closing, in the unit of the KPI',
    n Int64 COMMENT 'how many the value rests on',
    num Nullable(Float64) COMMENT 'numerator of a share or mean, else null',
    den Nullable(Int64) COMMENT 'denominator of a share or mean, else null',
    mature Float64 COMMENT 'share of the cohort whose deadline had passed',
    revised_at DateTime64(3, 'UTC') COMMENT 'when the newest was stored that the value rests on',
    param Nullable(String) COMMENT 'how a service level was reckoned',
    closed_by String COMMENT 'who closed the period',
    closed_at DateTime64(3, 'UTC') COMMENT 'when it was closed'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    c.period_start AS period_start, c.period_end AS period_end, c.subject_kind AS subject_kind, c.subject AS subject,
    c.kpi AS kpi, c.value AS value, c.n AS n, c.num AS num, c.den AS den, c.mature AS mature, c.revised_at AS revised_at,
    c.param AS param, p.closed_by AS closed_by, p.closed_at AS closed_at
FROM sales_rows.kpi_closed AS c FINAL
INNER JOIN sales_rows.closed_periods AS p FINAL
    ON p.period_start = c.period_start AND p.period_end = c.period_end AND p.version = c.version
COMMENT 'KPI of a closed period, as paid';
CREATE OR REPLACE VIEW sales.bonus_closed
(
    period_start Date COMMENT 'first local day',
    period_end Date COMMENT 'last local day',
    `group` String COMMENT 'whose formula it is',
    manager String COMMENT 'whose bonus it is',
    kpi String COMMENT 'term of the formula',
    value Nullable(Float64) COMMENT 'of the KPI, as it was at the closing',
    n Int64 COMMENT 'how many the value rests on',
    target Nullable(Float64) COMMENT 'in the unit of the KPI',
    weight Float64 COMMENT 'share of the base',
    attainment Nullable(Float64) COMMENT 'from 0 to the cap',
    cap Float64 COMMENT 'attainment above which nothing is added',
    money Float64 COMMENT 'of this term, in the currency',
    note String COMMENT 'why it is what it is, where that needs saying',
    currency String COMMENT 'of the money',
    closed_by String COMMENT 'who closed the period',
    closed_at DateTime64(3, 'UTC') COMMENT 'when it was closed',
    approved_by Nullable(String) COMMENT 'the person who approved it; null: it is a proposal',
    approved_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was approved'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    c.period_start AS period_start, c.period_end AS period_end, c.`group` AS `group`, c.manager AS manager, c.kpi AS kpi,
    c.value AS value, c.n AS n, c.target AS target, c.weight AS weight, c.attainment AS attainment, c.cap AS cap,
    c.money AS money, c.note AS note, c.currency AS currency, p.closed_by AS closed_by, p.closed_at AS closed_at,
    nullIf(a.approved_by, '') AS approved_by, if(a.approved_by = '', NULL, a.approved_at) AS approved_at
FROM sales_rows.bonus_closed AS c FINAL
INNER JOIN sales_rows.closed_periods AS p FINAL
    ON p.period_start = c.period_start AND p.period_end = c.period_end AND p.version = c.version
LEFT JOIN sales_rows.bonus_approvals AS a FINAL
    ON a.period_start = c.period_start AND a.period_end = c.period_end AND a.`group` = c.`group`
COMMENT 'Bonus terms of a closed period; a proposal until a person approved it';
CREATE OR REPLACE VIEW sales.adjustments_closed
(
    period_start Date COMMENT 'first local day of the period that it corrects',
    period_end Date COMMENT 'last local day of the period that it corrects',
    kind String COMMENT 'kpi, or bonus: then values are money',
    subject_kind String COMMENT 'manager, group, all or line',
    subject String COMMENT 'whose value it is',
    `group` Nullable(String) COMMENT 'of a bonus: whose formula it is',
    kpi String COMMENT 'id of the KPI',
    closed_value Nullable(Float64) COMMENT 'before',
    value Nullable(Float64) COMMENT 'afterwards; later corrections are compared with it',
    difference Nullable(Float64) COMMENT 'value less closed_value; null when one of them is',
    n Nullable(Int64) COMMENT 'how many the value rests on',
    param Nullable(String) COMMENT 'how a service level is reckoned',
    revised_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the newest was stored that the value rests on',
    settled_start Date COMMENT 'first local day of the period with which it was closed',
    settled_end Date COMMENT 'last local day of the period with which it was closed'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    c.period_start AS period_start, c.period_end AS period_end, c.kind AS kind, c.subject_kind AS subject_kind,
    c.subject AS subject, nullIf(c.`group`, '') AS `group`, c.kpi AS kpi, c.closed_value AS closed_value, c.value AS value,
    c.value - c.closed_value AS difference, c.n AS n, c.param AS param, c.revised_at AS revised_at,
    c.settled_start AS settled_start, c.settled_end AS settled_end
FROM sales_rows.adjustments_closed AS c FINAL
INNER JOIN sales_rows.closed_periods AS p FINAL
    ON p.period_start = c.settled_start AND p.period_end = c.settled_end AND p.version = c.version
COMMENT 'Corrections of closed periods that were taken into a later one';
