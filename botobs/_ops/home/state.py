"""`stack.json`: what runs and where, so that services and commands find it by themselves.

Every stack that is published has a file of its own in `stacks/`. The first of them is also in `stack.json` beside that
folder, where it stays as long as it runs: whoever names no stack means that one.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..._sdk.process import alive
from ..._sdk.settings import NoStack, Stack, stack_files, state_folder
from ..._sdk.settings import stack_file as reader
from ..errors import StackError
from .home import Home
from .locks import exclusive
from .private import make_folder, write_secret

_UP = "Start one with: botobs up"
_OWN_FILE = re.compile(r"[0-9a-f]{16}\.json")


@dataclass(frozen=True)
class Running:
    """A running stack.

    Attributes:
        home: Its folder.
        pid: Its supervisor.
        environment: Its deployment environment.
        parts: Address by component.
        started: When its supervisor started; distinguishes it from a later process with the same id.
        renamed_from: What its folder was called when it was started; None where it is called so still.
    """

    home: Home
    pid: int
    environment: str
    parts: Mapping[str, str]
    started: str = ""
    renamed_from: Path | None = None

    def url(self, component: str) -> str:
        """The address of a component.

        Raises:
            StackError: It does not run here.
        """
        if component not in self.parts:
            raise StackError(f"the stack in {self.home.path} does not run {component}")
        return self.parts[component]


def write(home: Home, environment: str, otlp: str, parts: Mapping[str, str], publish: bool) -> str:
    """Write the file, and with `publish` copies where services of this user look.

    Returns:
        How a service finds this stack, in a sentence.
    """
    content = json.dumps(
        {
            "version": 1,
            "pid": os.getpid(),
            "started": alive.identity(os.getpid()),
            "since": time.time(),
            "home": str(home.path),
            "environment": environment,
            "otlp": {
                "endpoint": otlp,
                "certificate": str(home.secrets / "ca.pem"),
                "token_file": str(home.secrets / "service.token"),
            },
            "parts": {name: {"url": url} for name, url in parts.items()},
        },
        indent=1,
    )
    write_secret(home.state, content)
    named = f"A service finds this stack where BOTOBS_HOME={home.path} is set"
    if not publish:
        return f"{named}."
    try:
        first = _publish(home, content)
    except (OSError, StackError) as error:
        return f"{named}: it cannot be published ({getattr(error, 'problem', error)})."
    if first == home.path:
        return 'In a service of this user, botobs.init("name") finds this stack by itself.'
    return f"{named}; where it is not, services of this user find the one in {first}, which was there before."


def remove(home: Home) -> None:
    """Remove the file, and its published copies; what services find by themselves is the next one that runs."""
    folder = state_folder(os.environ)
    # On a disk that cannot be written any more it stays, and names a process that has ended.
    with suppress(OSError):
        home.state.unlink(missing_ok=True)
    # A folder that could not be written to holds nothing of ours.
    with suppress(OSError, StackError):
        if not folder.is_dir():
            return
        with exclusive(folder / ".lock"):
            _own_file(folder, home).unlink(missing_ok=True)
            default = folder / "stack.json"
            if _home_in(default) != home.path:
                return
            remaining = reader.read_stack([folder / reader.EVERY])
            if remaining is None:
                default.unlink(missing_ok=True)
            else:
                write_secret(default, json.dumps(remaining.content, indent=1))


def clear(home: Home) -> None:
    """Remove the files of a stack that was killed: its process id may be another process's by now.

    Raises:
        StackError: Something else is in its place.
    """
    try:
        home.state.unlink(missing_ok=True)
    except OSError as error:
        raise StackError(f"{home.state} is in the way: {error.strerror}", "Move it elsewhere.") from None


def find(home: Home | None = None, environ: Mapping[str, str] = os.environ) -> Running | None:
    """The running stack of `home`; without one, that of `BOTOBS_HOME`; without both, the first of this user's."""
    try:
        return require(home, environ)
    except StackError:
        return None


def require(home: Home | None = None, environ: Mapping[str, str] = os.environ) -> Running:
    """Like `find`.

    Raises:
        StackError: Nothing runs there, or what is there cannot be believed.
    """
    named = home or Home.named(environ)
    if named is not None:
        return _of(named)
    stack = reader.read_stack(stack_files(environ))
    if stack is not None:
        return _running(stack, Home(stack.home))
    # One that is not published can still be in the usual place.
    usual = Home.from_environ(environ)
    if usual.state.exists():
        return _of(usual)
    raise StackError(reader.why_not(stack_files(environ)) or "no stack is running", _UP)


def everything(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """The homes of all stacks of this user that are published and run."""
    places = stack_files({**environ, "BOTOBS_HOME": ""})
    return sorted({stack.home for place in places for stack in reader.stacks(place)})


def _of(home: Home) -> Running:
    try:
        stack = reader.read(home.state)
    except NoStack as error:
        raise StackError(str(error), _UP if error.missing or error.ended else _way_out(home)) from None
    if stack.home != home.path and not _holds(stack.pid, home.lock):
        raise StackError(
            f"no stack is running in {home.path}: its stack.json names the one in {stack.home}", _UP
        )
    return _running(stack, home)


def _holds(pid: int, lock: Path) -> bool:
    """Whether a process has a home's lock open, whatever the home was called when it did so: a copy's it has not."""
    import psutil

    try:
        opened = psutil.Process(pid).open_files()
        return any(Path(file.path).samefile(lock) for file in opened if Path(file.path).name == lock.name)
    except (OSError, psutil.Error):
        return False


def _way_out(home: Home) -> str:
    """What to do about a file that cannot be believed."""
    # Where others may not enter, the first folder that they see says whose it is.
    for path in (home.state, *home.state.parents):
        with suppress(OSError):
            owner = path.stat().st_uid
            break
    with suppress(KeyError):
        if owner != os.geteuid():
            return f"Run the command as its owner: sudo -u {pwd.getpwuid(owner).pw_name}"
    if alive.locked(home.lock):
        return f"A stack runs there: use the botobs that has started it, or end its process, which holds {home.lock}."
    return f"No stack runs there: delete {home.state}."


def _running(stack: Stack, home: Home) -> Running:
    started = stack.started or alive.identity(stack.pid)
    if started is None:
        raise StackError(f"the stack in {home.path} has just ended", _UP)
    content = stack.content
    parts = {name: part["url"] for name, part in (content.get("parts") or {}).items()}
    renamed = None if stack.home == home.path else stack.home
    return Running(home, stack.pid, content.get("environment") or "development", parts, started, renamed)


def _publish(home: Home, content: str) -> Path:
    """Write the published copies; returns the home of the stack that services find by themselves."""
    folder = state_folder(os.environ)
    make_folder(folder / reader.EVERY)
    with exclusive(folder / ".lock"):
        for file in _left_over(folder):
            file.unlink(missing_ok=True)
        write_secret(_own_file(folder, home), content)
        first = reader.read_stack([folder / "stack.json"])
        if first is None or first.home == home.path:
            write_secret(folder / "stack.json", content)
            return home.path
        return first.home


def _left_over(folder: Path) -> Iterator[Path]:
    """Yield state files of stacks that were killed."""
    for file in (folder / reader.EVERY).iterdir():
        if _OWN_FILE.fullmatch(file.name):
            try:
                reader.read(file)
            except NoStack as error:
                if error.ended:
                    yield file


def _own_file(folder: Path, home: Home) -> Path:
    name = hashlib.sha256(os.fsencode(home.path)).hexdigest()[:16]
    return folder / reader.EVERY / f"{name}.json"


def _home_in(file: Path) -> Path | None:
    """The home that a state file names, whether its stack runs or not."""
    try:
        return reader.read_unchecked(file).home
    except NoStack:
        return None
