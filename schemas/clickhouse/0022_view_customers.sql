-- `customers` holds the phone and is not for the BI role; `customers_masked` is.
CREATE OR REPLACE VIEW sales.customers DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    customer,
    nullIf(phone, '') AS phone,
    nullIf(phone_masked, '') AS phone_masked,
    nullIf(name, '') AS name,
    nullIf(kind, '') AS kind,
    flags
FROM sales_rows.customers FINAL;
CREATE OR REPLACE VIEW sales.customers_masked DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    customer,
    nullIf(phone_masked, '') AS phone_masked,
    nullIf(kind, '') AS kind,
    flags
FROM sales_rows.customers FINAL;
