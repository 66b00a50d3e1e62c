CREATE OR REPLACE VIEW sales.managers DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT manager, name, `group`, time_zone, active
FROM sales_rows.managers FINAL;
CREATE OR REPLACE VIEW sales.groups DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT `group`, name, time_zone, active
FROM sales_rows.groups FINAL;
