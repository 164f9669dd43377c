"""A collector that takes everything over HTTP/1.1 and keeps nothing; a process of its own.

It answers what OTLP exporters and ddtrace's agent protocol expect, and tells how many bytes and requests came.
"""

from __future__ import annotations

import json
import socketserver
import sys
import threading


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: Collector

    def handle(self) -> None:
        while line := self.rfile.readline():
            path = line.split()[1]
            length, chunked = 0, False
            while (header := self.rfile.readline().lower().strip()) != b"":
                if header.startswith(b"content-length:"):
                    length = int(header[15:])
                chunked = chunked or header == b"transfer-encoding: chunked"
            received = self._chunks() if chunked else len(self.rfile.read(length))
            self.server.count(received)
            body = self.server.totals() if path == b"/totals" else b"" if path.startswith(b"/v1/") else b"{}"
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def _chunks(self) -> int:
        received = 0
        while size := int(self.rfile.readline().split(b";")[0], 16):
            received += len(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return received


class Collector(socketserver.ThreadingTCPServer):
    """Counts what it is sent."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._lock = threading.Lock()
        self._bytes = self._requests = 0

    def count(self, received: int) -> None:
        """Note a request of so many bytes."""
        with self._lock:
            self._bytes += received
            self._requests += received > 0

    def totals(self) -> bytes:
        """Bytes and requests so far, as JSON."""
        with self._lock:
            return json.dumps({"bytes": self._bytes, "requests": self._requests}).encode()


if __name__ == "__main__":
    with Collector() as collector:
        print(collector.server_address[1], flush=True)
        threading.Thread(target=collector.serve_forever, args=(0.1,), daemon=True).start()
        # The parent closes our input when it is done.
        sys.stdin.read()
        collector.shutdown()
