"""A running botobs: what belongs to it, and how it starts, stops and continues in a forked child."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased

from .._version import __version__
from ..semconv import orders as order_names
from ..semconv import sdk as semconv
from . import participants, propagation, providers, resource, urgent
from .engine import Engine, Limits, create_engine
from .export.counts import Counts, Heartbeat, observe, observe_reasons
from .export.delivery import Delivery
from .export.discovery import Discovery
from .export.handover import hand_over
from .export.pipeline import Pipeline
from .export.rate_limit import RateLimitedLogger
from .export.sender import Sender
from .export.spool import Spool
from .export.store import Memory, Store
from .export.submissions import Submissions
from .export.unsettled_file import UnsettledFile
from .instrument.base import Telemetry
from .instrument.registry import Instrumentations, Status
from .orders import UNSETTLED
from .orders.journal import JOURNAL
from .orders.settlement import SCOPE, SettlementTelemetry
from .process.exit import died, reports_clean_stop
from .process.unsent import PART
from .redaction import Redactor, known
from .safe import number_of, text_of
from .settings import Problem, Settings, SettingsError

if TYPE_CHECKING:
    from .export.log_encoder import LogEncoder

#: Seconds of a wait at most; some platforms do not take larger numbers.
_LONGEST_WAIT = 86400.0


class Handle:
    """A running botobs.

    Use it as a context manager to shut down at the end of a block.

    Attributes:
        settings: The settings in force, and where each value came from.
        problems: Settings that cannot be used.
        notes: What a person should know, such as other providers in the same process.
        redactor: Removes secrets before the export.
        counts: Counters of the export.
    """

    def __init__(self, settings: Settings, shut_down: Callable[[Handle, float], bool]) -> None:
        self.settings = settings
        self.problems: list[Problem] = list(settings.problems)
        self.notes: list[str] = []
        self.redactor = Redactor(settings.redact, settings.redact_keys, settings.redact_keep)
        self.counts = Counts(settings.logs)
        self._shut_down = shut_down
        self._heartbeat = Heartbeat(self._reports_clean_stop)
        self._logger = RateLimitedLogger()
        self._instrumentations = Instrumentations(self._logger.warning)
        self._discovery = Discovery(settings)
        self._delivery = Delivery(
            self._sender(), settings.export_timeout, self.counts, self._logger, self._find_stack
        )
        submissions = Submissions(
            JOURNAL,
            lambda: self.settings,
            lambda: self._resource,
            self._delivery,
            self.redactor,
            self._logger,
        )
        self._pipeline = Pipeline(
            settings,
            self.counts,
            self._delivery,
            _store(settings),
            submissions,
            UnsettledFile(lambda: self.settings),
            lambda: self._resource,
            self._logger,
        )
        self._settlement = SettlementTelemetry(
            providers.tracer_provider.get_tracer(SCOPE, __version__), self._pipeline.report_soon
        )
        self._resource = resource.build(settings)
        self._engine = create_engine(
            settings.engine,
            self._resource,
            _sampler(settings),
            self._pipeline.offer,
            self.redactor,
            Limits(series=settings.series_limit),
        )
        self._log_encoder = _log_encoder(self._resource, self.redactor) if settings.logs else None
        self._running = False

    @property
    def engine(self) -> Engine:
        """The engine that records spans and metrics."""
        return self._engine

    @property
    def instance_id(self) -> str:
        """`service.instance.id`: a UUID of this process, as long as botobs runs in it."""
        return str(self._resource.attributes["service.instance.id"])

    @property
    def instrumentations(self) -> list[Status]:
        """The state of each instrumentation."""
        return self._instrumentations.look()

    @property
    def running(self) -> bool:
        """Whether botobs is recording."""
        return self._running

    def flush(self, timeout: float | None = None) -> bool:
        """Send what was recorded so far.

        Everything is sent once: a collector that refuses or is gone delays nobody. What it did not take stays queued,
        and goes with the next export or call.

        Args:
            timeout: Seconds to wait at most; `shutdown_timeout` by default.

        Returns:
            Whether the collector has acknowledged all of it.
        """
        if not self._running:
            return False
        return self._pipeline.flush(self._seconds(timeout))

    def shutdown(self, timeout: float | None = None) -> bool:
        """Report a clean stop, send what was recorded, and undo every patch. A second call does nothing.

        Args:
            timeout: Seconds that it takes at most; `shutdown_timeout` by default.

        Returns:
            Whether the collector has acknowledged all of it.
        """
        return self._shut_down(self, self._seconds(timeout))

    def __enter__(self) -> Handle:
        """The handle itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Shut down."""
        self.shutdown()

    def _seconds(self, given: object) -> float:
        """A time limit in seconds, within what a wait takes; `shutdown_timeout` if none was given."""
        seconds = None if given is None else number_of(given)
        return self.settings.shutdown_timeout if seconds is None else min(max(0.0, seconds), _LONGEST_WAIT)

    def _sender(self) -> Sender | None:
        """The connection to the collector; None if there is no address, or an essential setting is wrong.

        Raises:
            SettingsError: A certificate or a key cannot be used, and `strict` is on.
        """
        if self.settings.endpoint is None or any(problem.essential for problem in self.problems):
            return None
        try:
            return Sender(self.settings)
        except Exception as error:
            # Not the whole text of an OSError: it names the file, and a secret may have been given in its place.
            why = (getattr(error, "strerror", None) or text_of(error))[:300]
            text = (
                f"certificate, client_certificate or client_key cannot be used ({why}); nothing is exported. "
                f"certificate is {self.settings.shown('certificate')}, from {self.settings.origins['certificate']}."
            )
            if self.settings.strict:
                raise SettingsError(text) from error
            self.problems.append(Problem("certificate", text, essential=True))
            return None

    def _find_stack(self) -> Sender | None:
        found = self._discovery.look()
        self.settings = self._discovery.settings
        return found

    # -- called by `start` ---------------------------------------------------------------------------------------

    def _start(self) -> None:
        """Start everything, each step after what it relies on."""
        self._running = True
        self._learn_secrets()
        self._register_metrics()
        self._pipeline.start(self._engine, None if self._log_encoder is None else self._log_encoder.encode)
        urgent.follow(self._pipeline.report_soon)
        self._take_providers()
        participants.connect()
        propagation.guard(self.redactor)
        self._instrumentations.install(
            Telemetry(
                providers.tracer_provider,
                self._engine.meter_provider,
                self.settings,
                self._pipeline.offer_log if self.settings.logs else None,
                self._pipeline.take_over,
            )
        )
        self._log_state()

    def _learn_secrets(self) -> None:
        """Remember what this process holds as secrets, so that they are found wherever they appear."""
        known.learn(os.environ)
        known.learn(self.settings.headers)
        known.add(self.settings.token)
        if self.settings.token_file is not None:
            known.learn({"TOKEN_FILE": str(self.settings.token_file)})

    def _register_metrics(self) -> None:
        meter = self._engine.meter_provider.get_meter("botobs.sdk", __version__)
        self.counts.register(meter)
        self._heartbeat.register(meter)
        self._instrumentations.register(meter)
        self._settlement.start(self._engine.meter_provider.get_meter(SCOPE, __version__))
        observe(semconv.QUEUE_BYTES, meter, lambda: self._pipeline.queued_bytes)
        observe(semconv.SPOOL_BYTES, meter, lambda: self._pipeline.spool_bytes)
        observe(semconv.SPOOL_REFUSED, meter, lambda: int(self._pipeline.spool_refused))
        observe_reasons(semconv.JOURNAL_REFUSED, meter, lambda: JOURNAL.refused)
        observe(
            semconv.SPANS_STARTED,
            meter,
            lambda: self._engine.spans_started + self._pipeline.submissions_sent,
        )
        observe(semconv.METRIC_OVERFLOWS, meter, lambda: self._engine.overflows)
        observe(semconv.ATTRIBUTES_REFUSED, meter, lambda: self._engine.attributes_refused)
        observe(order_names.UNSETTLED, meter, lambda: len(UNSETTLED.all()))
        observe(semconv.SETTINGS_INVALID, meter, lambda: len(self.problems))

    def _take_providers(self) -> None:
        """Have OpenTelemetry's global functions lead to this engine, and note whose providers were there before."""
        providers.tracer_provider.switch(self._engine.tracer_provider)
        providers.meter_provider.switch(self._engine.meter_provider)
        providers.set_flush(self.flush)
        for taken in providers.install_globally():
            self.notes.append(
                f"another {taken} was set before botobs; what uses it directly does not reach botobs' exporter."
            )

    def _log_state(self) -> None:
        """Log one line if a person should know something."""
        if self.problems:
            self._logger.warning("%s", " ".join(problem.text for problem in self.problems))
        elif self.settings.endpoint is None and self.settings.scrape_address is None:
            self._logger.warning(
                "no collector is known, so nothing is sent: start one here with `botobs up`, which is found within "
                "half a minute, or set BOTOBS_ENDPOINT"
            )
        else:
            failed = [f"{status.name} ({status.detail})" for status in self._instrumentations.failed]
            if failed:
                self._logger.warning("these instrumentations do not work: %s", ", ".join(failed))

    def _stop(self, deadline: float) -> bool:
        """Stop everything by `deadline`, a reading of `time.monotonic`; whether everything was delivered."""
        self._running = False
        if died():
            self._heartbeat.die()
        else:
            self._report_clean_stop()
        self._instrumentations.before_end((deadline - time.monotonic()) / 4)
        # Patches first: what they would record from here on would be lost.
        self._instrumentations.uninstall()
        urgent.unfollow(self._pipeline.report_soon)
        delivered = self._pipeline.stop(max(0.0, deadline - time.monotonic()))
        JOURNAL.stop()
        self._settlement.stop()
        propagation.release()
        providers.set_flush(None)
        providers.tracer_provider.switch(None)
        providers.meter_provider.switch(None)
        self._engine.shutdown()
        return delivered

    def _give_unsent(self, send: Callable[[bytes], None]) -> None:
        """Hand over what has not been sent, on a thread of ours; what is not taken is sent from here."""
        # The rest of the time is for sending it.
        seconds = self.settings.shutdown_timeout * PART * 0.8
        hand_over(self._pipeline.give_unsent(seconds), send, self._pipeline.take_over)

    def _before_exec(self) -> Callable[[], None]:
        """Report a clean stop and send it, while everything goes on; returns what takes it back.

        Bots and feeds take it back by themselves with their next heartbeat.
        """
        self._report_clean_stop()
        self._pipeline.flush(self.settings.shutdown_timeout)
        return self._heartbeat.reset

    def _reports_clean_stop(self) -> bool:
        # A process that has ended is not scraped: its goodbye needs a collector.
        has_way = not self._pipeline.scrape.serving or self._delivery.sender is not None
        return has_way and reports_clean_stop()

    def _report_clean_stop(self) -> None:
        self._heartbeat.stop_cleanly()
        participants.goodbye()

    def _after_fork(self) -> None:
        """Continue in a forked child as another instance: from zero, with new locks and threads."""
        self.counts.reset()
        self._heartbeat.reset()
        self._instrumentations.after_fork()
        providers.tracer_provider.after_fork()
        providers.meter_provider.after_fork()
        self._resource = resource.build(self.settings)
        self._engine.reset_after_fork(self._resource)
        if self._log_encoder is not None:
            self._log_encoder.resource = self._resource
        self._pipeline.after_fork()


def _store(settings: Settings) -> Store:
    if settings.spool_dir is None:
        return Memory()
    return Spool(settings.spool_dir, settings.spool_bytes, settings.spool_age)


def _sampler(settings: Settings) -> Sampler:
    if settings.sampling_ratio == 1.0:
        return ParentBased(ALWAYS_ON)
    return ParentBased(TraceIdRatioBased(settings.sampling_ratio))


def _log_encoder(resource: Resource, redactor: Redactor) -> LogEncoder:
    # Imported late; its docstring says why.
    from .export.log_encoder import LogEncoder

    return LogEncoder(resource, redactor)
