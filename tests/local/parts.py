"""Small processes to supervise."""

import sys
from pathlib import Path
from typing import Any

from streams.local.supervisor import Part

_TELLS = """
import os, signal, socket, sys, time
{before}
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as teller:
    teller.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
signal.pause()
"""


def part(name: str, before: str = "", **more: Any) -> Part:
    """A process that says that it is ready and then waits for a signal; `before` is run first."""
    return Part(name, [sys.executable, "-c", _TELLS.format(before=before)], **more)


def running(pid: int) -> bool:
    """Whether a process is there and no mere entry of a process that ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
