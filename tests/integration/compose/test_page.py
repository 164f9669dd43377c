"""docs/how-to/docker-compose.md word by word: started, asked, backed up, deleted, put back, and a second beside it."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from botobs._ops.home.home import Home
from tests.integration.compose.conftest import prepared
from tests.support import configs
from tests.support.containers.engine import Engine
from tests.support.containers.project import PUBLISHED, Project
from tests.support.howto import Reader
from tests.support.platforms import Record, complete, flows, services

_PAGE = configs.ROOT / "docs" / "how-to" / "docker-compose.md"
_COMPOSE = (configs.ROOT / "docker-compose.yml").read_text(encoding="utf-8")
#: What is published where nothing else is set.
_DEFAULTS = dict(re.findall(r"\$\{(BOTOBS_\w+_PORT):-(\d+)\}", _COMPOSE))


def test_the_page(engine: Engine, record_property: Record) -> None:
    """What was acknowledged before the backup is there after everything was deleted."""
    engine.make_root("rshared")
    with prepared(engine, 0) as first, prepared(engine, 0) as second:
        first.home = Home(first.folder / ".botobs" / "compose")
        # The page has both in one folder.
        second.folder, second.home = first.folder, Home(first.folder / ".botobs" / "second")
        reader = _reader(first, second)
        first.started = True
        reader.follow(_PAGE, until="A service on the host")
        # Which takes no longer than the next commands to type.
        first.scraped()
        reader.follow(_PAGE, since="A service on the host", until="Back it up")
        with services(first) as sender:
            flows(sender)
        second.started = True
        reader.follow(_PAGE, since="Back it up")
        first.scraped()
        complete(first, sender, "deleted and restored", record_property)
        second.scraped()


def _reader(first: Project, second: Project) -> Reader:
    """Root in an empty folder, on a machine whose usual ports somebody else may have."""
    instead = {}
    for service, variable in PUBLISHED.items():
        default, port = _DEFAULTS[variable], str(first.ports[service])
        first.botobs("config", "set", variable, port, "--home", str(first.home.path))
        instead[f"127.0.0.1:{default}"] = f"127.0.0.1:{port}"
        word = variable.removeprefix("BOTOBS_").removesuffix("_PORT")
        instead[f"{word}:1{default}"] = f"{word}:{second.ports[service]}"
    environ = {
        **first.engine.environ,
        **first.variables,
        "HOME": str(first.folder),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), first.engine.environ["PATH"])),
        "COMPOSE_FILE": first.environ["COMPOSE_FILE"],
    }
    return Reader(first.folder, environ, instead)
