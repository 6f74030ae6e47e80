"""A way to a server on which the answers to the first calls of some kinds are lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

HOP = ("connection", "transfer-encoding", "content-encoding", "content-length", "host")


class Way(BaseHTTPRequestHandler):
    """Hands a request on and the answer back, unless it is one to lose: then it hangs up."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        """Hand on one request."""
        length = int(self.headers.get("Content-Length", 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        answer = requests.request(
            self.command,
            self.server.onward + self.path,
            headers=headers,
            data=self.rfile.read(length),
            timeout=60,
        )
        lost = next((each for each in self.server.to_lose if each in self.path), None)
        if lost:
            assert answer.ok, answer.text
            self.server.to_lose.remove(lost)
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *_) -> None:
        """Say nothing."""


@contextmanager
def losing(onward: str, calls: Sequence[str]) -> Iterator[ThreadingHTTPServer]:
    """A way to `onward`; `to_lose` of what is yielded shrinks as answers are lost."""
    way = ThreadingHTTPServer(("127.0.0.1", 0), Way)
    way.onward, way.to_lose = onward, list(calls)
    thread = threading.Thread(target=way.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield way
    finally:
        way.shutdown()
        way.server_close()
        thread.join()
