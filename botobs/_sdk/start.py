"""`init`, `flush` and `shutdown`: one running instance in a process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased

from .._version import __version__
from ..semconv import sdk as semconv
from . import participants, propagation, providers, resource
from .engine import Engine, Limits, create_engine
from .export.counts import Counts, Life, observe
from .export.discovery import Discovery
from .export.pipeline import Pipeline
from .export.quiet import Quiet, logger
from .export.sender import Sender
from .export.spool import Spool
from .export.store import Memory, Store
from .instrument.base import Telemetry
from .instrument.registry import Instrumentations, Status
from .process import fork
from .process.exit import ExitHooks, died, goodbye_is_promised
from .redaction import Redactor
from .safe import described, number_of, text_of
from .settings import Problem, Settings, SettingsError

if TYPE_CHECKING:
    from .export.log_encoder import LogEncoder

#: Seconds that somebody waits at most; some platforms refuse larger numbers.
_LONGEST = 86400.0
#: Names of HTTP and database telemetry that stay; read once in a process, before the first instrumentor loads.
SEMCONV_OPT_IN = "http,database"


class Handle:
    """A running botobs.

    Use it as a context manager to shut down at the end of a block.

    Attributes:
        settings: What it runs with, and where each value came from.
        problems: Settings that cannot be used.
        notes: What a person should know, such as other providers in the same process.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.problems: list[Problem] = list(settings.problems)
        self.notes: list[str] = []
        self.redactor = Redactor(settings.redact, settings.redact_keys)
        self.counts = Counts(settings.logs)
        self._life = Life(goodbye_is_promised)
        self._quiet = Quiet()
        self._instrumentations = Instrumentations(self._quiet.warning)
        self._discovery = Discovery(settings)
        self._pipeline = Pipeline(
            settings, self.counts, self._sender(), self._store(), self._quiet, self._look_for_stack
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
        """What records spans and metrics."""
        return self._engine

    @property
    def instance_id(self) -> str:
        """`service.instance.id`: this process, as long as botobs runs in it."""
        return str(self._resource.attributes["service.instance.id"])

    @property
    def instrumentations(self) -> list[Status]:
        """The state of each instrumentation."""
        return self._instrumentations.look()

    @property
    def running(self) -> bool:
        """Whether it records."""
        return self._running

    def flush(self, timeout: float | None = None) -> bool:
        """Send what was recorded so far.

        Args:
            timeout: Seconds to wait at most; `shutdown_timeout` by default.

        Returns:
            Whether the collector has acknowledged all of it.
        """
        if not self._running:
            return False
        return self._pipeline.flush(_seconds(timeout, self.settings.shutdown_timeout))

    def shutdown(self, timeout: float | None = None) -> bool:
        """Say goodbye, send what was recorded, and undo every patch. A second call does nothing.

        Args:
            timeout: Seconds that it takes at most; `shutdown_timeout` by default.

        Returns:
            Whether the collector has acknowledged all of it.
        """
        return _shut_down(self, timeout)

    def __enter__(self) -> Handle:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Shut down."""
        self.shutdown()

    def _sender(self) -> Sender | None:
        if self.settings.endpoint is None or any(problem.essential for problem in self.problems):
            return None
        try:
            return Sender(self.settings)
        except Exception as error:
            # Not the whole of an error of the system: it names the file, and a secret may have been put there.
            why = (getattr(error, "strerror", None) or text_of(error))[:300]
            text = (
                f"certificate, client_certificate or client_key cannot be used ({why}); nothing is exported. "
                f"certificate is {self.settings.shown('certificate')}, from {self.settings.origins['certificate']}."
            )
            if self.settings.strict:
                raise SettingsError(text) from error
            self.problems.append(Problem("certificate", text, essential=True))
            return None

    def _look_for_stack(self) -> Sender | None:
        found = self._discovery.look()
        self.settings = self._discovery.settings
        return found

    def _store(self) -> Store:
        if self.settings.spool_dir is None:
            return Memory()
        return Spool(self.settings.spool_dir, self.settings.spool_bytes, self.settings.spool_age)

    def _start(self) -> None:
        self._running = True
        self._register_metrics()
        self._pipeline.start(self._engine, None if self._log_encoder is None else self._log_encoder.encode)
        providers.tracer_provider.switch(self._engine.tracer_provider)
        providers.meter_provider.switch(self._engine.meter_provider)
        for taken in providers.install_globally():
            self.notes.append(
                f"another {taken} was set before botobs; what uses it directly does not reach botobs' exporter."
            )
        participants.connect()
        propagation.guard(self.redactor)
        self._instrumentations.install(
            Telemetry(
                providers.tracer_provider,
                self._engine.meter_provider,
                self.settings,
                self._pipeline.offer_log if self.settings.logs else None,
            )
        )
        self._say_what_matters()

    def _stop(self, deadline: float) -> bool:
        self._running = False
        if not died():
            self._life.say_goodbye()
            participants.goodbye()
        # Patches first: what they would record from here on would be lost.
        self._instrumentations.uninstall()
        delivered = self._pipeline.stop(max(0.0, deadline - time.monotonic()))
        propagation.release()
        providers.tracer_provider.switch(None)
        providers.meter_provider.switch(None)
        self._engine.shutdown()
        return delivered

    def _leave(self) -> Callable[[], None]:
        """Say goodbye and send it, while everything goes on; returns what takes it back.

        Bots and feeds come back by themselves with their next sign of life.
        """
        self._life.say_goodbye()
        participants.goodbye()
        self._pipeline.flush(self.settings.shutdown_timeout)
        return self._life.reset

    def _after_fork(self) -> None:
        self.counts.reset()
        self._life.reset()
        self._instrumentations.after_fork()
        providers.tracer_provider.after_fork()
        providers.meter_provider.after_fork()
        self._resource = resource.build(self.settings)
        self._engine.reset_after_fork(self._resource)
        if self._log_encoder is not None:
            self._log_encoder.resource = self._resource
        self._pipeline.after_fork()

    def _register_metrics(self) -> None:
        meter = self._engine.meter_provider.get_meter("botobs.sdk", __version__)
        self.counts.register(meter)
        self._life.register(meter)
        self._instrumentations.register(meter)
        observe(semconv.QUEUE_BYTES, meter, lambda: self._pipeline.queued_bytes)
        observe(semconv.SPOOL_BYTES, meter, lambda: self._pipeline.spool_bytes)
        observe(semconv.SPOOL_REFUSED, meter, lambda: int(self._pipeline.spool_refused))
        observe(semconv.SPANS_STARTED, meter, lambda: self._engine.spans_started)
        observe(semconv.METRIC_OVERFLOWS, meter, lambda: self._engine.overflows)
        observe(semconv.ATTRIBUTES_REFUSED, meter, lambda: self._engine.attributes_refused)
        observe(semconv.SETTINGS_INVALID, meter, lambda: len(self.problems))

    def _say_what_matters(self) -> None:
        """One line, if anything at all is to be said."""
        if self.problems:
            self._quiet.warning("%s", " ".join(problem.text for problem in self.problems))
        elif self.settings.endpoint is None:
            self._quiet.warning(
                "no collector is known, so nothing is sent: start one here with `botobs up`, which is found within "
                "half a minute, or set BOTOBS_ENDPOINT"
            )
        else:
            failed = [f"{status.name} ({status.detail})" for status in self._instrumentations.failed]
            if failed:
                self._quiet.warning("these instrumentations do not work: %s", ", ".join(failed))


_lock = threading.RLock()
_current: Handle | None = None
_exit_hooks = ExitHooks(lambda: shutdown(), lambda: _leave(), lambda: _is_idle(), lambda: _exit_limit())


def start(settings: Settings) -> Handle:
    """Run with `settings`, in place of what runs already unless it runs with the same."""
    global _current
    with _lock:
        if _current is not None and _current.running:
            if _current.settings == settings:
                logger.debug("botobs runs with these settings already")
                return _current
            _current.shutdown()
        _pin_semantic_conventions()
        handle = _handle(settings)
        _current = handle
        if handle.settings.enabled:
            fork.after_in_child(_after_fork)
            _exit_hooks.install()
            try:
                handle._start()
            except Exception as error:
                # A service that cannot be monitored must still start.
                handle._quiet.warning("botobs does not run: %s", described(error))
                handle.shutdown(0.0)
        return handle


def _handle(settings: Settings) -> Handle:
    """One that can be started; if it cannot even be made, one that does nothing.

    Raises:
        SettingsError: A certificate, a key or a folder cannot be used, and `strict` is on.
    """
    try:
        return Handle(settings)
    except SettingsError:
        raise
    except Exception as error:
        problem = Problem("enabled", f"botobs cannot run: {described(error)}.", essential=True)
        handle = Handle(Settings(enabled=False, problems=(*settings.problems, problem)))
        handle._quiet.warning("%s", problem.text)
        return handle


def current() -> Handle | None:
    """The instance that runs, if one does."""
    return _current if _current is not None and _current.running else None


def flush(timeout: float | None = None) -> bool:
    """Send what was recorded so far; see `Handle.flush`. False when botobs does not run."""
    handle = current()
    return handle.flush(timeout) if handle is not None else False


def shutdown(timeout: float | None = None) -> bool:
    """End botobs in this process; see `Handle.shutdown`. Does nothing when it does not run."""
    handle = current()
    return handle.shutdown(timeout) if handle is not None else True


def _shut_down(handle: Handle, timeout: float | None) -> bool:
    budget = _seconds(timeout, handle.settings.shutdown_timeout)
    deadline = time.monotonic() + budget
    # Another thread may be in the middle of `init`; the end of the process does not wait for it beyond the budget.
    lock = _lock
    if not lock.acquire(timeout=budget):
        return False
    try:
        if not handle.running:
            return True
        _exit_hooks.uninstall()
        fork.remove(_after_fork)
        return handle._stop(deadline)
    except Exception as error:
        # The process is about to end, or goes on without us; neither is the place for an exception of ours.
        handle._quiet.warning("botobs did not end cleanly: %s", described(error))
        return False
    finally:
        lock.release()


def _leave() -> Callable[[], None]:
    handle = current()
    return handle._leave() if handle is not None else lambda: None


def _is_idle() -> bool:
    handle = current()
    return handle is None or handle._pipeline.idle


def _exit_limit() -> float:
    return _current.settings.shutdown_timeout if _current is not None else 0.0


def _seconds(given: object, otherwise: float) -> float:
    """A budget as it was given, within what a wait takes; `otherwise` if it is no number of seconds."""
    seconds = None if given is None else number_of(given)
    return otherwise if seconds is None else min(max(0.0, seconds), _LONGEST)


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()
    _exit_hooks.after_fork()
    handle = current()
    if handle is not None:
        handle._after_fork()


def _pin_semantic_conventions() -> None:
    """Fix the names of upstream instrumentors to the stable ones, whatever their default becomes."""
    os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = SEMCONV_OPT_IN


def _log_encoder(resource: Resource, redactor: Redactor) -> LogEncoder:
    # Late: see there.
    from .export.log_encoder import LogEncoder

    return LogEncoder(resource, redactor)


def _sampler(settings: Settings) -> Sampler:
    if settings.sampling_ratio == 1.0:
        return ParentBased(ALWAYS_ON)
    return ParentBased(TraceIdRatioBased(settings.sampling_ratio))
