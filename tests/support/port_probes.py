"""Knocks at a port, and says whether it was opened."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import psutil

from botobs._ops.access import certificates
from botobs._ops.components.ports import Auth, Port
from botobs._ops.home.private import read_secret
from testbed.stack import LiveStack
from tests.support.protocol_probes import gossips, shakes_hands, signed

#: What a request asks for that its port answers to whoever may ask.
_PATHS = {
    "BOTOBS_OTLP_HTTP_PORT": "/v1/traces",
    "BOTOBS_OTLP_GRPC_PORT": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "BOTOBS_COLLECTOR_OTLP_PORT": "/v1/traces",
    "BOTOBS_COLLECTOR_BEHIND_GUARDS_PORT": "/v1/traces",
    "BOTOBS_COLLECTOR_UNLINKED_PORT": "/v1/traces",
    "BOTOBS_COLLECTOR_HEALTH_PORT": "/",
    "BOTOBS_PROMETHEUS_PORT": "/api/v1/query?query=up",
    "BOTOBS_ALERTMANAGER_PORT": "/api/v2/status",
    "BOTOBS_POSTGRES_EXPORTER_PORT": "/metrics",
    "BOTOBS_TEMPO_HTTP_PORT": "/api/echo",
    "BOTOBS_MIMIR_HTTP_PORT": "/ready",
}


def listeners(live: LiveStack) -> Iterator[tuple[str, str, int]]:
    """Part, address and port of everything that listens."""
    for name, status in live.supervisor.status.items():
        process = psutil.Process(status.pid)
        for each in (process, *process.children(recursive=True)):
            try:
                connections = each.net_connections("inet")
            except psutil.NoSuchProcess:
                # PostgreSQL's backends come and go; the part itself has to be there.
                if each is process:
                    raise
                continue
            for connection in connections:
                udp = connection.type == socket.SOCK_DGRAM and not connection.raddr
                if connection.status == psutil.CONN_LISTEN or udp:
                    yield name, connection.laddr.ip, connection.laddr.port


#: Ends of the variables of ports that speak gRPC.
_GRPC = (
    "GRPC_PORT", "TEMPO_OTLP_PORT", "DISTRIBUTOR_OTLP_PORT", *(f"SAMPLER_{number}_PORT" for number in range(2))
)  # fmt: skip


@dataclass(frozen=True)
class Key:
    """What a visitor shows.

    Attributes:
        token: A bearer token.
        password: For the user `operator`, and in the database for `postgres`.
        certificate: Files of a client certificate and its key.
        word: What gossip is introduced with.
        signature: Key and secret by which a request is signed for the object store.
        user: Whose the password is.
        tls: Whether the connection is encrypted at all.
    """

    token: str | None = None
    password: str | None = None
    certificate: tuple[Path, Path] | None = None
    word: str = ""
    signature: tuple[str, str] | None = None
    user: str = "operator"
    tls: bool = True


def keys(live: LiveStack, port: Port, elsewhere: Path) -> dict[str, Key]:
    """Every key that must not open `port`, by what it is."""
    secrets = live.home.secrets
    token = read_secret(secrets / "service.token")
    certificates.ensure(elsewhere)
    strange = (elsewhere / "client.pem", elsewhere / "client.key")
    service = certificates.issue_for_service(secrets, "intruder", elsewhere)
    wrong = {
        "nothing": Key(),
        "a wrong secret": Key(token="wrong", password="wrong", certificate=strange),
        "plain": Key(tls=False),
        "plain, with all secrets": Key(token, read_secret(secrets / "operator.password"), tls=False),
    }
    if port.auth is Auth.ACCESS_KEY:
        wrong["another's signature"] = Key(signature=(read_secret(secrets / "object-store.key"), "wrong"))
    if port.auth is Auth.GOSSIP:
        wrong["another word"] = Key(
            certificate=(secrets / "client.pem", secrets / "client.key"), word="wrong"
        )
    if port.auth is Auth.TENANT:
        password = read_secret(secrets / "tenants" / "botobs.password")
        wrong["a tenant's password for another"] = Key(password=password, user="another")
    if port.auth is Auth.INTAKE:
        wrong["the stack's own certificate"] = Key(
            certificate=(secrets / "client.pem", secrets / "client.key")
        )
    if port.auth is Auth.CERTIFICATE:
        wrong["the intake's certificate"] = Key(certificate=(secrets / "intake.pem", secrets / "intake.key"))
    if port.auth is Auth.TOKEN:
        operator = read_secret(secrets / "operator.password")
        return wrong | {"an operator's password as a token": Key(operator, operator)}
    return wrong | {
        "a service's token": Key(token=token),
        "a service's token as the password": Key(password=token),
        "a service's certificate": Key(token=token, certificate=service),
    }


def right_key(live: LiveStack, port: Port) -> Key:
    """The key that opens `port`."""
    secrets = live.home.secrets
    match port.auth:
        case Auth.TOKEN:
            return Key(token=read_secret(secrets / "service.token"))
        case Auth.PASSWORD:
            return Key(password=read_secret(secrets / "operator.password"))
        case Auth.DATABASE:
            return Key(password=read_secret(secrets / "database-postgres.password"))
        case Auth.CERTIFICATE:
            return Key(certificate=(secrets / "client.pem", secrets / "client.key"))
        case Auth.INTAKE:
            return Key(certificate=(secrets / "intake.pem", secrets / "intake.key"))
        case Auth.TENANT:
            return Key(password=read_secret(secrets / "tenants" / "botobs.password"), user="botobs")
        case Auth.ACCESS_KEY:
            names = ("object-store.key", "object-store.secret")
            key, secret = (read_secret(secrets / name) for name in names)
            return Key(signature=(key, secret))
        case Auth.GOSSIP:
            return Key(word=read_secret(secrets / "gossip.secret"))
        case Auth.LOGIN:
            return Key(password=read_secret(secrets / "grafana-admin.password"))


def opens(live: LiveStack, port: Port, key: Key) -> bool:
    """Whether `key` gets an answer from `port`."""
    number = int(live.stack.values[port.variable])
    if port.auth is Auth.DATABASE:
        return asyncio.run(_database_opens(number, key))
    context = _context(live, key)
    if port.auth is Auth.GOSSIP:
        return gossips(number, context if key.tls else None, key.word)
    if port.variable.endswith("_GOSSIP_PORT"):
        return shakes_hands(number, context if key.tls else None)
    grpc = port.variable.endswith(_GRPC)
    headers = {} if key.token is None else {"authorization": f"Bearer {key.token}"}
    if grpc:
        headers |= {"content-type": "application/grpc", "te": "trailers"}
    if key.signature is not None:
        headers |= signed(f"127.0.0.1:{number}", *key.signature)
    with httpx.Client(
        base_url=f"{'https' if key.tls else 'http'}://127.0.0.1:{number}",
        verify=context,
        auth=None if key.password is None else (key.user, key.password),
        http1=not grpc,
        http2=grpc,
        headers=headers,
        trust_env=False,
    ) as http:
        try:
            answer = _ask(http, port, grpc)
        except httpx.TransportError:
            return False
    refused = answer.headers.get("grpc-status", "0") in {"7", "16"} if grpc else False
    return answer.is_success and not refused


def _ask(http: httpx.Client, port: Port, grpc: bool) -> httpx.Response:
    path = _PATHS.get(port.variable) or _path(port)
    if grpc:
        # One message of no bytes: an uncompressed flag and a length.
        return http.post(path, content=b"\0\0\0\0\0")
    if port.auth in (Auth.TOKEN, Auth.TENANT, Auth.INTAKE):
        return http.post(path, content=b"", headers={"content-type": "application/x-protobuf"})
    return http.get(path)


def _path(port: Port) -> str:
    """The same for parts of which there are several."""
    if port.auth is Auth.TENANT:
        return "/v1/traces"
    if port.component.startswith("alertmanager") or port.variable == "BOTOBS_FRONT_ALERTMANAGER_PORT":
        return "/api/v2/status"
    http = port.variable.endswith("HTTP_PORT") or port.variable == "BOTOBS_FRONT_MIMIR_PORT"
    return "/ready" if http else "/"


def _context(live: LiveStack, key: Key) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(live.home.secrets / "ca.pem"))
    if key.certificate is not None:
        context.load_cert_chain(*key.certificate)
    return context


async def _database_opens(number: int, key: Key) -> bool:
    if not key.tls and key.password is not None:
        # Its protocol is its own: a request of another is no way in, whatever it carries.
        reader, writer = await asyncio.open_connection("127.0.0.1", number)
        writer.write(f"GET / HTTP/1.1\r\nAuthorization: Bearer {key.token}\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        return answer.startswith(b"HTTP/1.1 200")
    try:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=number, user="postgres", password=key.password or "", database="postgres"
        )
    except asyncpg.InvalidPasswordError:
        return False
    await connection.close()
    return True
