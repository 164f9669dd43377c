"""A small Grafana on a real socket: folders, data sources, correlations and dashboards, as its HTTP API has them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from testbed.http_server import serving

TOKEN = "glsa_of_the_test"


@dataclass
class FakeGrafana:
    """What it holds, and what was asked of it.

    Attributes:
        url: Its address.
        folders: By uid.
        sources: By uid, with their secrets.
        correlations: By the uid of their source.
        dashboards: By uid: the content and the folder.
        writes: Method and path of every request that changes something.
        provisioned: Uids of data sources and dashboards that files of Grafana's own have made.
    """

    url: str = ""
    folders: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Any] = field(default_factory=dict)
    correlations: dict[str, list[Any]] = field(default_factory=dict)
    dashboards: dict[str, Any] = field(default_factory=dict)
    writes: list[tuple[str, str]] = field(default_factory=list)
    provisioned: set[str] = field(default_factory=set)

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Status and content for a request."""
        if method != "GET":
            self.writes.append((method, path))
        kind, _, rest = path.removeprefix("/api/").partition("/")
        return {"folders": self._folders, "datasources": self._sources, "dashboards": self._dashboards}[kind](
            method, rest, body
        )

    def _folders(self, method: str, rest: str, body: Any) -> tuple[int, Any]:
        if method == "POST":
            self.folders[body["uid"]] = {**body, "id": len(self.folders) + 1, "version": 1}
            return 200, self.folders[body["uid"]]
        return (200, self.folders[rest]) if rest in self.folders else (404, {"message": "folder not found"})

    def _sources(self, method: str, rest: str, body: Any) -> tuple[int, Any]:
        if match := re.fullmatch(r"uid/([\w-]+)/correlations(?:/([\w-]+))?", rest):
            return self._correlations(method, match[1], match[2], body)
        uid = body["uid"] if method == "POST" else rest.removeprefix("uid/")
        if method == "POST" and uid in self.sources:
            return 409, {"message": "data source with the same uid already exists"}
        if method != "POST" and uid not in self.sources:
            return 404, {"message": "Data source not found"}
        if method != "GET":
            self.sources[uid] = body
        seen = {key: value for key, value in self.sources[uid].items() if key != "secureJsonData"}
        secrets = self.sources[uid].get("secureJsonData", {})
        own = {"id": 7, "orgId": 1, "version": 3, "readOnly": uid in self.provisioned}
        return 200, {
            **seen,
            **own,
            "secureJsonFields": {name: True for name, value in secrets.items() if value},
        }

    def _correlations(self, method: str, uid: str, which: str | None, body: Any) -> tuple[int, Any]:
        if uid not in self.sources:
            return 404, {"message": "Data source not found"}
        known = self.correlations.setdefault(uid, [])
        if method == "POST":
            known.append({**body, "uid": f"c{len(known)}", "sourceUID": uid, "provisioned": False})
        if method == "PATCH":
            next(each for each in known if each["uid"] == which).update(body)
        return (200, known) if known else (404, {"message": "No correlation found"})

    def _dashboards(self, method: str, rest: str, body: Any) -> tuple[int, Any]:
        if method == "POST":
            content = body["dashboard"]
            uid = content["uid"]
            if uid in self.dashboards and not body["overwrite"]:
                return 412, {"message": "The dashboard has been changed by someone else"}
            if body["folderUid"] not in self.folders:
                return 400, {"message": "folder not found"}
            version = self.dashboards[uid]["dashboard"]["version"] + 1 if uid in self.dashboards else 1
            self.dashboards[uid] = {
                "dashboard": {**content, "id": 40 + len(self.dashboards), "version": version},
                "meta": {"folderUid": body["folderUid"], "provisioned": uid in self.provisioned},
            }
            return 200, {"status": "success", "uid": uid, "version": version}
        uid = rest.removeprefix("uid/")
        return (
            (200, self.dashboards[uid])
            if uid in self.dashboards
            else (404, {"message": "Dashboard not found"})
        )


@contextmanager
def fake_grafana() -> Iterator[FakeGrafana]:
    """One that runs in a thread, until the block is left."""
    grafana = FakeGrafana()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or "null")
            if self.headers.get("Authorization") == f"Bearer {TOKEN}":
                status, content = grafana.answer(self.command, self.path, body)
            else:
                status, content = 401, {"message": "Invalid API key"}
            sent = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PUT = do_PATCH = _handle

        def log_message(self, format: str, *args: Any) -> None:
            """Requests are kept in `writes`."""

    with serving(Handler) as server:
        grafana.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield grafana
