"""The links between runbooks lead from each cause to all that can follow from it, step by step."""

from __future__ import annotations

from itertools import pairwise

from botobs._ops.why.causes import CAUSES
from docs import follows


def _reached(start: str, leads: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for each in leads.get(waiting.pop(), []):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found


def test_what_is_left_out_is_reached_over_others() -> None:
    leads = follows.nearest()
    whole = {name: list(cause.explains) for name, cause in CAUSES.items()}
    assert {name: _reached(name, leads) for name in whole} == {name: _reached(name, whole) for name in whole}


def test_locks_pools_and_limits_are_linked_as_they_follow_each_other() -> None:
    chains = (
        ("DatabaseTransactionLong", "DatabaseLocked", "DatabaseQueriesSlow", "DatabasePoolExhausted"),
        ("DatabasePoolExhausted", "DatabasePoolTimeouts", "ServiceErrorsHigh"),
        ("ExchangeCallRateHigh", "ExchangeRateLimitNear", "ExchangeRateLimited", "ExchangeBanned"),
    )
    texts = {page.stem: text for page, text in follows.pages().items()}
    for chain in chains:
        for cause, symptom in pairwise(chain):
            [leads] = [line for line in texts[cause].splitlines() if line.startswith("Leads to: ")]
            [from_] = [line for line in texts[symptom].splitlines() if line.startswith("Follows from: ")]
            assert f"[{symptom}]({symptom}.md)" in leads
            assert f"[{cause}]({cause}.md)" in from_
