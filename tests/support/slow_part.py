"""Serves HTTP: `/` responds at once, `/never` never, `/work?SECONDS` after so many seconds of processor time.

Its argument is the file that it writes its port to.
"""

from __future__ import annotations

import http.server
import sys
import threading
import time
from pathlib import Path


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/never":
            threading.Event().wait()
        if self.path.startswith("/work"):
            end = time.process_time() + float(self.path.partition("?")[2])
            while time.process_time() < end:
                pass
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"done")

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    place = Path(sys.argv[1])
    place.with_suffix(".new").write_text(str(server.server_port))
    place.with_suffix(".new").rename(place)
    server.serve_forever()
