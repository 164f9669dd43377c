"""The declaration of a drill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from . import deadman
from .faults import Fault

#: The value of a setting in seconds, by its name.
Setting = Callable[[str], float]
#: How long something takes, by a function from settings to their values.
Reach = Callable[[Setting], float]


def after(seconds: float) -> Reach:
    """Return a time that is a fixed number of seconds."""
    return lambda _: seconds


def window(name: str) -> Reach:
    """Return a time that is the value of a setting, in seconds."""
    return lambda setting: setting(name)


def heartbeat_age(setting: Setting) -> float:
    """How old the last sign of life of a service has to be."""
    return setting("BOTOBS_THRESHOLD_HEARTBEAT_AGE_SECONDS")


def silence(setting: Setting) -> float:
    """How long a service has to be silent, while the canary arrives, before it counts as silent."""
    return setting("BOTOBS_THRESHOLD_SILENCE_SECONDS")


def unheard(setting: Setting) -> float:
    """How long a service has to be silent, and others to fall silent with it, before it is told."""
    hold = setting("BOTOBS_FOR_HEARTBEAT") + setting("BOTOBS_HEARTBEAT_EVALUATION_INTERVAL")
    return silence(setting) + hold


@dataclass(frozen=True)
class Drill:
    """One drill.

    Attributes:
        name: Its name on the command line.
        does: What it does, for the person who starts it.
        alert: Name of the alert that has to arrive.
        labels: Labels that this alert has to have.
        fault: What is broken.
        needs: Parts of the stack that it needs beside those of every stack.
        signal: Setting of the interval at which the fault is measured.
        reach: Seconds until what is measured crosses its limit, by the value of each setting in seconds.
        seen: Seconds until the process is dead whose end the stack may see by itself; None where nothing dies.
        lingers: Seconds that the rule still sees a fault that is over.
        also: Further alerts that the fault has to raise, as their runbooks say.
        silent: Alerts that the fault causes too, and that an inhibition has to keep quiet.
        never: Alerts that must not fire, because what they are about is well.
        traceql: Finds a trace of what the fault did.
        severity: Severity of the rule that fires, where the alert has two.
    """

    name: str
    does: str
    alert: str
    labels: Mapping[str, str]
    fault: Fault
    needs: frozenset[str] = frozenset()
    signal: str = "OTEL_METRIC_EXPORT_INTERVAL"
    reach: Reach = field(default=after(0))
    seen: Reach | None = None
    lingers: Reach = field(default=window("BOTOBS_ALERT_WINDOW"))
    also: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    traceql: str = "{ status = error }"
    severity: str = "critical"

    @property
    def by_deadman(self) -> bool:
        """Whether the dead man's switch reports the fault, because it breaks alerting itself."""
        return self.alert == deadman.ALERT


#: What the drills of the demo need.
BOTS = frozenset({"bot-manager", "trading-engine", "exchange-simulator"})
DATABASE = frozenset({"postgres", "postgres_exporter"})
#: Seconds between a bot's turns in the demo, about.
TURN = 4.0
