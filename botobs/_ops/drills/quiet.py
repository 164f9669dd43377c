"""`python -m botobs._ops.drills.quiet`: the demo with production's unmodified rules and no fault: nothing may fire."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass

from ..errors import StackError
from ..shown import name, visible
from .demo_stack import DemoStack
from .profile import PRODUCTION
from .target import Alert, Target

#: Seconds between two looks; rules are evaluated every fifteen.
_LOOK = 5.0
#: Fires always.
_EXPECTED = "Watchdog"


@dataclass
class Sighting:
    """An alert that was seen.

    Attributes:
        labels: Its labels.
        state: The most that it reached, `pending` or `firing`.
        first: Seconds after the start when it was seen first.
        value: Value of its expression then.
    """

    labels: dict[str, str]
    state: str
    first: float
    value: str


def main() -> int:
    """Run; exit code 0 when nothing fired."""
    parser = argparse.ArgumentParser(prog="python -m botobs._ops.drills.quiet", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long (default: 30)")
    parser.add_argument(
        "--rate", type=float, default=2, help="turns per second of all bots (default: 2, quiet)"
    )
    parser.add_argument("--bots", type=int, default=20, help="how many bots trade (default: 20)")
    parser.add_argument("--json", action="store_true", help="print the result for machines")
    options = parser.parse_args()
    try:
        with DemoStack(PRODUCTION, options.rate, options.bots) as demo, Target(demo.running) as target:
            seen = watch(target, options.minutes * 60)
            mails = [message.subject for message in demo.inbox.since()]
    except StackError as error:
        print(visible(str(error)), file=sys.stderr)
        return 1
    fired = [sighting for sighting in seen if sighting.state == "firing"]
    if options.json:
        print(json.dumps({"seen": [asdict(each) for each in seen], "messages": mails}, indent=2))
    else:
        for sighting in seen:
            title = name(_title(sighting.labels))
            print(f"{sighting.state:8} after {sighting.first:6.0f} s, value {sighting.value}: {title}")
        print(f"{len(fired)} alerts fired in {options.minutes:g} minutes, {len(mails)} messages were sent")
    return 1 if fired or mails else 0


def watch(target: Target, seconds: float, pause: float = _LOOK) -> list[Sighting]:
    """Every alert but the Watchdog that is seen within `seconds`, looking every `pause` seconds."""
    seen: dict[frozenset[tuple[str, str]], Sighting] = {}
    began = time.monotonic()
    while (now := time.monotonic() - began) < seconds:
        for alert in target.in_prometheus() or ():
            if alert.name != _EXPECTED:
                _note(seen, alert, now)
        time.sleep(pause)
    return list(seen.values())


def _note(seen: dict[frozenset[tuple[str, str]], Sighting], alert: Alert, now: float) -> None:
    labels = dict(alert.labels)
    sighting = seen.setdefault(frozenset(labels.items()), Sighting(labels, alert.state, now, alert.value))
    if alert.state == "firing":
        sighting.state = "firing"


def _title(labels: dict[str, str]) -> str:
    shown = (
        "service_name",
        "exchange_name",
        "botobs_bot_id",
        "severity",
        "exporter",
        "reason",
        "exchange_channel",
    )
    return " ".join([labels["alertname"], *(labels[name] for name in shown if name in labels)])


if __name__ == "__main__":
    sys.exit(main())
