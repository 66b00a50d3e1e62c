"""A receiver of webhooks, as a customer's own system would be."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Listener(ThreadingHTTPServer):
    """Keeps what is posted to it; refuses the first post, as a receiver that just restarts would."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.refused = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/alerts"

    def told(self, **wanted: Any) -> list[dict[str, Any]]:
        """What was posted with these fields."""
        return [body for _, body in self.posted if wanted.items() <= body.items()]


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        first = not self.server.refused
        if first:
            self.server.refused += 1
        else:
            self.server.posted.append((self.headers["Idempotency-Key"], json.loads(body)))
        self.send_response(503 if first else 204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Silent."""


@contextmanager
def listening() -> Iterator[Listener]:
    """A listener that runs."""
    listener = Listener()
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    try:
        yield listener
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
