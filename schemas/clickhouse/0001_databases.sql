-- Two databases: `sales_rows` holds what the sink writes, by replacing whole rows; `sales` holds what people
-- read: views that give each thing once. The runner makes `sales_rows` itself, for its own status table.
CREATE DATABASE IF NOT EXISTS sales_rows;
CREATE DATABASE IF NOT EXISTS sales;
