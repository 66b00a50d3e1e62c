"""Who is calling: a caller's number as a switchboard writes it, as a customer of the contract."""

from streams.customers import e164

_LONGEST_EXTENSION = 6


def customer_of(number: str, country: str, call_id: str) -> str:
    """The phone in E.164, `ext:<extension>` for a short number, else `anonymous:<call_id>`.

    `country` (ISO 3166, such as `RU`) says where numbers without a country's code are. What is
    neither an extension nor a possible phone is as good as a hidden number.
    """
    plus = "+" if number.lstrip().startswith("+") else ""
    digits = "".join(char for char in number if char.isascii() and char.isdigit())
    if any(char.isalpha() for char in number):
        return f"anonymous:{call_id}"
    if not plus and digits and len(digits) <= _LONGEST_EXTENSION:
        return f"ext:{digits}"
    if digits.startswith("00") and not plus:
        plus, digits = "+", digits[2:]
    phone = e164(plus + digits, country) or (e164(f"+{digits}", country) if digits else "")
    return phone or f"anonymous:{call_id}"
