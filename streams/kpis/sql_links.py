"""Customers as who they became, for what is joined by customer.

Rows of calls, leads and meetings bear the key under which all of a linked customer counts. Deals and tasks
have journeys of their own, which hear of no links: their rows bear the key that their own events named.
"""

#: Key to the key under which it counts, to the end of a chain; customers who were never linked have no row.
_LINKS = "sales.customer_links"


def with_root(table: str) -> str:
    """Rows of a table, in the place of a table after FROM, each with the customer under whom others count."""
    return f"""(
        SELECT own.* REPLACE (if(links.root = '', own.customer, links.root) AS customer)
        FROM {table} AS own FINAL
        LEFT JOIN {_LINKS} AS links ON links.customer = own.customer
    )"""
