-- Flags come from `customer.flagged`, whichever event brought the customer. `customers` holds the phone and is not
-- for the BI role; `customers_masked` is.
CREATE OR REPLACE VIEW sales.customers
(
    customer String COMMENT 'key derived from the phone, crm:<id>, anonymous:<call_id> or ext:<extension>',
    phone Nullable(String) COMMENT 'E.164; null when unknown',
    phone_masked Nullable(String) COMMENT 'with only the country and the last two digits',
    name Nullable(String) COMMENT 'as the source names the customer',
    kind String COMMENT 'what the key is: phone, crm, anonymous or extension',
    flags Array(String) COMMENT 'spam, test, shared, staff, supplier, do_not_call; in order of the alphabet'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
WITH flagged AS
(
    SELECT customer, groupUniqArray(toString(flag)) AS flags FROM sales_rows.customer_flags FINAL GROUP BY customer
)
SELECT
    c.customer AS customer,
    nullIf(c.phone, '') AS phone,
    nullIf(c.phone_masked, '') AS phone_masked,
    nullIf(c.name, '') AS name,
    multiIf(
        c.kind != '', c.kind, startsWith(c.customer, 'crm:'), 'crm', startsWith(c.customer, 'anonymous:'), 'anonymous',
        startsWith(c.customer, 'ext:'), 'extension', 'phone') AS kind,
    arraySort(arrayDistinct(arrayConcat(CAST(c.flags, 'Array(String)'), f.flags))) AS flags
FROM sales_rows.customers AS c FINAL
LEFT JOIN flagged AS f ON f.customer = c.customer
COMMENT 'A customer with the phone; not for the BI role';
CREATE OR REPLACE VIEW sales.customers_masked
(
    customer String COMMENT 'key derived from the phone, crm:<id>, anonymous:<call_id> or ext:<extension>',
    phone_masked Nullable(String) COMMENT 'with only the country and the last two digits',
    kind String COMMENT 'what the key is: phone, crm, anonymous or extension',
    flags Array(String) COMMENT 'spam, test, shared, staff, supplier, do_not_call; in order of the alphabet'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT customer, phone_masked, kind, flags
FROM sales.customers
COMMENT 'A customer with the phone masked';
