"""No exchange that ccxt ships can make botobs repeat a key, a signature or a signed request.

Each exchange class, synchronous and asynchronous, sends signed requests with canary credentials to a loopback server,
which answers well, with an error that repeats the request, and not at all. Logging is at DEBUG, where ccxt prints keys.
Then everything that left botobs is searched: what went over OTLP, what was spooled, and what the console shows.
"""

from __future__ import annotations

import io
import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import ccxt
import ccxt.async_support
import ccxt.pro
import pytest
import websockets.asyncio.client

import botobs
from testbed.otlp_receiver import OtlpReceiver
from tests.support.ccxt_credentials import canaries
from tests.support.ccxt_drive import Drive
from tests.support.recording_server import RecordingServer

pytestmark = pytest.mark.asyncio

#: Exchanges that cannot be made to send a signed request here, and why.
NOT_DRIVEN: dict[str, str] = {
    "dydx": "signs only transactions of its chain, for which it asks the chain first",
    "grvt": "signs in first, for a cookie that only the exchange can give",
    "hyperliquid": "signs only actions, such as orders, which need its markets",
    "lighter": "signs with a library of the exchange's that is not on the package index",
    "nado": "signs only actions, such as orders, which need its markets",
    "pacifica": "signs only actions, such as orders, which need its markets",
}

#: What a signed query may keep: accounts by number, wallets by address, and times (docs/redaction.md).
_PUBLIC = re.compile(r"(?i)(?:accountid|user|userid|signer|timestamp|nonce)=.*")


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    server = RecordingServer()
    yield server
    server.close()


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    receiver = OtlpReceiver()
    yield receiver
    receiver.close()


@pytest.fixture
def console() -> Iterator[io.StringIO]:
    """What a handler of the root logger prints, at DEBUG."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no name be resolved: an address that was overlooked is an error, not a request to a real exchange."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in ("127.0.0.1", "localhost", None):
            raise socket.gaierror(f"{host} is not on this machine")
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


async def test_nothing_secret_leaves(
    server: RecordingServer, receiver: OtlpReceiver, console: io.StringIO, tmp_path: Path
) -> None:
    receiver.reply.status = 503
    handle = botobs.init(
        "leaks",
        endpoint=receiver.endpoint,
        spool_dir=tmp_path,
        compression="none",
        # Without it the service's own log stays as it is, with all that ccxt prints.
        redact_local_logs=True,
        environ={},
    )
    driven, missed = set(), {}
    for package in (ccxt, ccxt.async_support):
        for name in ccxt.exchanges:
            drive = Drive(getattr(package, name), server)
            if await drive.find():
                driven.add((package.__name__, name))
                for answer in ("ok", "error", "cut"):
                    await drive.call(answer)
            else:
                missed[name] = drive.errors[-1:]
            await drive.close()
    await _open_websockets(server)
    spooled = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    receiver.reply.status = 200
    assert handle.flush(60)
    handle.shutdown()

    heard = set().union(*(one.secrets for one in server.heard))
    secrets = canaries() | {each for each in heard if not _PUBLIC.fullmatch(each)}
    searched = {"OTLP": receiver.raw, "spool": spooled, "console": console.getvalue().encode()}
    print(
        f"\n{len(driven)} exchange classes driven on the wire, {len(server.heard)} requests, "
        f"{len(canaries())} canaries planted, {len(secrets)} secrets searched in "
        f"{ {place: len(content) for place, content in searched.items()} } bytes"
    )
    leaks = {
        place: sorted(s for s in secrets if s.encode() in content) for place, content in searched.items()
    }
    assert leaks == {place: [] for place in searched}
    assert set(missed) == set(NOT_DRIVEN)
    seen = {value for span in receiver.spans for key, value in _attributes(span) if key == "exchange.name"}
    assert {name for _, name in driven} <= seen


async def _open_websockets(server: RecordingServer) -> None:
    """Connect to addresses with listen keys and tokens in path and query, by all three libraries."""
    (token, *_) = sorted(canaries())
    url = f"ws://{server.address}/ok/ws/{token}?listenKey={token}&token={token}"
    with pytest.raises(Exception, match=r".*"):
        await websockets.asyncio.client.connect(url)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
    client = ccxt.pro.binance()
    with pytest.raises(ccxt.NetworkError):
        await client.watch(url, "hash", {"subscribe": token})
    await client.close()


def _attributes(span: Any) -> Iterator[tuple[str, str]]:
    return ((pair.key, pair.value.string_value) for pair in span.attributes)
