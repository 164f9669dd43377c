"""Where `botobs traces` and `botobs orders` look: at a stack that runs, else into the embedded store."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing, contextmanager

from ..console import err
from ..console.arguments import home_of
from ..embedded.store import Store, path_in
from ..errors import StackError
from ..home import state
from ..home.home import Home


def add_dev(parser: argparse.ArgumentParser) -> None:
    """Add the option `--dev`."""
    parser.add_argument(
        "--dev",
        action="store_true",
        help="look into the store of botobs dev, even while a stack runs (default: where no Tempo runs)",
    )


@contextmanager
def embedded(options: argparse.Namespace) -> Iterator[Store | None]:
    """The embedded store, if no stack runs.

    Raises:
        StackError: It was asked for and is not there, or it cannot be used.
    """
    named = home_of(options) or Home.named()
    running = state.find(named)
    if running is not None and "tempo" in running.parts and not options.dev:
        yield None
        return
    home = running.home if running is not None else named or Home.from_environ()
    path = path_in(home)
    if not path.exists():
        if options.dev:
            raise StackError(f"there is no embedded store in {home.path}", "botobs dev -- COMMAND makes one.")
        yield None
        return
    if running is None:
        err.print(f"No stack runs; this is what botobs dev has kept in {home.path}.", markup=False)
    with closing(Store(path)) as store:
        yield store
