CREATE OR REPLACE VIEW sales.dead_letters DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    origin,
    topic,
    if(partition < 0, NULL, partition) AS partition,
    if(offset < 0, NULL, offset) AS offset,
    received_at,
    nullIf(source, '') AS source,
    reason,
    detail,
    payload,
    encoding
FROM sales_rows.dead_letters FINAL;
