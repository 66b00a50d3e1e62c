"""Amounts in minor units of the company's currency."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from tests.recount.plain import Plain


def minor_units(plain: Plain, amount: Any, currency: str) -> int | None:
    """None for no amount, for one in a currency that has no rate, and for one that is nobody's."""
    if amount in (None, ""):
        return None
    if currency in ("", plain.currency):
        rate = Decimal(1)
    elif currency in plain.rates:
        rate = plain.rates[currency]
    else:
        return None
    with localcontext(prec=60):
        minor = int((Decimal(str(amount)) * rate * 100).to_integral_value(ROUND_HALF_EVEN))
    return minor if abs(minor) < 10**17 else None
