"""`botobs status`: what runs, where, and how it is."""

from __future__ import annotations

import argparse

import httpx

from ..access import clients
from ..components.table import BY_NAME
from ..console import err, out, print_json, styled
from ..console.arguments import add_home, home_of
from ..home import state
from ..settings import receivers


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "status", description="Show what runs, and where. Exit code 1 when something is wrong."
    )
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Ask every component and print a line each."""
    running = state.require(home_of(options))
    states = {name: _ask(running, name, url) for name, url in running.parts.items()}
    receiver = receivers.of_home(running.home)
    if options.json:
        parts = {name: {"url": url, "state": states[name]} for name, url in running.parts.items()}
        print_json(
            {
                "home": running.home.path,
                "pid": running.pid,
                "environment": running.environment,
                "parts": parts,
                "alerts": receiver and {"receiver": receiver.name, "channels": list(receiver.channels)},
            }
        )
    else:
        for name, url in running.parts.items():
            colour = "green" if states[name] in {"ready", "running"} else "red"
            out.print(styled(f"{name:18} ", (f"{states[name]:12}", colour), f" {url}"))
        if receiver is not None:
            out.print(f"\n{receiver.sentence}", markup=False, soft_wrap=True)
            for warning in receiver.warnings:
                err.print(f"warning: {warning}", markup=False, soft_wrap=True)
        out.print(
            f"\nhome {running.home.path}, supervisor pid {running.pid}, environment {running.environment}"
        )
    return 0 if all(each in {"ready", "running"} for each in states.values()) else 1


def _ask(running: state.Running, name: str, url: str) -> str:
    if not url.startswith("http"):
        return "running" if _listens(url) else "unreachable"
    health = _path(name)
    with clients.client(running.home.secrets, url) as http:
        try:
            response = http.get(health or "/", timeout=3)
        except httpx.HTTPError:
            return "unreachable"
    if health:
        return "ready" if response.status_code == 200 else f"not ready ({response.status_code})"
    return "running"


def _path(name: str) -> str:
    """The path by which a component's state is seen; empty where an operator is not shown it."""
    # One of several is called after its component.
    component = BY_NAME.get(name) or BY_NAME.get(name.split("-")[0])
    if component is None or component.health is None or component.health[0] != component.address:
        return ""
    return component.status or component.health[1]


def _listens(url: str) -> bool:
    import socket
    from urllib.parse import urlsplit

    address = urlsplit(url)
    try:
        socket.create_connection((address.hostname or "", address.port or 0), timeout=3).close()
    except OSError:
        return False
    return True
