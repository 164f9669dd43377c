"""`botobs up`: run the stack until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import time

from ..._sdk.process import alive
from ..console import err, out, print_json
from ..console.arguments import add_home, add_stack_options, home_of, stack_options, words_of
from ..console.building import BuildDisplay
from ..home.private import open_private
from ..processes import child, systemd
from ..processes.supervisor import State, Status
from ..processes.waiting import either, stop_on_signals
from ..stack import Home, Stack, StackError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "up", description="Run the stack until Ctrl-C or botobs down. What is missing is built first."
    )
    add_home(parser)
    add_stack_options(parser)
    parser.add_argument("-d", "--detach", action="store_true", help="return once everything runs")
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Run the stack here, or start it in the background."""
    if options.detach:
        return _detach(options)
    return asyncio.run(_run(options))


async def _run(options: argparse.Namespace) -> int:
    home = home_of(options) or Home.from_environ()
    stop = stop_on_signals()
    with BuildDisplay() as display:
        stack = Stack(home, stack_options(options), display, _say)
        begin = asyncio.create_task(stack.__aenter__())
        await either(begin, stop)
        if not begin.done():
            begin.cancel()
            await asyncio.gather(begin, return_exceptions=True)
            return 130
    begin.result()
    alive_to_manager = asyncio.create_task(systemd.keep_alive())
    try:
        systemd.notify("READY=1")
        _show(stack, options)
        fallen = asyncio.create_task(stack.supervisor.wait())
        await either(fallen, stop)
        if fallen.done():
            fallen.result()
    finally:
        systemd.notify("STOPPING=1")
        alive_to_manager.cancel()
        err.print("stopping")
        await stack.__aexit__(None, None, None)
    return 0


def _say(name: str, status: Status) -> None:
    if status.state in {State.READY, State.RESTARTING, State.FAILED}:
        err.print(f"{name:18} {status.state}")


def _show(stack: Stack, options: argparse.Namespace) -> None:
    if options.json:
        print_json(
            {"home": stack.home.path, "parts": stack.addresses, "warnings": stack.warnings, **_alerts(stack)}
        )
        sys.stdout.flush()
        return
    out.print()
    for name, url in stack.addresses.items():
        out.print(f"{name:18} {url}")
    if stack.receivers is not None:
        out.print(f"\n{stack.receivers.sentence}", markup=False, soft_wrap=True)
    for warning in stack.warnings:
        err.print(f"warning: {warning}", markup=False, soft_wrap=True)
    out.print(f"\nPasswords and certificates are in {stack.home.secrets}, logs in {stack.home.logs}.")
    out.print(f"{stack.notice} Stop with Ctrl-C.", markup=False)


def _alerts(stack: Stack) -> dict[str, object]:
    """Who receives alerts, for machines."""
    found = stack.receivers
    return {"alerts": {"receiver": found.name, "channels": list(found.channels)}} if found else {}


def _detach(options: argparse.Namespace) -> int:
    """Start `botobs up` as a process of its own and wait until it says that it runs."""
    home = home_of(options) or Home.from_environ()
    if alive.locked(home.lock):
        raise StackError(f"a stack is already running in {home.path}", "See it with botobs status.")
    home.create()
    command = [*child.command("botobs"), "up", "--home", str(home.path), *words_of(options)]
    log = home.logs / "up.log"
    with open_private(log, os.O_TRUNC) as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            env=child.environ(),
        )
    shown = 0
    with contextlib.suppress(KeyboardInterrupt):
        while process.poll() is None:
            text = log.read_text(encoding="utf-8", errors="replace")
            err.print(text[shown:], end="", markup=False)
            shown = len(text)
            if "Stop with Ctrl-C" in text:
                out.print("Stop it with: botobs down")
                return 0
            time.sleep(0.2)
        err.print(log.read_text(encoding="utf-8", errors="replace")[shown:], end="", markup=False)
        return process.returncode or 1
    process.terminate()
    process.wait()
    return 130
