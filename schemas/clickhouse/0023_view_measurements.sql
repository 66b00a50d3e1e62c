-- One row per fact and subject that it counts for.
CREATE OR REPLACE VIEW sales.measurements DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    at AS measured_at,
    counted.1 AS subject_kind,
    counted.2 AS subject,
    name,
    value,
    entity,
    customer,
    nullIf(tag, '') AS tag
FROM sales_rows.measurements FINAL
ARRAY JOIN arrayConcat(
    if(manager = '', [], [('manager', toString(manager))]),
    if(`group` = '', [], [('group', toString(`group`))]),
    if(whole, [('all', 'all')], [])) AS counted;
