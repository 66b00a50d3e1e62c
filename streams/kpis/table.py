"""The table of KPI for the README, from the declarations."""

from collections.abc import Mapping

from streams.kpis.declarations import KPIS
from streams.kpis.kpi import SUBJECT_KINDS, Kpi

_HEAD = ("id", "title", "of", "window", "unit", "good", "personal", "n from", "needs", "what it is")
_GOOD = {"up": "more", "down": "less", "neutral": "neither"}


def markdown_table(kpis: Mapping[str, Kpi] = KPIS) -> str:
    """One line per KPI, in Markdown; ends with a line break."""
    rows = [_HEAD, ("---",) * len(_HEAD), *(_row(kpi) for kpi in kpis.values())]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(kpi: Kpi) -> tuple[str, ...]:
    return (
        f"`{kpi.id}`",
        kpi.title,
        ", ".join(SUBJECT_KINDS[letter] for letter in kpi.subjects),
        ", ".join(kpi.windows or ("day",)),
        kpi.unit,
        _GOOD[kpi.good],
        "yes" if kpi.personal else "no",
        str(kpi.min_n),
        ", ".join(sorted(kpi.needs)),
        kpi.help.replace("|", "\\|"),
    )
