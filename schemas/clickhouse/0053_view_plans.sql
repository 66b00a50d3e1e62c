-- What is aimed at, and what deals go through, as configured.
CREATE OR REPLACE VIEW sales.plans
(
    subject_kind LowCardinality(String) COMMENT 'manager, group or all',
    subject String COMMENT 'id of the directory, or all',
    kpi LowCardinality(String) COMMENT 'id of the KPI',
    period_start Date COMMENT 'first day',
    period_end Date COMMENT 'last day',
    plan Float64 COMMENT 'what is to be reached, in the unit of the KPI'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT subject_kind, subject, kpi, period_start, period_end, value AS plan FROM sales_rows.plans FINAL
COMMENT 'Plans of plans.csv';
CREATE OR REPLACE VIEW sales.funnel_stages
(
    pipeline String COMMENT 'id of the pipeline',
    stage String COMMENT 'id of the stage',
    name String COMMENT 'what people call the stage',
    position UInt32 COMMENT 'place in the pipeline, from 0',
    kind LowCardinality(String) COMMENT 'open, won or lost',
    max_stay_s Nullable(Float64) COMMENT 'longest stay allowed, by the calendar; null without a limit'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT pipeline, stage, name, position, kind, max_stay_ms / 1000 AS max_stay_s FROM sales_rows.funnel_stages FINAL
COMMENT 'Stages of funnel.yaml';
