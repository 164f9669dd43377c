"""The table of settings: name, type, default, where a value may come from, and what it means."""

# `_row` makes a field, as dataclasses.field does, and no default.
# ruff: noqa: RUF009

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from . import _credentials as credentials
from . import _parse as parse
from . import _shown
from .stack_file import Stack

#: Where values of orders are recorded, the most private first.
_PLACES = ("none", "metrics", "traces", "messages")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of OpenTelemetry that a setting reads, and the parser of its text."""

    name: str
    parse: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table.

    Attributes:
        doc: What it means, in a sentence.
        parse: Reads an argument, the text of `BOTOBS_<NAME>` or a value of the file.
        otel: OpenTelemetry's variables that count when botobs' own is unset.
        secret: The value is never shown.
        essential: A wrong value stops the export, because the default could send data to the wrong place or send
            what was meant to be removed.
    """

    doc: str
    parse: Callable[[Any], Any]
    otel: tuple[Variable, ...] = ()
    secret: bool = False
    essential: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """A setting whose value cannot be used.

    Attributes:
        setting: Its name.
        text: One sentence for a person: the setting, where the value came from, what is allowed, what happens.
        essential: Nothing is exported because of it.
    """

    setting: str
    text: str
    essential: bool = False


def _row(
    default: Any,
    doc: str,
    parser: Callable[[Any], Any],
    *otel: Variable | str,
    secret: bool = False,
    essential: bool = False,
) -> Any:
    variables = tuple(
        variable if isinstance(variable, Variable) else Variable(variable, parser) for variable in otel
    )
    metadata = {"setting": Setting(doc, parser, variables, secret, essential)}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of botobs, with the origin of each value.

    A setting `x` is given, in falling precedence, as `init(x=…)`, as the variable `BOTOBS_X`, as a variable of
    OpenTelemetry's where one exists, or as the key `x` of `[tool.botobs]` in `pyproject.toml` or of `botobs.toml`.

    Attributes:
        stack_files: Where to look for the file of a stack on this machine; empty if its endpoint does not count.
        stack: The one that was found there.
        state_dir: Where programs of this user leave what outlives them.
        origins: Where each value came from.
        problems: Those that cannot be used.
    """

    service_name: str = _row(
        "unknown_service",
        "Name of the service, `service.name`; by default the program's.",
        parse.text,
        "OTEL_SERVICE_NAME",
    )
    service_namespace: str | None = _row(
        None, "Group of services that this one belongs to, `service.namespace`.", parse.text
    )
    service_version: str | None = _row(None, "Version of the service, `service.version`.", parse.text)
    environment: str = _row(
        "development", "Where the service runs, `deployment.environment.name`.", parse.text
    )
    resource_attributes: Mapping[str, str] = _row(
        {}, "Further attributes of the resource.", parse.mapping, "OTEL_RESOURCE_ATTRIBUTES"
    )
    enabled: bool = _row(True, "Whether botobs does anything; OTEL_SDK_DISABLED=true beats it.", parse.flag)
    strict: bool = _row(False, "Whether a wrong setting raises instead of being reported.", parse.flag)

    endpoint: str | None = _row(
        None,
        "Address of the collector, OTLP over HTTP; by default that of the stack running on this machine.",
        parse.url,
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        essential=True,
    )
    certificate: Path | None = _row(
        None,
        "PEM file with the authority that signed the collector's certificate; by default the system's authorities.",
        parse.path,
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        essential=True,
    )
    client_certificate: Path | None = _row(
        None,
        "PEM file with this client's certificate, for mutual TLS.",
        parse.path,
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
        essential=True,
    )
    client_key: Path | None = _row(
        None,
        "PEM file with the key of `client_certificate`.",
        parse.path,
        "OTEL_EXPORTER_OTLP_CLIENT_KEY",
        essential=True,
    )
    token: str | None = _row(
        None, "Bearer token that the collector asks for.", credentials.token, secret=True
    )
    token_file: Path | None = _row(
        None, "File with the bearer token, read again when it changes.", parse.path
    )
    headers: Mapping[str, str] = _row(
        {}, "Further headers of each export.", credentials.headers, "OTEL_EXPORTER_OTLP_HEADERS", secret=True
    )
    compression: str = _row(
        "gzip",
        "How requests are compressed.",
        parse.one_of("gzip", "none"),
        "OTEL_EXPORTER_OTLP_COMPRESSION",
    )
    export_timeout: float = _row(10.0, "Seconds that one request may take.", parse.seconds)
    metric_interval: float = _row(
        10.0,
        "Seconds between two exports of the metrics.",
        parse.seconds,
        Variable("OTEL_METRIC_EXPORT_INTERVAL", parse.milliseconds),
    )
    span_interval: float = _row(
        1.0,
        "Seconds that a span waits at most before it is sent.",
        parse.seconds,
        Variable("OTEL_BSP_SCHEDULE_DELAY", parse.milliseconds),
    )
    sampling_ratio: float = _row(
        1.0,
        "Share of new traces that is recorded; a caller's decision is followed.",
        parse.ratio,
        "OTEL_TRACES_SAMPLER_ARG",
    )
    series_limit: int = _row(
        2000, "Series of one metric, after which further ones count as its overflow series.", parse.count
    )

    scrape_address: str | None = _row(
        None,
        "Host and port where the metrics are served for scraping instead of being pushed, such as 127.0.0.1:9464; "
        "a process that finds the port taken uses another one. Needs `botobs[scrape]`.",
        parse.listen_address,
    )
    scrape_targets: Path | None = _row(
        None,
        "Folder where each process that is scraped leaves a file for Prometheus' `file_sd_configs`; by default "
        "`scrape` in the folder of botobs' state.",
        parse.path,
    )
    scrape_token_file: Path | None = _row(
        None,
        "File with the bearer token that a scrape must bring, read each time; needed on an address that other hosts "
        "reach.",
        parse.path,
        essential=True,
    )
    scrape_certificate: Path | None = _row(
        None, "PEM file with the certificate by which scrapes are served over TLS.", parse.path
    )
    scrape_key: Path | None = _row(None, "PEM file with the key of `scrape_certificate`.", parse.path)

    logs: bool = _row(
        False,
        "Whether log records are exported too; the collector of `botobs up` keeps none.",
        parse.flag,
    )

    queue_bytes: int = _row(
        32 * 2**20, "Bytes of spans, and as many of log records, that wait in memory at most.", parse.size
    )
    spool_dir: Path | None = _row(
        None,
        "Directory that keeps what could not be delivered, across outages and restarts, in its subfolder "
        "`botobs-spool`.",
        parse.path,
    )
    spool_bytes: int = _row(256 * 2**20, "Bytes in `spool_dir` at most.", parse.size)
    spool_age: float = _row(
        86400.0, "Seconds that a process tries to deliver what is in `spool_dir`.", parse.seconds
    )
    shutdown_timeout: float = _row(
        5.0, "Seconds that the end of the process may be delayed, all signals together.", parse.seconds
    )

    disabled_instrumentations: tuple[str, ...] = _row(
        (),
        "Libraries that are left alone.",
        parse.names,
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS",
    )
    exchange_symbols: tuple[str, ...] = _row(
        (),
        "Markets, as the client library writes them, that metrics of exchanges distinguish; by default none.",
        parse.names,
    )
    exchange_hosts: tuple[str, ...] = _row(
        (),
        "Exchanges of your own, `host=name` each: the end of a host's name, and what metrics call the exchange.",
        parse.names,
    )
    order_values: str = _row(
        "metrics",
        "Where amounts and prices of orders may be recorded; each includes those before it.",
        parse.one_of(*_PLACES),
    )
    redact: tuple[str, ...] = _row(
        (),
        "Regular expressions; what they match in the first 64 KiB of a text leaves no process, nor does the rest.",
        parse.patterns,
        secret=True,
        essential=True,
    )
    redact_keys: tuple[str, ...] = _row(
        (), "Names of attributes whose values leave no process.", parse.names, essential=True
    )
    redact_local_logs: bool = _row(
        False,
        "Whether the service's own log handlers get records without secrets; what is exported never holds one.",
        parse.flag,
    )
    redact_keep: tuple[str, ...] = _row(
        (),
        "Names of attributes whose values stay as they are, unless the process knows them as secrets.",
        parse.names,
    )
    engine: str = _row("fast", "What records spans and metrics.", parse.one_of("stock", "fast"))

    stack_files: tuple[Path, ...] = field(default=(), compare=False, repr=False)
    stack: Stack | None = field(default=None, compare=False, repr=False)
    state_dir: Path | None = field(default=None, compare=False, repr=False)
    origins: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    problems: tuple[Problem, ...] = field(default=(), compare=False, repr=False)

    def tells_order_values(self, place: str) -> bool:
        """Whether amounts and prices of orders may be recorded in `place`: `metrics`, `traces` or `messages`."""
        return _PLACES.index(self.order_values) >= _PLACES.index(place)

    def leaves_alone(self, library: str) -> bool:
        """Whether a library is not to be watched, by the name of what would watch it."""
        named = {name.lower().replace("-", "_") for name in self.disabled_instrumentations}
        return not named.isdisjoint((library, "all", "*"))

    def shown(self, name: str) -> str:
        """The value of a setting as it may be printed."""
        value = getattr(self, name)
        # Without a value there is nothing to hide, and it is good to see that.
        return _shown.HIDDEN if value and TABLE[name].secret else _shown.value(value)

    def __repr__(self) -> str:
        """The settings as they may be printed."""
        return f"Settings({', '.join(f'{name}={self.shown(name)!r}' for name in TABLE)})"


#: Every setting by name, in the order of the reference.
TABLE: Mapping[str, Setting] = {
    row.name: row.metadata["setting"] for row in fields(Settings) if "setting" in row.metadata
}
