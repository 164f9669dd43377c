"""`botobs deadman`: the switch outside the stack that mails when alerting itself falls silent."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from .. import typed
from ..console import err, out
from ..drills.deadman import Deadman, Mailer
from ..errors import StackError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs deadman` to the commands."""
    parser = subparsers.add_parser(
        "deadman",
        description="Listen for the Watchdog of a stack on another machine, and mail when it falls silent. It speaks "
        "plain HTTP: put it into a private network, or behind a proxy that speaks TLS.",
    )
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        type=typed.ADDRESS,
        default="127.0.0.1:9099",
        help="address (default: 127.0.0.1:9099)",
    )
    parser.add_argument(
        "--path-file", metavar="FILE", type=typed.PATH, required=True,
        help="file with the path that Alertmanager posts to; requests to other paths get 404",
    )  # fmt: skip
    parser.add_argument(
        "--name", type=typed.LINE, default="botobs", help="which stack it is, for the mail (default: botobs)"
    )
    parser.add_argument(
        "--silence",
        metavar="SECONDS",
        type=typed.PATIENCE,
        default=180,
        help="how long is too long (default: 180)",
    )
    parser.add_argument("--to", required=True, type=typed.LINE, help="the address that mails are sent to")
    parser.add_argument(
        "--from", dest="sender", type=typed.LINE, default="botobs@localhost", help="who writes"
    )
    parser.add_argument(
        "--smtp",
        metavar="HOST:PORT",
        type=typed.ADDRESS,
        default="127.0.0.1:25",
        help="mail server (default: 127.0.0.1:25)",
    )
    parser.add_argument("--username", type=typed.LINE, help="log in with this name")
    parser.add_argument(
        "--password-file", metavar="FILE", type=typed.PATH, help="and the password in this file"
    )
    parser.add_argument("--no-starttls", action="store_true", help="send in the clear")
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Listen until Ctrl-C or SIGTERM."""
    login = None
    if options.username:
        if options.password_file is None:
            raise StackError("--username without --password-file: there is no password to log in with")
        login = (options.username, _read(options.password_file))
    host, port = options.smtp
    mailer = Mailer(host, port, options.sender, options.to, not options.no_starttls, login)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        deadman = Deadman(
            mailer,
            options.name,
            options.silence,
            options.listen,
            _read(options.path_file),
        )
    except OSError as error:
        raise StackError(f"--listen {_shown(options.listen)}: {error}") from None
    with deadman:
        out.print(
            f"listening on {_shown(options.listen)}; after {options.silence:g} s of silence {options.to} gets a mail"
        )
        stop.wait()
    err.print("stopped")
    return 0


def _shown(address: tuple[str, int]) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise StackError(f"{path} cannot be read: {error.strerror}") from None
    if not text:
        raise StackError(f"{path} is empty")
    return text
