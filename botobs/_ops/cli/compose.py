"""`botobs compose`: prepare secrets and configuration for docker compose."""

from __future__ import annotations

import argparse
import shlex
import shutil
from pathlib import Path

from .. import typed
from ..access import containers
from ..console import out, print_json
from ..console.arguments import home_of
from ..home import assets
from ..home.home import Home
from ..stack.compose import prepare


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs compose` to the commands."""
    parser = subparsers.add_parser(
        "compose", description="Write secrets and rendered configuration, then: docker compose up."
    )
    parser.add_argument(
        "--home",
        type=typed.FOLDER,
        metavar="DIR",
        help="where to (default: $BOTOBS_HOME, else .botobs/compose)",
    )
    parser.add_argument("--json", action="store_true", help="print the result for machines")
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Prepare the folder that docker-compose.yml mounts."""
    home = home_of(options) or Home.named() or Home(Path(".botobs/compose").resolve())
    environment = prepare(home)
    compose, ours = Path("docker-compose.yml"), assets.root() / "docker-compose.yml"
    if not compose.exists():
        # Called from an installed wheel: the file comes along.
        shutil.copyfile(ours, compose)
    same = compose.read_bytes() == ours.read_bytes()
    if options.json:
        print_json(
            {"home": home.path, "env_file": environment, "compose": compose.resolve(), "as_shipped": same}
        )
    else:
        if not same:
            out.print(
                f"docker-compose.yml here is not that of this version, {ours}: of another one, or changed. "
                "Changes belong into docker-compose.override.yml; take it over, and it is of this version.",
                markup=False,
            )
        out.print(f"secrets and configuration are in {home.path}")
        if closed := containers.closed_by_labels(home):
            label = ["chcon", "-R", "-t", containers.LABEL, *map(str, closed)]
            out.print(
                f"SELinux is enforced here, and keeps these files from containers until: {shlex.join(label)}",
                markup=False, soft_wrap=True,
            )  # fmt: skip
        command = ["docker", "compose", "--env-file", str(environment), "up", "--detach"]
        out.print(f"start with: {shlex.join(command)}", markup=False, soft_wrap=True)
    return 0
