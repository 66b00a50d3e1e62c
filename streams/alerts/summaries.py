"""The sentence of an alert: a rule's template, filled with what is known and nothing else.

Names that a template may use, as `{name}` or with a format such as `{value:.0%}`:
subject (its name), subject_id, subject_kind, kpi (its id), title, window, severity, value,
value_text, threshold, threshold_text, n. Those ending in `_text` are written for people: `12 %`,
`34 min`, `7`. Attributes, indices and conversions are refused, so that a template cannot reach
into the program.
"""

from string import Formatter

from streams.kpis.kpi import Unit

Known = dict[str, str | int | float]

_TEXTS = (
    "subject",
    "subject_id",
    "subject_kind",
    "kpi",
    "title",
    "window",
    "severity",
    "value_text",
    "threshold_text",
)
_EXAMPLE: Known = {**dict.fromkeys(_TEXTS, "sales"), "value": 0.5, "threshold": 0.5, "n": 12}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def check_template(template: str) -> str:
    """What a template should be instead; empty when it is fine."""
    try:
        fields = list(Formatter().parse(template))
    except ValueError as error:
        return f"a sentence with {{names}} in braces ({error})"
    for _, name, spec, conversion in fields:
        if name is not None and (name not in _EXAMPLE or conversion):
            return f"only the names {', '.join(_EXAMPLE)} in braces, not {{{name}}}"
        if spec and "{" in spec:
            return f"a plain format, not {spec!r}"
    try:
        fill(template, _EXAMPLE)
    except (ValueError, OverflowError) as error:
        return f"formats that fit ({error})"
    return ""


def fill(template: str, known: Known) -> str:
    """The sentence. Only for templates that `check_template` finds fine."""
    return "".join(
        text + (format(known[name], spec or "") if name is not None else "")
        for text, name, spec, _ in Formatter().parse(template)
    )


def in_words(value: float | None, unit: Unit) -> str:
    """A value as people say it: `12 %`, `34 min`, `2 h 05 min`, `7`."""
    if value is None:
        return "nothing"
    if unit == "share":
        return f"{value:.0%}".replace("%", " %")
    return _span(round(value)) if unit == "s" else f"{value:g}"


def _span(seconds: int) -> str:
    if seconds < 2 * _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE:02d} min"
    return f"{seconds // _DAY} d {seconds % _DAY // _HOUR} h"
