"""`botobs install`: the stack as a service that starts with the machine."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
from pathlib import Path

from .. import typed
from ..console import err, out, print_json
from ..console.arguments import add_home, add_stack_options, home_of, words_of
from ..errors import StackError
from ..home.home import Home, cache_folder
from ..home.private import refuse_foreign, write_secret
from ..processes import child
from ..service import unit, verify

_FILES = {
    ("systemd", True): "/etc/systemd/system/{}.service",
    ("systemd", False): "~/.config/systemd/user/{}.service",
    ("launchd", True): "/Library/LaunchDaemons/dev.{}.plist",
    ("launchd", False): "~/Library/LaunchAgents/dev.{}.plist",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs install` to the commands."""
    parser = subparsers.add_parser(
        "install",
        description="Write and check a systemd unit (launchd on macOS) that runs the stack, confined to what it needs. "
        "As root it becomes a service of the system with a user of its own, else one of yours. Nothing is started.",
    )
    parser.add_argument(
        "--name", type=typed.IDENTIFIER, default="botobs", help="of the service (default: botobs)"
    )
    parser.add_argument(
        "--user",
        type=typed.IDENTIFIER,
        default="botobs",
        help="who runs it, when root installs it (default: botobs)",
    )
    parser.add_argument("--kind", choices=["systemd", "launchd"], help="default: that of this system")
    parser.add_argument(
        "-o",
        "--output",
        type=typed.PATH,
        metavar="FILE",
        help="where to; - prints it (default: where the service manager looks)",
    )
    add_home(parser)
    add_stack_options(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Write the file, and say what is in the way and what comes next."""
    kind = options.kind or ("launchd" if sys.platform == "darwin" else "systemd")
    of_system = os.geteuid() == 0
    service = _service(options, of_system)
    content = unit.launchd(service) if kind == "launchd" else unit.systemd(service).encode()
    if options.output == Path("-"):
        sys.stdout.write(content.decode())
        return 0
    _refuse(content, kind, service)
    file = Path(options.output or _FILES[kind, of_system].format(options.name)).expanduser().resolve()
    refuse_foreign(file, rb"# Written by `botobs install`|.*--keep-going")
    file.parent.mkdir(parents=True, exist_ok=True)
    # Whole or not at all. It holds no secret, and its reader is another user.
    write_secret(file, content)
    file.chmod(0o644)
    wrong = list(verify.problems(service))
    steps = _next(kind, service, file)
    if options.json:
        print_json({"file": file, "home": service.home, "problems": wrong, "next": steps})
    else:
        out.print(f"written to {file}; it runs the stack in {service.home}", markup=False, soft_wrap=True)
        for sentence in wrong:
            err.print(f"first: {sentence}", markup=False, soft_wrap=True)
        for step in steps:
            out.print(f"  {step}", markup=False, soft_wrap=True)
    return 1 if wrong else 0


def _service(options: argparse.Namespace, of_system: bool) -> unit.Service:
    named = home_of(options) or Home.named()
    home = named or (Home(unit.STATE / options.name / "home") if of_system else Home.from_environ())
    # What `up` would refuse is not given away to the service's user either.
    home.refuse_patterns()
    if home.path.is_dir():
        home.refuse_foreign_content()
    return unit.Service(
        name=options.name,
        command=child.command("botobs"),
        home=home.path,
        arguments=words_of(options),
        user=options.user if of_system else "",
        cache=unit.CACHE if of_system else cache_folder().parent,
    )


def _refuse(content: bytes, kind: str, service: unit.Service) -> None:
    """Refuse to write what the service manager does not take."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"{service.name}.service" if kind == "systemd" else f"dev.{service.name}.plist"
        file = Path(folder) / name
        file.write_bytes(content)
        said = verify.by_manager(file, kind, of_user=not service.user)
    if said is not None:
        raise StackError(f"the service manager does not take it: {said}", "Nothing was written.")


def _next(kind: str, service: unit.Service, file: Path) -> list[str]:
    """The commands to type next, in order."""
    if kind == "launchd":
        domain = "system" if service.user else "gui/$(id -u)"
        owner = ["-o", service.user] if service.user else []
        # launchd starts nothing whose log it cannot open, and makes no folder for it.
        folders = map(str, (service.home, service.home / "logs"))
        return [
            shlex.join(["install", "-d", "-m", "0700", *owner, *folders]),
            f"launchctl bootstrap {domain} {shlex.quote(str(file))}",
        ]
    control = "systemctl" if service.user else "systemctl --user"
    lingering = (
        [] if service.user else ["loginctl enable-linger   # without it the stack ends when you log out"]
    )
    return [
        *(_build(service) if service.user else []),
        f"{control} daemon-reload",
        f"{control} enable --now {service.name}",
        *lingering,
    ]


def _build(service: unit.Service) -> list[str]:
    """The commands that build the programs as the service's user, before systemd has made its folders."""
    folders = [unit.CACHE / "botobs", *unit.state_folder(service)]
    command = shlex.join(["env", f"XDG_CACHE_HOME={unit.CACHE}", *service.command, "build"])
    return [
        f"install -d -m 0700 -o {service.user} {' '.join(map(str, folders))}",
        f"sudo -H -u {service.user} {command}",
    ]
