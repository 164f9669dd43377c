"""Runs a drill: breaks something, checks who is notified, repairs it, checks the notification of its end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..errors import StackError
from .drill import Drill
from .inbox import Inbox, Message
from .marks import Mark
from .profile import Profile
from .target import Alert, Target
from .timing import lingering, promised

#: Seconds between two looks.
_LOOK = 0.25
#: Seconds by which a fault outlasts the wait for its alert, if it is not repaired.
_LEEWAY = 30.0
#: Seconds after which what does not respond will not do so soon.
_STARTED = 60.0
#: Seconds that are listened for one message too many after the last one that is wanted.
_LISTEN = 2.0


@dataclass
class Result:
    """What a drill has shown. Times are seconds since the epoch, None when it did not happen.

    Attributes:
        pending: When Prometheus saw the fault.
        received: When the first message came, by channel.
        resolved: When the message that it is resolved came, by channel.
        raised: Names of the alerts that fired.
        inhibited: Names of alerts that were kept quiet.
        values: Values of the alert's expression while it fired.
        messages: All that arrived during the drill.
        problems: What was not as it should be; empty when the drill has passed.
    """

    drill: Drill
    fault_in: float = 0.0
    pending: float | None = None
    firing: float | None = None
    received: dict[str, float] = field(default_factory=dict)
    fault_out: float | None = None
    resolved: dict[str, float] = field(default_factory=dict)
    raised: set[str] = field(default_factory=set)
    inhibited: set[str] = field(default_factory=set)
    values: list[str] = field(default_factory=list)
    trace_id: str | None = None
    messages: list[Message] = field(default_factory=list)
    notifications: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether everything was as it should be."""
        return not self.problems


class Run:
    """One run of a drill against a running stack.

    Args:
        drill: What is done.
        target: The stack.
        profile: Its pace.
        inbox: Where its messages arrive; None for a stack that notifies real people.
    """

    def __init__(self, drill: Drill, target: Target, profile: Profile, inbox: Inbox | None) -> None:
        self._drill = drill
        self._target = target
        self._inbox = inbox
        self._promise = promised(drill, profile)
        self._limit = self._promise.latest + profile.patience
        self._end_limit = self._limit + lingering(drill, profile)
        self._channels = () if inbox is None else ("email",) if drill.by_deadman else ("email", "slack")
        self._result = Result(drill)

    def run(self) -> Result:
        """Run the drill: inject the fault, wait for the alert, repair, wait for its end.

        Raises:
            StackError: The stack is not quiet, or does not have what the drill needs.
        """
        result, target = self._result, self._target
        target.require(self._drill.needs, self._drill.name)
        self._wait_for_quiet()
        before = target.notifications()
        result.fault_in = time.time()
        with Mark(target, self._drill.name) as mark:
            with self._drill.fault(target, self._limit + _LEEWAY):
                arrived = self._wait(self._has_arrived, self._limit)
                result.trace_id = target.trace_id(self._drill.traceql, result.fault_in - 30)
            result.fault_out = time.time()
            mark.undone()
            if not arrived:
                result.problems += [f"{each} within {self._limit:.0f} s" for each in self._missing()]
                result.problems += self._unanswered()
            elif not self._wait(self._is_over, self._end_limit):
                end = f"the end of {self._drill.alert} was not notified within {self._end_limit:.0f} s"
                result.problems.append(end)
            self._listen()
        after = target.notifications()
        # Of what was not known before, it is not known how many came since.
        sent = {name: after[name] - before[name] for name in after if name in before}
        result.notifications = {name: number for name, number in sent.items() if number}
        self._judge()
        return result

    def _wait_for_quiet(self) -> None:
        began = time.monotonic()
        while in_the_way := (unanswered := self._unanswered()) or self._in_the_way():
            limit = _STARTED if unanswered else self._end_limit
            if time.monotonic() - began > limit:
                raise StackError(
                    f"the drill {self._drill.name} was not begun, because this would hide what it shows: "
                    + ", ".join(in_the_way),
                    "Wait until it is over, or see to it first.",
                )
            time.sleep(_LOOK)

    def _unanswered(self) -> list[str]:
        """What does not say which alerts there are: whatever the drill breaks would not be seen."""
        asked = {"Prometheus": self._target.in_prometheus(), "Alertmanager": self._target.suppressed()}
        return [f"{name} does not answer" for name, alerts in asked.items() if alerts is None]

    def _in_the_way(self) -> list[str]:
        """What would be taken for an effect of the fault, or keep it quiet."""
        alerts = self._target.in_prometheus() or ()
        effects = {self._drill.alert, *self._drill.also, *self._drill.silent, *self._drill.never}
        return sorted({alert.name for alert in alerts if alert.name in effects or "cause" in alert.labels})

    def _wait(self, condition: Callable[[], bool], limit: float) -> bool:
        deadline = time.monotonic() + limit
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK)
        return True

    def _look(self) -> None:
        now, result = time.time(), self._result
        for alert in self._target.in_prometheus() or ():
            if alert.state == "firing":
                result.raised.add(alert.name)
            if self._is_ours(alert):
                result.pending = result.pending or now
                if alert.state == "firing":
                    result.firing = result.firing or now
                if result.fault_out is None and alert.value not in result.values:
                    result.values.append(alert.value)
        result.inhibited |= {alert.name for alert in self._target.suppressed() or ()}
        if self._inbox is None:
            return
        result.messages = self._inbox.since(result.fault_in)
        for message in result.messages:
            if message.alert == self._drill.alert and self._is_about_us(message):
                if not message.resolved:
                    result.received.setdefault(message.channel, message.at)
                elif message.at >= result.received.get(message.channel, math.inf):
                    # Before that, it is the end of what was there before the drill.
                    result.resolved.setdefault(message.channel, message.at)

    def _is_ours(self, alert: Alert) -> bool:
        return alert.name == self._drill.alert and alert.has(self._drill.labels)

    def _is_about_us(self, message: Message) -> bool:
        # What began before the fault has another cause. The dead man's switch names its last Watchdog, not a begin.
        began = None if self._drill.by_deadman else message.since
        if began is not None and began < math.floor(self._result.fault_in):
            return False
        whose = {name: value for name, value in self._drill.labels.items() if name != "severity"}
        return all(value in message.subject + message.text for value in whose.values())

    def _has_arrived(self) -> bool:
        self._look()
        return next(self._missing(), None) is None

    def _missing(self) -> Iterator[str]:
        """What the fault should have brought about, and has not."""
        result, drill = self._result, self._drill
        fires = result.firing is not None or drill.by_deadman
        if self._inbox is None:
            # Real people's mail cannot be read here: the fault lasts until they must have been notified.
            arrived = fires and time.time() - result.fault_in >= self._promise.latest
        else:
            arrived = set(self._channels) <= result.received.keys()
        if not arrived:
            yield f"the alert {drill.alert} did not arrive"
        for name in sorted(set(drill.also) - result.raised):
            yield f"the alert {name} was not raised"
        if self._inbox is not None:
            for name in sorted(set(drill.silent) - result.inhibited):
                yield f"the alert {name} was not there to be kept silent"

    def _is_over(self) -> bool:
        self._look()
        if self._inbox is None:
            alerts = self._target.in_prometheus()
            return alerts is not None and not any(map(self._is_ours, alerts))
        return set(self._channels) <= self._result.resolved.keys()

    def _listen(self) -> None:
        end = time.monotonic() + _LISTEN
        while time.monotonic() < end:
            self._look()
            time.sleep(_LOOK)

    def _judge(self) -> None:
        result = self._result
        ours = [
            each for each in result.messages if each.alert == self._drill.alert and self._is_about_us(each)
        ]
        for channel in self._channels:
            for resolved in (False, True):
                subjects = [
                    each.subject for each in ours if each.channel == channel and each.resolved is resolved
                ]
                # A group that grows is sent again, with another number of alerts in its subject.
                if len(subjects) > len(set(subjects)):
                    what = "end of " if resolved else ""
                    result.problems.append(f"{channel} got the {what}{self._drill.alert} more than once")
        for name in sorted({*self._drill.silent, *self._drill.never}):
            channels = {each.channel for each in result.messages if each.alert == name and not each.resolved}
            if channels:
                result.problems.append(
                    f"{name} should have stayed silent, and was sent by {', '.join(sorted(channels))}"
                )
