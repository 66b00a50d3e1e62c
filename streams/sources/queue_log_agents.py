"""Agents in a queue_log: present, paused, gone."""

from collections.abc import Iterator

from streams.sources.queue_log_calls import Event, told
from streams.sources.queue_log_lines import Line

STATUS = {
    "ADDMEMBER": "available",
    "REMOVEMEMBER": "offline",
    "PAUSE": "paused",
    "PAUSEALL": "paused",
    "UNPAUSE": "available",
    "UNPAUSEALL": "available",
    "AGENTLOGIN": "available",
    "AGENTCALLBACKLOGIN": "available",
    "AGENTLOGOFF": "offline",
    "AGENTCALLBACKLOGOFF": "offline",
}


class Agents:
    """What is known of the agents of one log."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._queues: dict[str, set[str]] = {}  # agent -> queues that he was added to
        self._last: dict[str, int] = {}

    def status(self, line: Line) -> Iterator[Event]:
        """The agent's new status. Who is taken out of one of several queues is still there."""
        who = line.member()
        queues = self._queues.setdefault(who, set())
        if line.event == "ADDMEMBER":
            queues.add(line.queue)
        elif line.event == "REMOVEMEMBER":
            queues.discard(line.queue)
            if queues:
                return
        last = self._last.get(who, 0)
        at = line.at if line.at > last or line.at < last - 999 else last + 1
        self._last[who] = at
        reason = line.text(0) if "PAUSE" in line.event else ""
        yield told(
            line,
            "agent.status",
            self._source,
            at,
            manager=who,
            status=STATUS[line.event],
            pause_reason=reason,
        )
