-- A value that nobody has renewed for two minutes is not true any more: null, with its n, and as_of says since when.
CREATE OR REPLACE VIEW sales.kpi_now DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    as_of,
    transform(substring(kpi_now.subject, 1, 1), ['m', 'g', 'a'], ['manager', 'group', 'all'], '') AS subject_kind,
    substring(kpi_now.subject, 3) AS subject,
    kpi,
    window,
    if(as_of < now64(3, 'UTC') - INTERVAL 2 MINUTE, NULL, value) AS value,
    n
FROM sales_rows.kpi_now FINAL;
