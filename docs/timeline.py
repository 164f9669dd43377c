"""The page of the time from a fault that costs money to its message, from the last run of the lane `timeline`."""

from __future__ import annotations

import json
from pathlib import Path

from botobs._ops.drills.profile import PRODUCTION
from botobs._ops.drills.timing import critical

from .tables import markdown_table

_RUNS = Path(__file__).with_name("verified.json")
_PART = "tests/drills/test_timeline.py"
_CRITICAL_PART = "tests/drills/test_timeline_critical.py"
_TITLES = ("alert", "firings", "export", "ingest", "evaluate", "send", "whole", "p95", "p99")
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
10 s. Rates and absence need a window of their own beside it. The last column is from one run of the drill.

Six take longer than half a minute on purpose. `BotHeartbeatLost` waits until its service would be known to be dead,
`DatabasePoolTimeouts` until its database would be; `CollectorSilent` and `PrometheusLosing` until what was restarted
has reported again. The two burn rates are about the budget of hours: a minute more keeps a young stack, whose windows
are short, from crying over its first failures.

"""
_INTRO = """\
# From a fault to its message

What costs money at once leaves the process that finds it out before the next export is due, is looked at by rules every
second, and its first message waits for others for a second. `make drills LANE=timeline` measures it at production's
settings: processes make the faults side by side, a real stack takes them to a webhook. Seconds, medians of each step:

- *export*: from the evidence in the process until it has collected its metrics,
- *ingest*: until Prometheus answers a query with them, through intake and collector,
- *evaluate*: until the alert is active (less than nothing where the rules saw them before the query did),
- *send*: until the message is there.

*whole* is the median from the evidence to the message, *p95* and *p99* the slowest of twenty and of a hundred, and of
fewer the slowest. A death has no steps. The stack sees that of a process on its machine that sends orders or runs bots,
within half a second, and it is told unless another one has come in its place 2 s later. What nothing near sees counts
as silent 12 s after its last sign of life, as far as the collector's canary has arrived since, and is told 12 s after
that: meanwhile others that fell silent with it are noticed.

Of twenty deaths on 2026-11-30 that the stack saw, the message came after 3.8 s in the median and 4.2 at the latest,
each once; of eight that only another process saw, after 4.6 and 7.1; of eight that nothing saw, after 23.7 and 28.4. Of
a process that ended in good order beside them nothing was told.

"""


def pages() -> dict[Path, str]:
    """Content of the page, by its path; what was not measured is not on it."""
    runs = json.loads(_RUNS.read_text(encoding="utf-8"))
    lane = runs.get("timeline", {})
    page = _page(lane.get(_PART)) + _ALL + _all(lane.get(_CRITICAL_PART, {}).get("figures", {}))
    return {Path(__file__).with_name("timeline.md"): page}


def _all(figures: dict[str, str]) -> str:
    rows = []
    for steps in sorted(
        {each.alert: each for each in critical(PRODUCTION)}.values(), key=lambda each: each.alert
    ):
        seen = ", ".join(
            f"{json.loads(text)['whole']:g} ({title.partition(' (')[2]}"
            for title, text in figures.items()
            if title.partition(" (")[0] == steps.alert
        )
        times = (steps.every, steps.offset, steps.lasts, steps.waits, steps.latest)
        rows.append((f"[{steps.alert}](runbooks/{steps.alert}.md)", *(f"{each:g}" for each in times), seen))
    return markdown_table(_ALL_TITLES, rows) + "\n"


def _page(run: dict[str, object] | None) -> str:
    note = "<!-- Written by `make docs` from docs/verified.json; do not edit. -->"
    if run is None:
        return f"{note}\n\n{_INTRO}It has not been measured yet.\n"
    figures = run["figures"]
    assert isinstance(figures, dict)
    rows = []
    for alert, text in figures.items():
        found = json.loads(text)
        rows.append(
            (
                f"[{alert}](runbooks/{alert.partition(' ')[0]}.md)",
                *(f"{found.get(title, '')}" for title in _TITLES[1:]),
            )
        )
    return f"{note}\n\n{_INTRO}{markdown_table(_TITLES, rows)}\n\nRun on {run['date']}, profile {run['profile']}.\n"
