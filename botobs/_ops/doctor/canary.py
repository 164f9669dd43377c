"""Sends a trace and a metric through the collector and finds them again in the stores."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from opentelemetry.trace import format_trace_id

from ... import Handle, span
from ..._sdk.settings import Stack
from ..._version import __version__
from ...semconv import sdk
from .findings import Finding

#: Seconds that trace and metric may take from the SDK to a store that can be queried.
PATIENCE = 30.0


def canary(
    handle: Handle, stack: Stack | None, patience: float = PATIENCE, stopped: Sequence[str] = ()
) -> Iterator[Finding]:
    """Send a trace and a metric, and look for them in Tempo and Prometheus; yields what is found.

    Args:
        handle: What sends them.
        stack: Whose stores are asked; None where they are not known.
        patience: Seconds in which they have to be there.
        stopped: Parts that stand still, and are not asked.
    """
    with span("botobs doctor canary") as current:
        trace_id = format_trace_id(current.get_span_context().trace_id)
    instance = handle.instance_id
    meter = handle.engine.meter_provider.get_meter("botobs.doctor", __version__)
    sdk.CANARY.create(meter).set(time.time())
    if not handle.flush():
        yield Finding(
            "canary", "error", "the collector did not take a trace and a metric that were sent to it"
        )
    else:
        yield Finding("canary", "ok", f"the collector took a trace ({trace_id}) and a metric")
    yield from _losses(handle)
    if stack is None:
        yield Finding("canary", "note", "the stores are not known here, so neither is looked for")
        return
    for what, store, search in (
        ("the trace", "Tempo", _in_tempo(stack, trace_id)),
        ("the metric", "Prometheus", _in_prometheus(stack, instance)),
    ):
        if store.lower() in stopped:
            yield Finding("canary", "note", f"{store} stands still, so {what} is not looked for")
        else:
            yield _sought(what, store, search, patience)


def _losses(handle: Handle) -> Iterator[Finding]:
    for (signal, _, reason), items in handle.counts.dropped.items():
        if items:
            yield Finding("canary", "error", f"{items} of {signal} were given up: {reason.replace('_', ' ')}")


Search = tuple[str | None, Callable[[], bool]]


def _sought(what: str, store: str, search: Search, patience: float) -> Finding:
    address, look = search
    if address is None:
        return Finding("canary", "note", f"{store} does not run in the stack, so {what} is not looked for")
    begin = time.monotonic()
    while True:
        try:
            if look():
                return Finding(
                    "canary", "ok", f"{what} was found in {store} after {time.monotonic() - begin:.1f} s"
                )
            problem = f"{what} did not come to {store} at {address} within {patience:.0f} s"
        except ModuleNotFoundError as error:
            text = f"{what} is not looked for in {store}: the Python package {error.name} is not installed"
            return Finding("canary", "note", text, "Install it with: pip install 'botobs[stack]'")
        except Exception as error:
            # Any error of the HTTP client or of the store is a finding.
            problem = f"{store} at {address} cannot be asked: {error}"
        if time.monotonic() - begin > patience:
            hint = f"The collector took it, so look between the two: botobs status, and logs/collector.log of {store}."
            return Finding("canary", "error", problem, hint)
        time.sleep(0.5)


def _in_tempo(stack: Stack, trace_id: str) -> Search:
    address = stack.url("tempo")

    def look() -> bool:
        from ..access.clients import client
        from ..traces import NoSuchTrace, TempoClient

        with closing(client(stack.secrets, str(address))) as http:
            try:
                return bool(TempoClient(http).trace(trace_id).spans)
            except NoSuchTrace:
                return False

    return address, look


def _in_prometheus(stack: Stack, instance: str) -> Search:
    address = stack.url("prometheus")
    query = f'botobs_doctor_canary_timestamp_seconds{{service_instance_id="{instance}"}}'

    def look() -> bool:
        from ..access.clients import client
        from ..prometheus import PrometheusClient

        with closing(client(stack.secrets, str(address))) as http:
            return bool(PrometheusClient(http).samples(query))

    return address, look
