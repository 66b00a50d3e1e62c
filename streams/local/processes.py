"""Starting processes that cannot outlive us, and ports for them to listen on."""

import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
#: Loaded here, since loading a library between fork and exec is not safe.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
#: Below what Linux (32768), macOS and Windows (49152) use for connections that go out.
_LISTENING = (15_000, 32_000)
#: Of its own: two processes that start alike are not to choose alike.
_CHANCE = random.SystemRandom()


def port_taken(port: int) -> bool:
    """Whether somebody on this machine already listens on `port`."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def free_port() -> int:
    """A port of the loopback interface that nobody uses now.

    Not one of those from which the kernel serves connections that go out: one of these may take it before
    the process listens that the port is meant for, or while that process is down.
    """
    return next(port for port in iter(lambda: _CHANCE.randrange(*_LISTENING), None) if not port_taken(port))


def die_with(parent: int) -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel kills the child when the thread that started it ends, however it ends.

    SIGKILL, because every part survives it by design, and a next start finds ports and locks free at
    once. `None` where the kernel cannot do it (all but Linux).
    """
    if _LIBC is None:
        return None
    prctl = _LIBC.prctl

    def follow() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it ended before we asked
            os.kill(os.getpid(), signal.SIGKILL)

    return follow


def spawn(
    command: Sequence[str | Path],
    log: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    keep_open: Sequence[int] = (),
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` in its own session, its output appended to `log`, bound to the life of this thread.

    Its own session, so that Ctrl-C in the terminal reaches us alone and we stop the parts in order.
    """
    output: IO[bytes] | int = subprocess.DEVNULL
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        output = log.open("ab")
    try:
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            cwd=cwd,
            start_new_session=True,
            pass_fds=tuple(keep_open),
            preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - it calls nothing but prctl, getppid and kill
        )
    finally:
        if not isinstance(output, int):
            output.close()


def end(process: subprocess.Popen[bytes], within: float = 10.0) -> int:
    """Ask a process to stop; kill it when it has not `within` seconds. Its exit code."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()
