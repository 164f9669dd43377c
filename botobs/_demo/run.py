"""`botobs demo`: starts the stack, a database and the demo's services, and shows a live view of them."""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from .._ops import typed, web_console
from .._ops.console import Terminal
from .._ops.console.arguments import add_profile, home_of
from .._ops.console.building import BuildDisplay
from .._ops.drills.demo_packages import require_demo_packages
from .._ops.home.home import Home
from .._ops.processes.process import State, Status
from .._ops.processes.waiting import either, stop_on_signals
from .._ops.stack.options import Options
from .._ops.stack.stack import Stack
from . import live, services, summary
from .gathering import Gathering
from .observe import Backends

console = Terminal(soft_wrap=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `botobs demo`."""
    parser.add_argument(
        "--home",
        type=typed.FOLDER,
        metavar="DIR",
        help="folder of the demo's stack (default: $BOTOBS_HOME, else botobs-demo in the user's data folder)",
    )
    parser.add_argument(
        "--ports", choices=["fixed", "auto"], default="fixed", help="auto picks free ports (default: fixed)"
    )
    add_profile(parser)
    parser.add_argument(
        "--bots",
        type=typed.whole(1, 1000),
        default=services.Load.bots,
        help="how many bots trade (default: %(default)s)",
    )
    parser.add_argument(
        "--rate",
        type=typed.number(0.01, 1000),
        default=services.Load.rate,
        help="turns per second of all bots together (default: %(default)g)",
    )
    parser.add_argument(
        "--seconds", type=typed.PATIENCE, help="stop after so many seconds (default: at Ctrl-C)"
    )


def run(options: argparse.Namespace) -> int:
    """Run the demo until Ctrl-C, SIGTERM or the end of `--seconds`; returns the exit code.

    Raises:
        StackError: Python packages are missing, or the stack or a service of the demo cannot be started.
    """
    require_demo_packages()
    return asyncio.run(_run(options))


async def _run(options: argparse.Namespace) -> int:
    stop = stop_on_signals()
    home = home_of(options) or Home.of_the_demo()
    auto = options.ports == "auto"
    cluster = options.profile == "cluster"
    gathering = Gathering()
    with BuildDisplay() as display:
        chosen = Options(postgres=True, cluster=cluster, ports_auto=auto, embedded_first=True)
        stack = Stack(home, chosen, display if cluster else gathering, _say)
        stack.add(lambda stack: [web_console.process(stack.home, auto)])
        stack.add(services.make(services.Load(options.bots, options.rate), auto))
        begin = asyncio.create_task(stack.__aenter__())
        await either(begin, stop)
        if not begin.done():
            begin.cancel()
            await asyncio.gather(begin, return_exceptions=True)
            return 130
    begin.result()
    console.print(stack.notice, markup=False)
    key = web_console.key_of(home, web_console.Role.OPERATOR)
    console.print(f"Open the console: {stack.addresses['console']}{key}/", markup=False)
    backends = Backends(stack)
    try:
        if options.seconds:
            asyncio.get_running_loop().call_later(options.seconds, stop.set)
        await live.show(stack, backends, gathering, console, stop)
        await summary.show(stack, backends, console)
    finally:
        # A terminal that has gone keeps nothing from being stopped.
        with contextlib.suppress(OSError):
            console.print("stopping everything")
        await backends.close()
        await stack.__aexit__(None, None, None)
    return 0


def _say(name: str, status: Status) -> None:
    # The live view shows the rest.
    if status.state in {State.READY, State.RESTARTING, State.FAILED}:
        console.print(f"{name:18} {status.state}")
