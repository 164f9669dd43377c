"""`make smoke`: start everything on free ports, trade for a while, look into the backends, stop."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from .._ops.console import Terminal, styled
from .._ops.console.arguments import add_profile
from .._ops.console.building import BuildDisplay
from .._ops.errors import StackError
from .._ops.home.home import Home
from .._ops.stack.options import Options
from .._ops.stack.stack import Stack
from . import checks, services
from .observe import Backends

console = Terminal(soft_wrap=True)

#: Rules and exports at their production pace would make the run minutes long.
_PACE = {
    "BOTOBS_SCRAPE_INTERVAL": "2s",
    "BOTOBS_SCRAPE_TIMEOUT": "2s",
    "BOTOBS_COLLECTOR_METRICS_INTERVAL_MS": "2000",
    "BOTOBS_POSTGRES_SCRAPE_INTERVAL": "5s",
    "BOTOBS_EVALUATION_INTERVAL": "2s",
    "BOTOBS_RULE_QUERY_OFFSET": "0s",
}


def main() -> int:
    """Run the smoke test; exit code 0 when every check holds."""
    parser = argparse.ArgumentParser(prog="make smoke", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="how long the bots trade (default: 20)")
    parser.add_argument("--within", type=float, default=60, help="seconds for the checks (default: 60)")
    add_profile(parser)
    parser.add_argument("--keep", action="store_true", help="keep the folder of the run")
    parser.add_argument("--json", action="store_true", help="print the results for machines")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="botobs-smoke-"))
    # Where we are root, PostgreSQL runs as another user, who must be able to pass through.
    folder.chmod(0o711)
    try:
        return asyncio.run(_run(Home(folder / "home"), options))
    except StackError as error:
        console.print(f"smoke: {error}", markup=False)
        return 1
    finally:
        if options.keep:
            console.print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


async def _run(home: Home, options: argparse.Namespace) -> int:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    began = time.monotonic()
    with BuildDisplay() as display:
        chosen = Options(
            postgres=True,
            cluster=options.profile == "cluster",
            ports_auto=True,
            publish=False,
            variables=_PACE,
        )
        stack = Stack(home, chosen, display)
        stack.add(services.make(services.Load(), ports_auto=True))
        await stack.__aenter__()
    try:
        _say(
            options,
            f"everything runs after {time.monotonic() - began:.1f} s, trading for {options.seconds:g} s",
        )
        await asyncio.sleep(options.seconds)
        # The bots stop first, then the engine: what is counted afterwards is final.
        await stack.supervisor.hold("bot-manager")
        await stack.supervisor.hold("trading-engine")
        backends = Backends(stack)
        results = await checks.run(backends, options.within)
        await backends.close()
    finally:
        await stack.__aexit__(None, None, None)
    return _report(results, options)


def _report(results: list[checks.Result], options: argparse.Namespace) -> int:
    failed = [result for result in results if not result.seen]
    if options.json:
        print(json.dumps([asdict(result) for result in results], indent=1))
    else:
        for result in results:
            mark = ("ok  ", "green") if result.seen else ("FAIL", "red")
            console.print(styled(mark, f" {result.name}: {result.detail}"))
        console.print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def _say(options: argparse.Namespace, text: str) -> None:
    if not options.json:
        console.print(text)


if __name__ == "__main__":
    sys.exit(main())
