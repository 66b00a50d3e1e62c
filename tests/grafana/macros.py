"""What Grafana and its ClickHouse plugin make of a panel's SQL before it is sent."""

import re
from datetime import datetime

_VARIABLE = re.compile(r"\$\{(\w+):singlequote\}|\$\{(\w+)\}|\$([a-z]\w*)")


def expanded(sql: str, start: datetime, end: datetime, variables: dict[str, str]) -> str:
    """The SQL with macros and variables replaced; a variable that is not given is an error."""
    times = {"$__fromTime": start, "$__toTime": end}
    for macro, moment in times.items():
        sql = sql.replace(macro, f"toDateTime({int(moment.timestamp())})")
    assert "$__" not in sql, "a macro that this expansion does not know"

    def replaced(match: re.Match[str]) -> str:
        quoted, braced, plain = match.groups()
        if quoted:
            return "'" + variables[quoted].replace("'", "\\'") + "'"
        return variables[braced or plain]

    return _VARIABLE.sub(replaced, sql)
