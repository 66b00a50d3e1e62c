"""PURE: measurements and KPI, each declared once; live value, SQL and documentation follow from it."""
