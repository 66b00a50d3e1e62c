-- An alert is its transitions: the newest says how it stands, the worst severity stays.
CREATE OR REPLACE VIEW sales.alerts DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    t.alert_id AS alert_id,
    argMax(t.rule, t.newest) AS rule,
    if(max(t.severity = 'critical'), 'critical', argMax(t.severity, t.newest)) AS severity,
    argMax(t.state, t.newest) AS state,
    argMax(t.subject_kind, t.newest) AS subject_kind,
    argMax(t.subject, t.newest) AS subject,
    argMax(t.kpi, t.newest) AS kpi,
    nullIf(argMax(t.window, t.newest), '') AS window,
    argMax(tuple(t.value), t.newest).1 AS value,
    argMax(tuple(t.threshold), t.newest).1 AS threshold,
    argMax(tuple(t.n), t.newest).1 AS n,
    min(t.started_at) AS started_at,
    if(argMax(t.state, t.newest) = 'resolved', max(t.at), NULL) AS ended_at,
    argMax(t.summary, t.newest) AS summary,
    nullIf(argMax(t.runbook, t.newest), '') AS runbook
FROM
(
    SELECT *, (at, state = 'resolved', version) AS newest
    FROM sales_rows.alerts FINAL
) AS t
GROUP BY t.alert_id;
