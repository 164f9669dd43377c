"""Programs from upstream's release archives, served over TLS on loopback as upstream serves them."""

from __future__ import annotations

import hashlib
import http.server
import io
import random
import ssl
import tarfile
import threading
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from botobs._ops.access import secrets
from botobs._ops.home.home import Home
from botobs._ops.programs import binaries as binaries_module
from botobs._ops.programs import release
from botobs._ops.programs.binaries import Binaries, Missing, Silent
from botobs._ops.programs.versions import Pin, Release, pins
from deploy.checksums import MACHINES, record
from testbed.otlp_receiver import server_context

VERSION = "1.2.3"


class Upstream(http.server.ThreadingHTTPServer):
    """Serves files by their path, with redirects, ranges, and an end in the middle.

    Attributes:
        cut: Bytes after which an answer breaks off, once.
        asked: The paths, each with its range.
        stall: Whether no answer comes.
    """

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.cut: int | None = None
        self.stall = threading.Event()
        self.stall.set()

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Upstream
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "")
        self.server.asked.append((self.path, asked))
        self.server.stall.wait(60)
        if not self.path.startswith("/objects"):
            # As upstream's host does.
            self.send_response(302)
            self.send_header("Location", f"/objects{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = self.server.files.get(self.path.removeprefix("/objects"))
        if content is None:
            self.send_error(404)
            return
        begin = int(asked.removeprefix("bytes=").rstrip("-") or 0) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(content) - begin))
        self.send_header("Connection", "close")
        self.end_headers()
        cut, self.server.cut = self.server.cut, None
        with suppress(OSError):
            self.wfile.write(content[begin:][:cut])

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    home = Home(tmp_path / "upstream")
    home.create()
    secrets.ensure(home.secrets)
    monkeypatch.setenv("SSL_CERT_FILE", str(home.secrets / "ca.pem"))
    server = Upstream(server_context(home.secrets / "server.pem", home.secrets / "server.key"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.stall.set()
    server.shutdown()
    thread.join()
    server.server_close()


def archive(**programs: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        # What an archive says of paths and modes is not believed.
        for name, text in {
            "../../evil/README": "x",
            **{f"small-{VERSION}/{n}": t for n, t in programs.items()},
        }.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text), 0o4777
            tar.addfile(member, io.BytesIO(text.encode()))
    return made.getvalue()


ARCHIVE = archive(
    small=f"#!/bin/sh\necho 'small, version {VERSION}'\n",
    tool="#!/bin/sh\n# " + random.Random(1).randbytes(100_000).hex(),
)


@pytest.fixture
def pin(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> Pin:
    upstream.files[f"/small/releases/download/v{VERSION}/small.tar.gz"] = ARCHIVE
    made = pin_of(tmp_path, upstream, hashlib.sha256(ARCHIVE).hexdigest())
    monkeypatch.setattr(binaries_module, "pins", lambda: {"small": made})
    return made


def pin_of(tmp_path: Path, upstream: Upstream, checksum: str | None) -> Pin:
    source = tmp_path / "source"
    source.mkdir(exist_ok=True)
    (source / "go.mod").write_text("module example.test/small\n\ngo 1.21\n")
    (source / "main.go").write_text('package main\n\nfunc main() { println("small, version built") }\n')
    url = f"{upstream.address}/small/releases/download/v{{version}}/small.tar.gz"
    sums = {} if checksum is None else {release.this_platform(): checksum}
    return Pin(
        "small", VERSION, source, "example.test/small", "v1", {"small": ".", "tool": "."}, "i", 0.1,
        archive=Release(url, {"small": "small", "tool": "tool"}, sums),
    )  # fmt: skip


class Heard(Silent):
    """What is told of it."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.verbs: list[str] = []
        self.steps: list[tuple[int, int]] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def start(self, item: Missing, verb: str) -> None:
        self.verbs.append(f"{verb} {item.program}")

    def advance(self, item: Missing, done: int, total: int) -> None:
        self.steps.append((done, total))


def environ(tmp_path: Path, path: str = "/usr/bin:/bin") -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": path}


def never_go(tmp_path: Path) -> str:
    """A PATH whose Go says that it was called."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    go = folder / "go"
    go.write_text(
        '#!/bin/sh\n[ "$1" = list ] && exit 0\nwhile [ "$1" != -o ]; do shift; done\nprintf built >"$2"\n'
    )
    go.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def test_programs_are_fetched_with_progress_and_nothing_else_of_the_archive(
    pin: Pin, upstream: Upstream, tmp_path: Path
) -> None:
    heard, found = Heard(), Binaries(environ(tmp_path))
    found.require(["small"], heard)
    assert binaries_module.version_of(found["small"]) == VERSION
    assert heard.verbs == ["fetching small"]
    assert heard.steps[-1] == (len(ARCHIVE), len(ARCHIVE))
    folder = found["small"].parent
    assert {file.name for file in folder.iterdir()} == {"small", "tool", ".fetch.lock"}
    assert found["tool"].stat().st_mode & 0o7777 == 0o755
    assert not (tmp_path / "cache" / "evil").exists()
    asked = len(upstream.asked)
    Binaries(environ(tmp_path)).require(["small"], heard)
    assert len(upstream.asked) == asked


def test_what_broke_off_is_gone_on_with(pin: Pin, upstream: Upstream, tmp_path: Path) -> None:
    upstream.cut = 1000
    found = Binaries(environ(tmp_path))
    found.require(["small"], Silent())
    assert [asked for path, asked in upstream.asked if path.startswith("/objects")] == ["", "bytes=1000-"]
    assert binaries_module.version_of(found["small"]) == VERSION


def test_what_an_earlier_command_had_of_it_is_not_fetched_again(
    pin: Pin, upstream: Upstream, tmp_path: Path
) -> None:
    folder = tmp_path / "cache" / "botobs" / "small" / pin.cache_name
    folder.mkdir(parents=True)
    (folder / f".fetching-{hashlib.sha256(ARCHIVE).hexdigest()[:16]}").write_bytes(ARCHIVE[:5000])
    found = Binaries(environ(tmp_path))
    found.require(["small"], Silent())
    assert upstream.asked[-1][1] == "bytes=5000-"
    assert binaries_module.version_of(found["small"]) == VERSION


@pytest.mark.parametrize(
    "content", [b"other", archive(small="of somebody else")], ids=["no archive", "another"]
)
def test_what_is_not_what_was_recorded_is_never_started(
    pin: Pin, upstream: Upstream, tmp_path: Path, content: bytes
) -> None:
    upstream.files = dict.fromkeys(upstream.files, content)
    heard, found = Heard(), Binaries(environ(tmp_path, never_go(tmp_path)))
    found.require(["small"], heard)
    assert found["small"].read_text() == "built"
    assert "is not what was recorded" in heard.notes[0]
    assert not list(found["small"].parent.glob(".fetching-*"))


def test_a_host_that_does_not_answer_is_given_up_soon(
    pin: Pin, upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert release.PATIENCE < 10
    monkeypatch.setattr(release, "PATIENCE", 0.3)
    upstream.stall.clear()
    heard, found = Heard(), Binaries(environ(tmp_path, never_go(tmp_path)))
    found.require(["small"], heard)
    assert found["small"].read_text() == "built"
    assert "127.0.0.1" in heard.notes[0]


def test_one_that_cannot_be_trusted_is_not_asked(
    pin: Pin, upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    heard, found = Heard(), Binaries(environ(tmp_path, never_go(tmp_path)))
    found.require(["small"], heard)
    assert upstream.asked == []
    assert found["small"].read_text() == "built"


def test_without_a_recorded_checksum_nobody_is_asked(
    pin: Pin, upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = pin_of(tmp_path, upstream, None)
    monkeypatch.setattr(binaries_module, "pins", lambda: {"small": other})
    heard, found = Heard(), Binaries(environ(tmp_path, never_go(tmp_path)))
    found.require(["small"], heard)
    assert (upstream.asked, heard.verbs[0]) == ([], "building small")


def test_every_archive_that_is_named_holds_programs_of_its_component() -> None:
    named = [pin for pin in pins().values() if pin.archive is not None]
    assert {pin.name for pin in named} >= {"collector", "prometheus", "tempo", "alertmanager"}
    for pin in named:
        assert pin.archive is not None
        assert set(pin.archive.members) <= set(pin.packages)
        assert pin.version in release.url_of(pin, "linux-amd64")
        assert "{" not in release.url_of(pin, "darwin-arm64")
        assert all(len(checksum) == 64 for checksum in pin.archive.sha256.values())


def test_checksums_are_recorded_where_upstream_can_be_reached(
    pin: Pin, upstream: Upstream, tmp_path: Path
) -> None:
    file = tmp_path / "versions.toml"
    file.write_text('# kept\n[small]\nversion = "1.2.3"\n\n[small.archive]\nurl = "u"\n\n[other]\n')
    with httpx.Client(verify=ssl.create_default_context(), follow_redirects=True) as http:
        assert record(http, file, [pin]) == 0
        read = tomllib.loads(file.read_text())
        expected = hashlib.sha256(ARCHIVE).hexdigest()
        assert read["small"]["archive"]["sha256"] == dict.fromkeys(MACHINES, expected)
        assert file.read_text().startswith("# kept\n")
        upstream.files.clear()
        assert record(http, file, [pin]) == 0
        assert tomllib.loads(file.read_text())["small"]["archive"]["sha256"] == {}
