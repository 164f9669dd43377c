"""One line of monitoring for a Python service.

    import botobs

    botobs.init("trading-engine")

Traces and metrics of the service, its databases, its HTTP and its exchange clients go to the collector from then on.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ._version import __version__

if TYPE_CHECKING:
    from ._sdk.handle import Handle
    from ._sdk.settings import SettingsError
    from ._sdk.span import span
    from ._sdk.start import flush, shutdown

__all__ = ["Handle", "SettingsError", "__version__", "flush", "init", "redact_value", "shutdown", "span"]

#: Where the names of `__all__` stand. They are imported when they are first asked for: the operator's commands need
#: none of them, and start in half the time.
_PLACES = {
    "Handle": "handle",
    "SettingsError": "settings",
    "flush": "start",
    "shutdown": "start",
    "span": "span",
}

# A type checker would take any name for one of ours.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(f"._sdk.{_PLACES[name]}", __name__), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


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
    scrape_address: str | None = None,
    scrape_targets: str | Path | None = None,
    scrape_token_file: str | Path | None = None,
    scrape_certificate: str | Path | None = None,
    scrape_key: str | Path | None = None,
    logs: bool | None = None,
    queue_bytes: int | None = None,
    spool_dir: str | Path | None = None,
    spool_bytes: int | None = None,
    spool_age: float | None = None,
    shutdown_timeout: float | None = None,
    disabled_instrumentations: Sequence[str] | None = None,
    exchange_symbols: Sequence[str] | None = None,
    exchange_hosts: Sequence[str] | None = None,
    order_values: Literal["none", "metrics", "traces", "messages"] | None = None,
    redact: Sequence[str] | None = None,
    redact_keys: Sequence[str] | None = None,
    redact_local_logs: bool | None = None,
    redact_keep: Sequence[str] | None = None,
    engine: Literal["stock", "fast"] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Handle:
    """Monitor this process, from one line.

    It needs no network and may come before or after the libraries are imported. Before is safer: instrumentors of web
    frameworks replace a class, and what was imported or made before is not watched, which is logged. Called again with
    the same settings it does nothing; with others it sends what was recorded, within `shutdown_timeout`, and starts
    again with them.

    An argument left out comes from `BOTOBS_<NAME>`, from OpenTelemetry's variable, from `botobs.toml` or
    `[tool.botobs]` of `pyproject.toml`, from the stack running on this machine, or from a default.
    `OTEL_SDK_DISABLED=true` beats everything.

    Args:
        service_name: Name of the service, `service.name`; by default the program's.
        service_namespace: Group of services that this one belongs to, `service.namespace`.
        service_version: Version of the service, `service.version`.
        environment: Where the service runs, `deployment.environment.name`.
        resource_attributes: Further attributes of the resource.
        enabled: Whether botobs does anything; OTEL_SDK_DISABLED=true beats it.
        strict: Whether a wrong setting raises instead of being reported.
        endpoint: Address of the collector, OTLP over HTTP; by default that of the stack running on this machine.
        certificate: PEM file with the authority that signed the collector's certificate; by default the system's
            authorities.
        client_certificate: PEM file with this client's certificate, for mutual TLS.
        client_key: PEM file with the key of `client_certificate`.
        token: Bearer token that the collector asks for.
        token_file: File with the bearer token, read again when it changes.
        headers: Further headers of each export.
        compression: How requests are compressed.
        export_timeout: Seconds that one request may take.
        metric_interval: Seconds between two exports of the metrics.
        span_interval: Seconds that a span waits at most before it is sent.
        sampling_ratio: Share of new traces that is recorded; a caller's decision is followed.
        series_limit: Series of one metric, after which further ones count as its overflow series.
        scrape_address: Host and port where the metrics are served for scraping instead of being pushed, such as
            127.0.0.1:9464; a process that finds the port taken uses another one. Needs `botobs[scrape]`.
        scrape_targets: Folder where each process that is scraped leaves a file for Prometheus' `file_sd_configs`;
            by default `scrape` in the folder of botobs' state.
        scrape_token_file: File with the bearer token that a scrape must bring, read each time; needed on an address
            that other hosts reach.
        scrape_certificate: PEM file with the certificate by which scrapes are served over TLS.
        scrape_key: PEM file with the key of `scrape_certificate`.
        logs: Whether log records are exported too; the collector of `botobs up` keeps none.
        queue_bytes: Bytes of spans, and as many of log records, that wait in memory at most.
        spool_dir: Directory that keeps what could not be delivered, across outages and restarts, in its subfolder
            `botobs-spool`.
        spool_bytes: Bytes in `spool_dir` at most.
        spool_age: Seconds that a process tries to deliver what is in `spool_dir`.
        shutdown_timeout: Seconds that the end of the process may be delayed, all signals together.
        disabled_instrumentations: Libraries that are left alone.
        exchange_symbols: Markets, as the client library writes them, that metrics of exchanges distinguish; by
            default none.
        exchange_hosts: Exchanges of your own, `host=name` each: the end of a host's name, and what metrics call the
            exchange.
        order_values: Where amounts and prices of orders may be recorded; each includes those before it.
        redact: Regular expressions; what they match in the first 64 KiB of a text leaves no process, nor does the
            rest.
        redact_keys: Names of attributes whose values leave no process.
        redact_local_logs: Whether the service's own log handlers get records without secrets; what is exported
            never holds one.
        redact_keep: Names of attributes whose values stay as they are, unless the process knows them as secrets.
        engine: What records spans and metrics.
        environ: The variables to read in place of `os.environ`.

    Raises:
        SettingsError: A setting cannot be used, and `strict` is on.
    """
    arguments = {name: value for name, value in locals().items() if name != "environ"}
    # All of it is there from now on: a signal handler that asks for it may have interrupted an import.
    for place in _PLACES.values():
        importlib.import_module(f"._sdk.{place}", __name__)
    from ._sdk import settings, start

    return start.start(settings.load(arguments, os.environ if environ is None else environ))


def redact_value(*values: object) -> None:
    """Register a secret of this process, so that botobs removes it from all telemetry, whatever its name.

    It is remembered in memory only and recognised wherever it appears: as it is, quoted for an address, escaped for
    JSON, in hexadecimal, in base64, and by its first 12 characters alone. Call it before or after `init`. Values
    of environment variables that are called like secrets, and the keys of ccxt's and python-binance's clients, are
    known without it.

    Args:
        values: Texts, bytes, objects with `get_secret_value`, as pydantic's `SecretStr`, or lists of these. Of a
            mapping or an object, such as a dataclass of configuration, what it holds under the name of a secret; the
            rest is ignored.
            One of fewer than 12 characters or less than 60 bits of variety (Shannon's entropy times its length) would
            be found by chance in harmless texts: it is taken out beside its name only. 200 values are remembered.
    """
    from ._sdk.redaction import known

    known.add_all(values)
