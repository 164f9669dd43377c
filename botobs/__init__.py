"""One line of monitoring for a Python service.

    import botobs

    botobs.init("trading-engine")

Traces and metrics of the service, its databases, its HTTP and its exchange clients go to the collector from then on.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from ._sdk import settings as _settings
from ._sdk import start as _start
from ._sdk.handle import Handle
from ._sdk.settings import SettingsError
from ._sdk.span import span
from ._sdk.start import flush, shutdown
from ._version import __version__

__all__ = ["Handle", "SettingsError", "__version__", "flush", "init", "shutdown", "span"]


def init(
    service_name: str | None = None,
    *,
    service_namespace: str | None = None,
    service_version: str | None = None,
    environment: str | None = None,
    resource_attributes: Mapping[str, str] | None = None,
    enabled: bool | None = None,
    strict: bool | None = None,
    endpoint: str | None = None,
    certificate: str | Path | None = None,
    client_certificate: str | Path | None = None,
    client_key: str | Path | None = None,
    token: str | None = None,
    token_file: str | Path | None = None,
    headers: Mapping[str, str] | None = None,
    compression: Literal["gzip", "none"] | None = None,
    export_timeout: float | None = None,
    metric_interval: float | None = None,
    span_interval: float | None = None,
    sampling_ratio: float | None = None,
    series_limit: int | None = None,
    logs: bool | None = None,
    queue_bytes: int | None = None,
    spool_dir: str | Path | None = None,
    spool_bytes: int | None = None,
    spool_age: float | None = None,
    shutdown_timeout: float | None = None,
    disabled_instrumentations: Sequence[str] | None = None,
    exchange_symbols: Sequence[str] | None = None,
    redact: Sequence[str] | None = None,
    redact_keys: Sequence[str] | None = None,
    engine: Literal["stock", "fast"] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Handle:
    """Monitor this process, from one line.

    It needs no network and may come before or after the libraries are imported. Called again with the same settings
    it does nothing; with others it sends what was recorded, within `shutdown_timeout`, and starts anew with them.

    An argument left out comes from `BOTOBS_<NAME>`, from OpenTelemetry's variable, from `botobs.toml` or
    `[tool.botobs]` of `pyproject.toml`, from the stack running on this machine, or from a default.
    `OTEL_SDK_DISABLED=true` beats everything.

    Args:
        service_name: `service.name`; by default the program's name.
        service_namespace: Group of services that this one belongs to.
        service_version: `service.version`.
        environment: `deployment.environment.name`, such as `production`.
        resource_attributes: Further attributes of everything that this process sends.
        enabled: False makes all of botobs do nothing.
        strict: Raise for a setting that cannot be used, instead of reporting it and using its default.
        endpoint: Address of the collector, OTLP over HTTP, such as `https://collector.example:4318`.
        certificate: PEM file with the authority that signed the collector's certificate.
        client_certificate: PEM file with this client's certificate, for mutual TLS.
        client_key: PEM file with the key of `client_certificate`.
        token: Bearer token that the collector asks for.
        token_file: File with the token, read again when it changes.
        headers: Further headers of each export.
        compression: How requests are compressed.
        export_timeout: Seconds that one request may take.
        metric_interval: Seconds between two exports of the metrics.
        span_interval: Seconds that a span waits at most before it is sent.
        sampling_ratio: Share of new traces that is recorded, from 0 to 1.
        series_limit: Series of one metric, after which further ones count as its overflow series.
        logs: Whether log records are exported too, to a collector that has a pipeline for them.
        queue_bytes: Bytes of spans, and as many of log records, that wait in memory at most.
        spool_dir: Directory that keeps what could not be delivered, across outages and restarts.
        spool_bytes: Bytes in `spool_dir` at most.
        spool_age: Seconds after which what is in `spool_dir` is given up.
        shutdown_timeout: Seconds that the end of the process may be delayed, all signals together.
        disabled_instrumentations: Libraries that are left alone; `all` for all.
        exchange_symbols: Markets, such as `BTC/USDT`, that metrics of exchanges tell apart; none by default.
        redact: Regular expressions; what they match leaves no process.
        redact_keys: Names of attributes whose values leave no process.
        engine: What records spans and metrics.
        environ: The variables to read in place of `os.environ`.

    Raises:
        SettingsError: A setting cannot be used, and `strict` is on.
    """
    arguments = {name: value for name, value in locals().items() if name != "environ"}
    return _start.start(_settings.load(arguments, os.environ if environ is None else environ))
