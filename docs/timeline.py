"""The page of the time from a fault that costs money to its message, from the last run of the lane `timeline`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botobs._ops.drills.profile import PRODUCTION
from botobs._ops.drills.timing import critical

from .tables import markdown_table

#: The entry of a part of the lane in `verified.json`.
Run = dict[str, Any]
_RUNS = Path(__file__).with_name("verified.json")
_PART, _DRILLS, _DEATHS = (f"tests/drills/test_timeline{name}.py" for name in ("", "_critical", "_deaths"))
_TITLES = ("alert", "firings", "export", "ingest", "evaluate", "send", "whole", "p95", "p99")
_DEATH_TITLES = ("alert", "firings", "whole", "p95", "p99")
_ALL_TITLES = (
    "alert",
    "looked at every",
    "looks back",
    "lasts",
    "waits",
    "latest",
    "seen from the fault to the mail",
)
_ALL = """
## All critical alerts

By the settings, in seconds, once Prometheus has the evidence: how often the rule is evaluated and how far back it
looks, for how long the fault has to last, how long the first message waits for others and for a cause, and what that
adds up to at the latest. What services measure is exported every 10 s, collector and database are asked every 5 and
10 s. Rates and absence need a window of their own beside it. The last column is of the drill in brackets, from the
fault to the mail in the demo: the slowest of as many.

Six take longer than half a minute on purpose. `BotHeartbeatLost` waits until its service would be known to be dead,
`DatabasePoolTimeouts` until its database would be; `CollectorSilent` and `PrometheusLosing` until what was restarted
has reported again. The two burn rates are about the budget of hours: a minute more keeps a young stack, whose windows
are short, from crying over its first failures.

"""
_INTRO = """\
# From a fault to its message

What costs money at once leaves the process that finds it out before the next export is due, is looked at by rules every
second, and its first message waits for others for a second. Another bot's alert of a group that was told of, and one
that comes again, waits for at most three. `make drills LANE=timeline` measures it at production's settings: processes
make the faults, and a real stack takes them to a webhook. Other critical alerts that a process finds out by itself are
measured too. Seconds, medians of each step:

- *export*: from the evidence in the process until it has collected its metrics,
- *ingest*: until Prometheus answers a query with them, through intake and collector,
- *evaluate*: until the alert is active (less than nothing where the rules saw them before the query did),
- *send*: until the message is there.

*whole* is the median from the evidence to the message, *p95* and *p99* the slowest of twenty and of a hundred, and of
fewer the slowest. Where no figure is given for *ingest*, it counts as evaluation.

"""
_DEATH = """
## Deaths

The stack sees the death of a process on its machine that sends orders or runs bots within half a second, and it is told
unless another one has come in its place 2 s later; the orders that it leaves behind are told beside it. Where there is
no stack, another process of botobs sees it within a second. What nothing near sees counts as silent 12 s after its
last sign of life, as far as the collector's canary has arrived since, and is told 12 s after that: meanwhile others
that fall silent too are noticed. Processes were killed, and each was told of once; beside them one ended in good order,
and nothing was told of it.

"""
#: Until the part of the lane has run: what its test measured before it was one.
_DEATHS_BY_HAND = """\
Of twenty deaths on 2026-11-30 that the stack saw, the message came after 3.8 s in the median and 4.2 at the latest; of
eight that only another process saw, after 4.6 and 7.1, when they looked every five seconds; of eight that nothing saw,
after 23.7 and 28.4.
"""


def pages() -> dict[Path, str]:
    """Content of the page, by its path; what was not measured is not on it."""
    runs = json.loads(_RUNS.read_text(encoding="utf-8"))
    lane = runs.get("timeline", {})
    page = _steps(lane.get(_PART)) + _deaths(lane.get(_DEATHS)) + _all(lane.get(_DRILLS))
    return {Path(__file__).with_name("timeline.md"): page}


def _steps(run: Run | None) -> str:
    note = "<!-- Written by `make docs` from docs/verified.json; do not edit. -->"
    return f"{note}\n\n{_INTRO}{_measured(run, _TITLES)}"


def _deaths(run: Run | None) -> str:
    return f"{_DEATH}{_measured(run, _DEATH_TITLES) if run else _DEATHS_BY_HAND}"


def _measured(run: Run | None, titles: tuple[str, ...]) -> str:
    if run is None:
        return "It has not been measured yet.\n"
    rows = [
        (_link(name), *(f"{json.loads(text).get(title, '')}" for title in titles[1:]))
        for name, text in run["figures"].items()
    ]
    return f"{markdown_table(titles, rows)}\n\nRun on {run['date']}, profile {run['profile']}.\n"


def _all(run: Run | None) -> str:
    seen: dict[str, list[str]] = {}
    for name, text in (run["figures"] if run else {}).items():
        alert, _, drill = name.partition(" ")
        found = json.loads(text)
        seen.setdefault(alert, []).append(f"{found['p95']:.1f} of {found['firings']} {drill}")
    steps = {each.alert: each for each in critical(PRODUCTION)}
    rows = [
        (
            _link(alert),
            *(f"{each:g}" for each in (of.every, of.offset, of.lasts, of.waits, of.latest)),
            ", ".join(seen.get(alert, [])),
        )
        for alert, of in sorted(steps.items())
    ]
    return f"{_ALL}{markdown_table(_ALL_TITLES, rows)}\n"


def _link(name: str) -> str:
    """An alert, with what distinguishes its figure behind it."""
    alert, _, which = name.partition(" ")
    return f"[{alert}](runbooks/{alert}.md) {which}".strip()
