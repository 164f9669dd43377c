"""`botobs drill`: break something on purpose, and see who is notified."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .. import typed
from ..console import err, out, print_json, print_table, styled
from ..console.arguments import add_home, home_of
from ..console.building import BuildDisplay
from ..errors import StackError, mendable
from ..home import state
from ..home.home import published_state
from ..home.locks import holding
from ..programs.binaries import Binaries

if TYPE_CHECKING:
    from ..drills.drill import Drill
    from ..drills.inbox import Inbox
    from ..drills.profile import Profile
    from ..drills.runner import Result


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs drill` to the commands."""
    parser = subparsers.add_parser(
        "drill",
        description="Break something on purpose and see that the right people are notified once, and when it is "
        "over. Without a running stack the demo is started, with a mail server and a Slack of its own. Without a "
        "name the drills are listed. Exit code 0 when every alert arrived as it should.",
    )
    parser.add_argument("names", nargs="*", type=typed.LINE, metavar="NAME", help="drills to run, or all")
    add_home(parser)
    parser.add_argument(
        "--profile",
        choices=["test", "production"],
        default="test",
        help="pace of the demo that is started: seconds, or production's own settings (default: test)",
    )
    parser.add_argument("--demo", action="store_true", help="start the demo even if a stack is running")
    parser.add_argument(
        "--cluster", action="store_true", help="start the demo as a cluster, even if a stack is running"
    )
    parser.add_argument("--evidence", metavar="DIR", type=typed.PATH, help="folder for messages and reports")
    parser.add_argument(
        "--allow-production", action="store_true", help="break a stack whose environment is production, too"
    )
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """List the drills, or run some."""
    try:
        from ..drills import catalogue, report
        from ..drills.profile import PRODUCTION, PROFILES
    except ModuleNotFoundError as error:
        raise StackError(
            f"botobs drill needs the Python package {error.name!r}, which is not installed",
            "Install it with: pip install 'botobs[demo,drills,stack]'",
        ) from None
    if not options.names:
        if options.json:
            print_json([report.describe_drill(drill) for drill in catalogue.DRILLS])
        else:
            print_table(report.listing())
        return 0
    drills = _chosen(options.names)
    running = None if options.demo or options.cluster else state.find(home_of(options))
    # A stack that runs already has its own settings; those of production are the nearest guess.
    profile = PRODUCTION if running else PROFILES[options.profile]
    folder = options.evidence or published_state().parent / "drills" / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}"
    results = []
    with _stage(running, options) as (stack, inbox):
        for drill in drills:
            missing = ", ".join(sorted(drill.needs - stack.parts.keys()))
            if missing and options.names == ["all"]:
                err.print(f"{drill.name}: left out, this stack does not run {missing}")
                continue
            results.append(_one(drill, stack, inbox, profile))
            report.write_evidence(folder, results[-1], profile)
    _show(results, folder, options, profile)
    return 0 if results and all(result.passed for result in results) else 1


def _chosen(names: list[str]) -> list[Drill]:
    from ..drills.catalogue import BY_NAME, DRILLS

    if names == ["all"]:
        return list(DRILLS)
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise StackError(
            f"there is no drill {', '.join(unknown)}", f"There are {', '.join(BY_NAME)}, and all."
        )
    return [BY_NAME[name] for name in names]


@contextmanager
def _stage(
    running: state.Running | None, options: argparse.Namespace
) -> Iterator[tuple[state.Running, Inbox | None]]:
    if running is not None:
        if running.environment.lower().startswith("prod") and not options.allow_production:
            raise StackError(
                f"the stack in {running.home.path} is {running.environment}, which a drill would break",
                "If that is what you want, say --allow-production.",
            )
        refusal = StackError(
            f"another drill breaks the stack in {running.home.path}", "Wait until it is over."
        )
        with holding(running.home.path / "drill.lock", refusal):
            err.print(
                f"breaking the stack in {running.home.path}; people are notified as it is configured there"
            )
            yield running, None
        return
    from ..drills.demo_packages import require_demo_packages
    from ..drills.demo_stack import DemoStack, programs
    from ..drills.profile import PROFILES

    require_demo_packages()
    # The demo alone would begin on its embedded store, which has no alerts.
    with BuildDisplay() as display:
        Binaries().require(programs(options.cluster), display)
    layout = " as a cluster" if options.cluster else ""
    err.print(f"starting the demo{layout}, at the pace of {options.profile}")
    with DemoStack(PROFILES[options.profile], cluster=options.cluster) as demo:
        yield demo.running, demo.inbox
        err.print("stopping the demo")


def _one(drill: Drill, stack: state.Running, inbox: Inbox | None, profile: Profile) -> Result:
    from ..drills.runner import Result, Run
    from ..drills.target import Target

    err.print(styled((drill.name, "bold"), f": {drill.does}; then {drill.alert} has to arrive"))
    try:
        with Target(stack) as target:
            result = Run(drill, target, profile, inbox).run()
    except Exception as error:
        # The drills after it can still show something.
        if (mend := mendable(error)) is None:
            raise
        result = Result(drill, fault_in=time.time(), problems=[str(mend)])
    for problem in result.problems:
        err.print(styled((f"  {problem}", "red")))
    return result


def _show(results: list[Result], folder: Path, options: argparse.Namespace, profile: Profile) -> None:
    from ..drills import report

    figures = report.figures(results)
    if options.json:
        described = [report.describe(result, profile) for result in results]
        print_json({"profile": profile.name, "drills": described, "figures": figures, "evidence": folder})
        return
    print_table(report.table(results))
    measured, computed = figures["measured_mailbox_seconds"], figures["production_mailbox_seconds"]
    out.print(
        f"\n{figures['passed']} of {figures['drills']} drills passed; times are seconds after the fault."
    )
    if measured:
        out.print(f"Fault to mailbox, measured at the pace of {profile.name}: {_spread(measured)}.")
    if computed["typical"]:
        typical, latest = _spread(computed["typical"]), _spread(computed["latest"])
        out.print(f"Computed from production's settings: {typical}; at the latest {latest}.")
    for result in results:
        for channel, number in sorted(result.notifications.items()):
            if not result.messages and number:
                out.print(f"{result.drill.name}: Alertmanager sent {number:g} by {channel}")
    out.print(f"Messages and reports are in {folder}.")


def _spread(figure: dict[str, float]) -> str:
    return f"p50 {figure['p50']} s, p95 {figure['p95']} s"
