"""The checks of `botobs doctor`, from this process outwards to the stores."""

from __future__ import annotations

import os
import platform
import socket
import ssl
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from ... import Handle
from ..._sdk.export.sender import Outcome, Response, Sender
from ..._sdk.instrument.exchange.unwatched import unwatched_clients
from ..._sdk.instrument.registry import State, Status, unwatched
from ..._sdk.instrument.stable_names import OPT_IN
from ..._sdk.settings import Settings, Stack, read_token
from ..._sdk.settings.stack_file import why_not
from ..._version import __version__
from ..home.home import Home
from ..processes import control
from .findings import Finding, Level

_PACKAGES = (
    "opentelemetry-api",
    "opentelemetry-sdk",
    "opentelemetry-instrumentation",
    "opentelemetry-proto",
    "wrapt",
)
#: Distributions that start another OpenTelemetry SDK in the processes that they instrument.
_RIVALS = (
    "opentelemetry-distro",
    "ddtrace",
    "logfire",
    "sentry-sdk",
    "elastic-opentelemetry",
    "splunk-opentelemetry",
)
#: Seconds that the clocks of service and collector may differ before traces look wrong.
_CLOCK_TOLERANCE = 2.0
#: Days before the end of support from which it is reported.
AHEAD = 90.0


def settings(found: Settings) -> Iterator[Finding]:
    """Report settings that cannot be used."""
    for problem in found.problems:
        yield Finding("settings", "error" if problem.essential else "warning", problem.text)
    if not found.problems:
        given = sum(not origin.startswith("default") for origin in found.origins.values())
        yield Finding("settings", "ok", f"all can be used; {given} are given, the others have their defaults")
    if not found.enabled:
        origin = found.origins["enabled"]
        yield Finding(
            "settings", "error", f"botobs is switched off by {origin}", "Unset it to see anything at all."
        )


def versions() -> Iterator[Finding]:
    """Report the versions of botobs, Python and the libraries that matter."""
    found = [f"botobs {__version__}", f"Python {platform.python_version()}"]
    found += [f"{name} {installed}" for name in _PACKAGES if (installed := _version(name)) is not None]
    yield Finding("process", "ok", ", ".join(found))
    yield Finding("process", "ok", f"semantic conventions are pinned to {OPT_IN} (the stable names)")


def rivals(handle: Handle) -> Iterator[Finding]:
    """Report other telemetry that is installed or set up here."""
    for note in handle.notes:
        yield Finding("process", "warning", note, "Let botobs.init() come first, or remove the other set-up.")
    for variable in ("OTEL_PYTHON_TRACER_PROVIDER", "OTEL_PYTHON_METER_PROVIDER", "OTEL_CONFIG_FILE"):
        if os.environ.get(variable):
            yield Finding(
                "process", "warning", f"{variable} is set; another provider may be there before botobs'"
            )
    for name in _RIVALS:
        if (installed := _version(name)) is not None:
            text = (
                f"{name} {installed} is installed too; where it is started as well, calls are recorded twice"
            )
            yield Finding("process", "note", text)


def instrumentations(handle: Handle) -> Iterator[Finding]:
    """The state of each, and the libraries of this environment that nothing watches."""
    for status in handle.instrumentations:
        if status.state is not State.UNWATCHED:
            yield _instrumentation(status)
    for found in unwatched():
        hint = found.detail if found.package is not None else ""
        why = "its instrumentor is not installed" if found.package is not None else found.detail
        yield Finding("libraries", "note", f"{found.library}: not watched; {why}", hint)
    described = {status.name for status in handle.instrumentations if status.state is not State.UNWATCHED}
    for client in unwatched_clients(described):
        level: Level = "warning" if client.imported else "note"
        yield Finding(
            "libraries",
            level,
            f"{client.library}: not watched; {client.reason}",
            f"{client.way_out[0].upper()}{client.way_out[1:]}: docs/how-to/watch-an-exchange-client.md.",
        )


def _instrumentation(status: Status) -> Finding:
    words = {
        State.INSTALLED: "watched",
        State.WAITING: "installed; watched once the program imports it",
        State.DISABLED: "left alone, as disabled_instrumentations asks",
        State.MISSING: "not installed",
    }
    level: Level = "ok" if status.state is State.INSTALLED else "note"
    text = words.get(status.state, f"does not work: {status.detail}")
    if status.state is State.DISABLED and status.detail:
        text = f"left alone: {status.detail}"
    if status.state is State.INSTALLED and status.detail:
        level, text = "warning", f"watched in part: {status.detail}"
    if status.state is State.FAILED:
        level = "error"
    origin = "" if status.origin == "botobs" else f" (by {status.origin})"
    return Finding("libraries", level, f"{status.name}{origin}: {text}")


def collector(found: Settings) -> Iterator[Finding]:
    """Whether the collector can be reached, is the right one, and lets us in."""
    if found.endpoint is None:
        if (reason := why_not(found.stack_files)) is not None:
            yield Finding("collector", "warning", reason)
        yield Finding(
            "collector",
            "error",
            "no collector is known: no endpoint is set, and no stack of yours runs on this machine",
            "Start one here with `botobs up`, or set BOTOBS_ENDPOINT (and BOTOBS_CERTIFICATE, BOTOBS_TOKEN).",
        )
        return
    yield Finding("collector", "ok", f"endpoint {found.shown('endpoint')}, from {found.origins['endpoint']}")
    yield from _files(found)
    yield from in_the_open(found)
    unreachable = _reach(found.endpoint)
    if unreachable is not None:
        yield unreachable
        return
    try:
        sender = Sender(found)
    except (OSError, ValueError) as error:
        yield Finding("collector", "error", f"the certificate or key files cannot be used: {error}")
        return
    answer = sender.send("traces", b"", 10.0)
    sender.close()
    yield _explained(found, answer)
    if answer.date is not None:
        yield _clock(answer.date)


def stopped(stack: Stack) -> list[str]:
    """The processes of a stack of this machine that are stopped."""
    return control.stopped(Home(stack.home).control)


def stands_still(name: str) -> Finding:
    """Report a part of the stack that is stopped, which no request reaches."""
    return Finding(
        "stack",
        "error",
        f"{name} stands still: its process is stopped, as by SIGSTOP or a debugger",
        "The stack starts it again after a minute of that; botobs status shows how it is.",
    )


def _files(found: Settings) -> Iterator[Finding]:
    for name in ("certificate", "client_certificate", "client_key", "token_file"):
        path: Path | None = getattr(found, name)
        if path is None:
            continue
        origin = found.origins[name]
        shown = f"{name} {found.shown(name)}, from {origin},"
        try:
            path.read_bytes() if name != "token_file" else read_token(path)
        except OSError as error:
            yield Finding("collector", "error", f"{shown} cannot be read: {error.strerror}")
        except ValueError as error:
            hint = "It must hold one token and nothing else."
            yield Finding("collector", "error", f"{shown} cannot be used: it {error}", hint)


def in_the_open(found: Settings) -> Iterator[Finding]:
    """Report a token that is sent without encryption: everyone who reads it can send as this service."""
    if not (found.endpoint or "").startswith("http:") or not (found.token or found.token_file):
        return
    host = urlsplit(found.endpoint or "").hostname or ""
    here = host == "localhost" or host.startswith("127.") or host == "::1"
    yield Finding(
        "collector",
        "warning" if here else "error",
        f"the token and everything that is sent goes to {host} unencrypted",
        "Use https:// in the endpoint, and BOTOBS_CERTIFICATE for the collector's authority.",
    )


def _reach(endpoint: str) -> Finding | None:
    parts = urlsplit(endpoint)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((host, port), timeout=5.0).close()
    except socket.gaierror:
        return Finding(
            "collector", "error", f"no machine is called {host}", "Look for a slip in the endpoint."
        )
    except TimeoutError:
        text = f"{host} does not respond on port {port}"
        return Finding("collector", "error", text, "A firewall may be in between, or the machine is down.")
    except ConnectionRefusedError:
        text = f"nobody listens on port {port} of {host}"
        return Finding("collector", "error", text, "Is the collector running? On this machine: botobs status")
    except OSError as error:
        return Finding("collector", "error", f"{host}:{port} cannot be reached: {error.strerror or error}")
    return None


def _explained(found: Settings, answer: Response) -> Finding:
    secure = (found.endpoint or "").startswith("https:")
    if answer.outcome is Outcome.DELIVERED:
        how = "an encrypted connection to a collector that is who it says" if secure else "a connection"
        return Finding("collector", "ok", f"{how}; it takes our data")
    if answer.reason == "unauthorized":
        origin = found.origins["token"] if found.token is not None else found.origins["token_file"]
        which = f"the token from {origin}" if found.token or found.token_file else "no token, as none is set"
        return Finding(
            "collector",
            "error",
            f"the collector refuses {which}",
            "Compare with a line of secrets/ingest.tokens of the stack; set BOTOBS_TOKEN or BOTOBS_TOKEN_FILE.",
        )
    if answer.reason == "tls" and "trusted" in answer.detail:
        return Finding(
            "collector",
            "error",
            f"the collector shows a certificate that is not trusted here ({answer.detail.partition(': ')[2]})",
            "Set BOTOBS_CERTIFICATE to the ca.pem of the stack's secrets, and use a host name that it was made for.",
        )
    if answer.reason == "tls":
        hint = (
            "What listens there may be no collector, or one without encryption, to which no token should go."
        )
        return Finding("collector", "error", f"no encrypted connection: {answer.detail}", hint)
    if answer.reason == "connection" and not secure:
        hint = "It may want an encrypted connection: try https:// in the endpoint."
        return Finding(
            "collector", "error", f"the collector breaks the connection off: {answer.detail}", hint
        )
    if answer.reason == "rejected":
        hint = "The endpoint must be that of OTLP over HTTP, port 4318 as a rule, without /v1/traces."
        return Finding(
            "collector", "error", f"what listens there does not take our data: {answer.detail}", hint
        )
    return Finding("collector", "error", f"the collector takes nothing at the moment: {answer.detail}")


def _clock(date: str) -> Finding:
    # The header has whole seconds; half of one is the best guess.
    offset = parsedate_to_datetime(date).timestamp() + 0.5 - time.time()
    if abs(offset) <= _CLOCK_TOLERANCE:
        return Finding("collector", "ok", f"the clocks agree within {_CLOCK_TOLERANCE:.0f} s")
    way = "ahead of" if offset < 0 else "behind"
    text = f"this machine's clock is {abs(offset):.0f} s {way} the collector's, so traces will look wrong"
    return Finding("collector", "warning", text, "Synchronize both with NTP.")


def certificate_expiry(found: Settings) -> Iterator[Finding]:
    """How long the authority that we trust is good for."""
    if found.certificate is None or not found.certificate.is_file():
        return
    shown = found.shown("certificate")
    try:
        context = ssl.create_default_context(cafile=found.certificate)
    except (OSError, ssl.SSLError):
        yield Finding("collector", "error", f"certificate {shown} is no usable PEM file")
        return
    for authority in context.get_ca_certs():
        left = (ssl.cert_time_to_seconds(str(authority["notAfter"])) - time.time()) / 86400
        if left < 0:
            yield Finding("collector", "error", f"the authority in {shown} expired {-left:.0f} days ago")
        elif left < AHEAD:
            yield Finding(
                "collector",
                "warning",
                f"the authority in {shown} expires in {left:.0f} days",
                "It cannot renew itself, because every service trusts it: see docs/security.md, certificates.",
            )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
