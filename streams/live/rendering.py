"""From a board to what rich shows. Pure: the same board gives the same picture."""

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from streams.live import texts
from streams.live.board import ALL, CHART_MINUTES, Board, Chart, Subject, Value

_STALE_S = 15.0  #: older values are shown as such
_MANY_MISSED = 0.10
_WIDE = 116  #: columns from which groups and the whole chart are shown
_NARROW_CHART = 15  #: minutes
_EMPTY = Chart((), ())
_TOTALS = ("Calls\nin", "Answered", "Missed", "Missed\nshare", "Service\nlevel", "Average\nwait", "Talk")
_SIGNS = {"critical": ("✖", "bold red"), "warning": ("▲", "yellow")}


def render(board: Board, height: int = 50, width: int = 150) -> RenderableType:
    """The whole view for a terminal of this size; managers that do not fit are only counted."""
    alerts = _alerts(board)
    used = 18 + len(alerts) + len(board.notices)
    return Group(
        _header(board),
        _totals(board),
        _managers(board, max(3, height - used), wide=width >= _WIDE),
        *([Panel(Group(*alerts), title="Alerts", border_style="red")] if alerts else []),
        _footer(board),
    )


def plain(board: Board) -> str:
    """The view in one line, for logs and pipes."""
    open_n, oldest = board.value("open_missed", "now"), board.value("open_missed_oldest_s", "now")
    waiting = board.value("calls_waiting", "now")
    late = texts.age(board.as_of, board.taken_at)
    told = [
        texts.clock(board.as_of) + (f" ({texts.seconds(late)} ago)" if late and late > _STALE_S else ""),
        f"last hour: {texts.count(board.value('calls_in', '1h').value)} in",
        f"{texts.count(board.value('calls_answered', '1h').value)} answered",
        f"{texts.count(board.value('calls_missed', '1h').value)} missed",
        f"service level {texts.share(_level(board, '1h').value)}",
        f"waiting {texts.count(waiting.value)}",
        f"to call back {texts.count(open_n.value)} (oldest {texts.seconds(oldest.value)})",
        f"{len(board.alerts)} alerts",
        f"{board.events_per_minute} events/min",
    ]
    return " · ".join(told) + (f" · {board.fault}" if board.fault else "")


def _header(board: Board) -> RenderableType:
    late = texts.age(board.as_of, board.taken_at)
    fresh = late is not None and late <= _STALE_S and not board.fault
    text = Text(" Salespulse ", style="bold reverse")
    text.append("  data as of ")
    text.append(texts.clock(board.as_of), style="bold" if fresh else "bold yellow")
    if late is not None and not fresh:
        text.append(f"  ({texts.seconds(late)} ago)", style="yellow")
    text.append(f"   newest event {texts.clock(board.newest_event)}")
    text.append(f"   {texts.count(board.events_per_minute)} events/min")
    if board.fault:
        text.append(f"\n ▲ {board.fault}; the figures below are the last ones known", style="bold yellow")
    return text


def _totals(board: Board) -> RenderableType:
    table = _table("")
    for title in _TOTALS:
        table.add_column(title, justify="right", no_wrap=True)
    for title, window in (("last hour", "1h"), ("today", "today")):
        table.add_row(Text(title, style="dim"), *_totals_of(board, window))
    return Group(Padding(table, (1, 0, 0, 0)), *_now(board))


def _table(first: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1), header_style="dim")
    table.collapse_padding = True
    table.add_column(first, no_wrap=True)
    return table


def _totals_of(board: Board, window: str) -> list[Text]:
    missed = _preferred(board, "missed_share", window)
    bad = missed.value is not None and missed.value > _MANY_MISSED
    return [
        Text(texts.count(board.value("calls_in", window).value), style="bold"),
        Text(texts.count(board.value("calls_answered", window).value)),
        Text(texts.count(board.value("calls_missed", window).value)),
        Text(("▲ " if bad else "") + texts.share(missed.value), style="yellow" if bad else ""),
        Text(texts.share(_level(board, window).value)),
        Text(texts.seconds(board.value("answer_wait_avg_s", window).value)),
        Text(texts.seconds(board.value("talk_s", window).value)),
    ]


def _preferred(board: Board, kpi: str, window: str) -> Value:
    """Within working hours; when nothing lies within them, at all hours."""
    found = board.value(kpi, window)
    return found if found.value is not None else board.value(f"{kpi}_all_hours", window)


def _level(board: Board, window: str) -> Value:
    return _preferred(board, "service_level", window)


def _now(board: Board) -> list[Text]:
    waiting, longest = board.value("calls_waiting", "now"), board.value("longest_waiting_s", "now")
    missed, oldest = board.value("open_missed", "now"), board.value("open_missed_oldest_s", "now")
    uncalled = board.value("uncalled_missed", "now")
    calls = Text(" waiting now ", style="dim")
    calls.append(texts.count(waiting.value), style="bold cyan" if waiting.value else "bold")
    calls.append(f" (longest {texts.seconds(longest.value)})", style="not dim")
    calls.append("   calls in ")
    calls.append(texts.sparkline(board.charts.get(ALL, _EMPTY).calls_in), style="not dim cyan")
    back = Text(" to call back ", style="dim")
    back.append(texts.count(missed.value), style="bold yellow" if missed.value else "bold")
    back.append(f" (oldest {texts.seconds(oldest.value)}), ", style="not dim")
    back.append(f"{texts.count(uncalled.value)} of them not tried yet", style="not dim")
    return [calls, back]


def _managers(board: Board, lines: int, *, wide: bool) -> RenderableType:
    minutes = CHART_MINUTES if wide else _NARROW_CHART
    titles = ["Group"] if wide else []
    titles += ["Calls", "Answered", "Missed\noffers", "Ring", "Talk"]
    titles += ["Today"] if wide else []
    table = _table("Last hour")
    for title in titles:
        table.add_column(title, justify="left" if title == "Group" else "right", no_wrap=True)
    table.add_column(f"last {minutes} min", no_wrap=True)
    managers = board.managers()
    for manager in managers[:lines]:
        name, group, *figures, today, chart = _manager(board, manager, minutes)
        table.add_row(*([name, group, *figures, today, chart] if wide else [name, *figures, chart]))
    if not managers:
        table.add_row(Text("nobody yet", style="dim"))
    rest = len(managers) - lines
    more = [Text(f" … and {rest} more", style="dim")] if rest > 0 else []
    return Group(Padding(table, (1, 0, 0, 0)), *more)


def _manager(board: Board, manager: str, minutes: int) -> list[Text]:
    subject: Subject = ("manager", manager)
    person = board.people.get(manager)
    missed, share = (board.value(kpi, "1h", subject) for kpi in ("offers_missed", "offers_missed_share"))
    chart = board.charts.get(subject, _EMPTY)
    told = texts.count(missed.value) + (f" ({texts.share(share.value)})" if missed.value else "")
    return [
        Text(board.name(manager)),
        Text(person.group if person else ""),
        Text(texts.count(board.value("calls_handled", "1h", subject).value), style="bold"),
        Text(texts.count(board.value("calls_answered", "1h", subject).value)),
        Text(told),
        Text(texts.seconds(chart.ring_avg_s)),
        Text(texts.seconds(board.value("talk_s", "1h", subject).value)),
        Text(texts.count(board.value("calls_handled", "today", subject).value)),
        Text(texts.sparkline(chart.handled[-minutes:]), style="green"),
    ]


def _alerts(board: Board) -> list[Text]:
    shown = []
    for alert in board.alerts[:5]:
        sign, style = _SIGNS.get(alert.severity, ("•", ""))
        since = texts.seconds(texts.age(alert.since, board.taken_at))
        shown.append(Text(f"{sign} {alert.severity}: {alert.summary}  (for {since})", style=style))
    if len(board.alerts) > len(shown):
        shown.append(Text(f"… and {len(board.alerts) - len(shown)} more", style="dim"))
    return shown


def _footer(board: Board) -> RenderableType:
    text = Text("\n")
    for part, state in board.parts.items():
        good = state == "ready"
        text.append(f" {'●' if good else '○'} {part}", style="green" if good else "yellow")
        if not good:
            text.append(f" {state}", style="yellow")
    text.append("   Ring: average. –: nothing to say. Ctrl-C ends.", style="dim")
    for notice in board.notices:
        text.append(f"\n {notice}", style="dim")
    return text
