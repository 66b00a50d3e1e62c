"""A receiver of the webhook that notes when each alert came, in a process of its own.

    python -m bench.noted_posts PORT FILE

Until it is killed it takes whatever is posted, and writes a line of JSON for it: the moment (`noted_at`, ms
since the epoch) and the alert as it was posted.
"""

import argparse
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench.parts import Process, wait_for
from streams.local.processes import free_port, port_taken

_STARTS_WITHIN = 30.0


class PostNotes(Process):
    """The process that receives; it listens when this is made."""

    def __init__(self, folder: Path) -> None:
        """`folder` takes its notes and its log."""
        self._file, port = folder / "posts.txt", free_port()
        self._file.touch()
        self.url = f"http://127.0.0.1:{port}/alerts"
        super().__init__(
            "posts", [sys.executable, "-m", "bench.noted_posts", str(port), str(self._file)], folder, {}
        )
        wait_for(lambda: port_taken(port), f"the receiver listens, see {self.log}", _STARTS_WITHIN)

    def posts(self) -> list[dict[str, Any]]:
        """What was posted so far, each with `noted_at`."""
        self.check()
        text = self._file.read_text("utf-8")
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    file: Path


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        alert = {"noted_at": time.time_ns() // 1_000_000, **json.loads(body)}
        line = json.dumps(alert) + "\n"
        with self.server.file.open("a", encoding="utf-8") as notes:
            notes.write(line)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Silent."""


def main() -> None:
    """Receives until it is killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("file", type=Path)
    asked = parser.parse_args()
    server = _Server(("127.0.0.1", asked.port), _Handler)
    server.file = asked.file
    server.serve_forever()


if __name__ == "__main__":
    main()
