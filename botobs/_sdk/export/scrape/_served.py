"""What of a process is scraped: started, found, stopped; and what is pushed all the same."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry.sdk.resources import Resource

from ...safe import described
from ..rate_limit import RateLimitedLogger

if TYPE_CHECKING:
    from ...settings import Settings
    from ._server import ScrapeServer

#: Metrics that a process sends at its end. They are pushed: a process that has ended is not scraped.
_ENDS = (".goodbye.timestamp", ".death.timestamp")


class Scrape:
    """Serves the metrics of this process while `scrape_address` is set.

    Its methods run on the export thread, but `after_fork`.

    Args:
        settings: Where, and who may.
        resource: The process' resource.
        collect: The metrics as an OTLP request; None if there are none.
        logger: Logs why they are not served.
    """

    def __init__(
        self,
        settings: Settings,
        resource: Callable[[], Resource],
        collect: Callable[[], bytes | None],
        logger: RateLimitedLogger,
    ) -> None:
        self._settings = settings
        self._resource = resource
        self._collect = collect
        self._logger = logger
        self._server: ScrapeServer | None = None
        self._file: Path | None = None
        self._tried = False

    @property
    def serving(self) -> bool:
        """Whether metrics are scraped; they are pushed otherwise."""
        return self._server is not None

    @property
    def address(self) -> str | None:
        """Host and port by which others reach it."""
        return _shown(*self._server.server_address[:2]) if self._server is not None else None

    def start(self) -> None:
        """Listen, once in a process, if it is wanted; what prevents it is logged, and metrics are pushed."""
        if self._tried or self._settings.scrape_address is None:
            return
        self._tried = True
        try:
            self._server = self._listen(*split(self._settings.scrape_address))
            self._server.start()
        except Exception as error:
            self._logger.warning("metrics cannot be scraped, and are pushed: %s", _why(error))
            return
        self._publish()

    def stop(self) -> None:
        """Stop listening."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.unlink()

    def after_fork(self) -> None:
        """In a forked child: the port and the file are the parent's; `start` finds others."""
        server, self._server = self._server, None
        if server is not None:
            server.socket.close()
        self._file = None
        self._tried = False

    def rest(self, request: bytes) -> bytes | None:
        """What of a request is pushed although metrics are scraped: how the process ends."""
        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

        message = ExportMetricsServiceRequest.FromString(request)
        kept = 0
        for resource in message.resource_metrics:
            for scope in resource.scope_metrics:
                ends = [metric for metric in scope.metrics if metric.name.endswith(_ENDS)]
                del scope.metrics[:]
                scope.metrics.extend(ends)
                kept += len(ends)
        return bytes(message.SerializeToString()) if kept else None

    def _listen(self, host: str, port: int) -> ScrapeServer:
        if find_spec("prometheus_client") is None:
            raise ModuleNotFoundError("install botobs[scrape]")
        from ._server import ScrapeServer

        settings = self._settings
        tls = None
        if settings.scrape_certificate is not None and settings.scrape_key is not None:
            tls = settings.scrape_certificate, settings.scrape_key
        try:
            return ScrapeServer((host, port), self._whole, settings.scrape_token_file, tls)
        except OSError:
            # Another process of the service has it. The file names the port of this one.
            if port == 0 or self._folder is None:
                raise
            return ScrapeServer((host, 0), self._whole, settings.scrape_token_file, tls)

    def _whole(self) -> bytes:
        return self._collect() or b""

    @property
    def _folder(self) -> Path | None:
        if self._settings.scrape_targets is not None:
            return self._settings.scrape_targets
        return self._settings.state_dir / "scrape" if self._settings.state_dir is not None else None

    def _publish(self) -> None:
        folder, address = self._folder, self.address
        if folder is None or address is None:
            return
        from ._families import target_labels
        from ._targets import publish

        labels = target_labels(self._resource().attributes)
        scheme = "https" if self._settings.scrape_certificate is not None else "http"
        try:
            self._file = publish(folder, address, {**labels, "__scheme__": scheme})
        except (OSError, ValueError) as error:
            self._logger.warning("%s cannot tell Prometheus of this process: %s", folder, _why(error))


def split(address: str) -> tuple[str, int]:
    """Host and port of an address that the settings have accepted."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def _shown(host: str | bytes | bytearray, port: int) -> str:
    """The address with which other hosts reach the server."""
    name = host if isinstance(host, str) else bytes(host).decode()
    if name in ("0.0.0.0", "::"):
        name = socket.gethostname()
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or described(error)
