"""A drill passes when people are told once and no more, and fails otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import pytest

from botobs._ops.drills import runner
from botobs._ops.drills.drill import Drill
from botobs._ops.drills.profile import Profile
from botobs._ops.drills.runner import Result, Run
from botobs._ops.drills.sinks import Inbox
from botobs._ops.drills.target import Alert
from botobs._ops.drills.timing import promised
from botobs._ops.errors import StackError

#: Nothing is waited for: what does not come at once does not come.
_AT_ONCE = (
    "BOTOBS_FOR_CAUSE",
    "BOTOBS_ALERT_GROUP_WAIT_CRITICAL",
    "BOTOBS_ALERT_WINDOW",
    "BOTOBS_KEEP_CAUSE",
    "BOTOBS_ALERT_GROUP_INTERVAL",
)
_PROMPT = Profile("hasty", dict.fromkeys(_AT_ONCE, "1ms"), 0.0, 0.0)
#: It waits for two seconds, whatever the settings promise.
HASTY = replace(
    _PROMPT,
    patience=2.0 - promised(Drill("a", "does", "DatabaseDown", {}, lambda *_: nullcontext()), _PROMPT).latest,
)
FIRING = "[CRITICAL] DatabaseDown: postgres, test, since 2999-01-01 00:00:00 UTC"
OVER = FIRING.replace("CRITICAL", "RESOLVED")


class Stack:
    """Stands in for a running stack: what fires is what the fault says, at once."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.broken = False
        self.leases: list[float] = []
        self.marks: list[str] = []
        self.firing: list[Alert] = []
        self.quiet: list[Alert] = []
        #: Programs that stand still: always, or from the fault on.
        self.still: set[str] = set()
        self.then_still: set[str] = set()
        self.on: list[str] = [FIRING]
        self.off: list[str] = [OVER]

    @contextmanager
    def fault(self, _target: Any, seconds: float) -> Iterator[None]:
        self.leases.append(seconds)
        self._tell(self.on)
        self.broken = True
        self.still |= self.then_still
        try:
            yield
        finally:
            self.broken = False
            self._tell(self.off)

    def _tell(self, subjects: list[str]) -> None:
        for subject in subjects:
            for channel in ("email", "slack"):
                self.inbox.add(channel, subject, "text")

    def in_prometheus(self) -> list[Alert] | None:
        if "Prometheus" in self.still:
            return None
        mine = [Alert({"alertname": "DatabaseDown"}, "firing", "0")] if self.broken else []
        return self.firing + mine

    def suppressed(self) -> list[Alert] | None:
        return None if "Alertmanager" in self.still else self.quiet

    def notifications(self) -> dict[str, float]:
        return {"email": float(len(self.inbox.since()))}

    def trace_id(self, _traceql: str, _since: float) -> str:
        return "abc"

    def report(self, metric: dict[str, Any]) -> None:
        self.marks += [point["asInt"] for point in metric["gauge"]["dataPoints"]]

    def require(self, _parts: frozenset[str], _drill: str) -> None:
        return


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The stand-in; what it reports is there at once, so that short waits are enough."""
    monkeypatch.setattr(runner, "_LISTEN", 0.05)
    monkeypatch.setattr(runner, "_LOOK", 0.01)
    return Stack()


def run(stack: Stack, **changes: Any) -> Result:
    drill = Drill("a", "does", "DatabaseDown", {}, stack.fault, **changes)
    return Run(drill, stack, HASTY, stack.inbox).run()  # type: ignore[arg-type]


def test_told_once_and_told_when_over(stack: Stack) -> None:
    result = run(stack)
    assert result.problems == []
    assert result.received.keys() == result.resolved.keys() == {"email", "slack"}
    assert result.values == ["0"]
    assert result.trace_id == "abc"
    assert result.notifications == {"email": 4}
    assert not stack.broken


def test_the_time_of_the_fault_is_marked(stack: Stack) -> None:
    run(stack)
    assert (stack.marks[0], stack.marks[-1]) == ("1", "0")


def test_told_twice(stack: Stack) -> None:
    stack.on = [FIRING, FIRING]
    assert run(stack).problems == [
        "email got the DatabaseDown more than once",
        "slack got the DatabaseDown more than once",
    ]


def test_the_end_told_twice(stack: Stack) -> None:
    stack.off = [OVER, OVER]
    assert run(stack).problems == [
        "email got the end of DatabaseDown more than once",
        "slack got the end of DatabaseDown more than once",
    ]


def test_the_end_of_something_else_is_not_taken_for_ours(stack: Stack) -> None:
    stack.on, stack.off = [OVER, FIRING], []
    [problem] = run(stack).problems
    assert problem.startswith("the end of DatabaseDown was not notified within")


def test_what_began_before_the_fault_is_not_ours(stack: Stack) -> None:
    stack.off = [OVER.replace("2999", "2020")]
    [problem] = run(stack).problems
    assert problem.startswith("the end of DatabaseDown was not notified within")


def test_a_group_that_grows_is_no_repetition(stack: Stack) -> None:
    stack.on = [FIRING, FIRING.replace("DatabaseDown", "DatabaseDown (2)")]
    assert run(stack).problems == []


def test_never_told(stack: Stack) -> None:
    stack.on = []
    [problem] = run(stack).problems
    assert problem.startswith("the alert DatabaseDown did not arrive within")
    assert not stack.broken


def test_the_end_never_told(stack: Stack) -> None:
    stack.off = []
    [problem] = run(stack).problems
    assert problem.startswith("the end of DatabaseDown was not notified within")


def test_a_symptom_that_was_kept_quiet(stack: Stack) -> None:
    stack.quiet = [Alert({"alertname": "BotFailed"}, "suppressed")]
    result = run(stack, silent=("BotFailed",))
    assert result.problems == []
    assert result.inhibited == {"BotFailed"}


def test_an_alert_that_should_have_been_raised_too(stack: Stack) -> None:
    [problem] = run(stack, also=("BotFailed",)).problems
    assert problem.startswith("the alert BotFailed was not raised within")


def test_an_alert_that_was_not_there_to_be_kept_silent(stack: Stack) -> None:
    [problem] = run(stack, silent=("BotFailed",)).problems
    assert problem.startswith("the alert BotFailed was not there to be kept silent within")


@pytest.mark.parametrize("how", ["silent", "never"])
def test_a_symptom_that_was_told(stack: Stack, how: str) -> None:
    stack.quiet = [Alert({"alertname": "BotFailed"}, "suppressed")]
    stack.on = [FIRING, FIRING.replace("DatabaseDown", "BotFailed")]
    assert run(stack, **{how: ("BotFailed",)}).problems == [
        "BotFailed should have stayed silent, and was sent by email, slack"
    ]


def test_not_begun_while_a_cause_fires(stack: Stack) -> None:
    stack.firing = [Alert({"alertname": "CollectorDown", "cause": "pipeline"}, "firing")]
    with pytest.raises(StackError, match="CollectorDown"):
        run(stack)
    assert stack.leases == []


@pytest.mark.parametrize("name", ["Prometheus", "Alertmanager"])
def test_nothing_is_broken_beside_what_does_not_answer(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(runner, "_STARTED", 0.05)
    stack.still = {name}
    with pytest.raises(StackError, match=f"{name} does not answer"):
        run(stack)
    assert stack.leases == []


def test_what_does_not_answer_any_more_is_no_end(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "lingering", lambda *_: -30.0)
    stack.then_still, stack.on = {"Prometheus"}, []
    problems = run(stack).problems
    assert problems[-1] == "Prometheus does not answer"


def test_other_alerts_are_not_in_the_way(stack: Stack) -> None:
    stack.firing = [Alert({"alertname": "ServiceMemoryGrowth"}, "firing")]
    assert run(stack).problems == []


def test_the_fault_outlasts_the_wait_and_ends_by_itself(stack: Stack) -> None:
    run(stack)
    assert 0 < stack.leases[0] < 300


def test_without_an_inbox_what_fires_and_what_alertmanager_counts_is_all_there_is(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = Profile(
        "at once",
        {
            "BOTOBS_CRITICAL_EVALUATION_INTERVAL": "1ms",
            "BOTOBS_RULE_QUERY_OFFSET": "0s",
            **HASTY.variables,
            "OTEL_METRIC_EXPORT_INTERVAL": "1",
        },
        5.0,
        0.0,
    )
    drill = Drill("a", "does", "DatabaseDown", {}, stack.fault)
    result = Run(drill, stack, at_once, None).run()  # type: ignore[arg-type]
    assert result.problems == []
    assert result.messages == []
    assert result.firing is not None
    assert result.notifications == {"email": 2 + 2}
    assert result.fault_out is not None
    # The fault lasts until people must have been told.
    assert result.fault_out - result.fault_in >= promised(drill, at_once).latest

    # What is not known is not over.
    @contextmanager
    def fault(_target: Any, _seconds: float) -> Iterator[None]:
        stack.broken = True
        yield
        stack.still = {"Prometheus"}

    monkeypatch.setattr(runner, "lingering", lambda *_: -at_once.patience)
    drill = Drill("a", "does", "DatabaseDown", {}, fault)
    [problem] = Run(drill, stack, at_once, None).run().problems  # type: ignore[arg-type]
    assert problem.startswith("the end of DatabaseDown was not notified")
