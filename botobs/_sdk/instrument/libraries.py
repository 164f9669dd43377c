"""Libraries of this environment that could be watched and are not, or that nobody has an instrumentor for.

Which instrumentor belongs to which library is upstream's own table (`opentelemetry.instrumentation.bootstrap_gen`, that
of `opentelemetry-bootstrap`), in the release that is installed here: its versions fit together.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import _upstream

if TYPE_CHECKING:
    # Imported where it is used: it would be a part of every start, for what `doctor` asks.
    from packaging.requirements import Requirement

PREFIX = "opentelemetry-instrumentation-"
#: Instrumentors that are not suggested, each with the reason.
NOT_SUGGESTED = {
    "asgi": "asgiref is a helper of frameworks that have instrumentors of their own",
    "dbapi": "a base of others",
    "exceptions": "botobs itself reports what ends a process",
    "wsgi": "a base of others",
    "asyncio": "does nothing before it is configured",
    "jinja2": "waits for nobody, and comes along with frameworks",
}
#: Libraries that services talk to others with and that have no instrumentor, each with the way out.
NOBODYS = {
    **dict.fromkeys(
        ("aiomysql", "asyncmy", "oracledb", "clickhouse-driver", "duckdb"),
        "no instrumentor: watched where SQLAlchemy uses it; its own calls want botobs.span()",
    ),
    **dict.fromkeys(
        (
            "sanic",
            "robyn",
            "arq",
            "huey",
            "rq",
            "dramatiq",
            "apscheduler",
            "procrastinate",
            "distributed",
            "ray",
        ),
        "no instrumentor: begin a botobs.span() around each request or task",
    ),
    **{
        framework: f"no instrumentor: put the middleware of {PREFIX}{interface} around its application"
        for framework, interface in (
            ("quart", "asgi"),
            ("blacksheep", "asgi"),
            ("bottle", "wsgi"),
            ("cherrypy", "wsgi"),
        )
    },
    "faststream": "no instrumentor: give its broker the middleware of faststream's own module `opentelemetry`",
    **dict.fromkeys(
        ("pyzmq", "paho-mqtt", "curl_cffi", "pycurl", "niquests"),
        "no instrumentor: put a botobs.span() around its calls",
    ),
}
#: Distributions that upstream's table names although others than the instrumentor's library bring them.
_COMES_ALONG = frozenset({"pydantic"})


@dataclass(frozen=True, slots=True)
class Unwatched:
    """A library that is installed and not watched.

    Attributes:
        name: Of the instrumentor, with underscores; of the library, if there is none.
        library: The distribution, or the module of the standard library.
        imported: Whether this process has imported it.
        package: The instrumentor's distribution, with the version that fits; None if none does.
        detail: Why it is not watched.
    """

    name: str
    library: str
    imported: bool
    package: str | None
    detail: str


def unwatched(ours: Collection[str]) -> Iterator[Unwatched]:
    """Libraries that are installed here and have an instrumentor that is not, or have none; one entry each.

    Args:
        ours: Names of botobs' own instrumentations.
    """
    from packaging.requirements import Requirement

    passed_over = {*ours, *NOT_SUGGESTED, *_upstream.LEFT_ALONE}
    for library, package in table():
        instrumentor = Requirement(package).name
        name = instrumentor.removeprefix(PREFIX).replace("-", "_")
        if (
            _upstream.ALIASES.get(name, name) in passed_over
            or _upstream.distribution_of(instrumentor) is not None
        ):
            continue
        found = _standard(name, package) if library is None else _installed(name, library, package)
        if found is not None:
            passed_over.add(name)
            yield found
    yield from _nobodys()


def install_command(packages: Iterable[str]) -> str:
    """The command line that installs `packages`."""
    return "pip install " + " ".join(shlex.quote(package) for package in packages)


def table() -> Iterator[tuple[Requirement | None, str]]:
    """Each library with its instrumentor's requirement; None for the standard library's."""
    from packaging.requirements import Requirement

    try:
        from opentelemetry.instrumentation.bootstrap_gen import default_instrumentations, libraries
    except ImportError:
        return
    for entry in libraries:
        yield Requirement(entry["library"]), entry["instrumentation"]
    for package in default_instrumentations:
        yield None, package


def _installed(name: str, library: Requirement, package: str) -> Unwatched | None:
    found = _upstream.distribution_of(library.name)
    if found is None or library.name in _COMES_ALONG:
        return None
    imported = any(module in sys.modules for module in _upstream.top_level(found))
    if not library.specifier.contains(found.version, prereleases=True):
        detail = f"its instrumentor knows {library}, and {found.version} is installed"
        return Unwatched(name, library.name, imported, None, detail)
    return Unwatched(name, library.name, imported, package, install_command([package]))


def _nobodys() -> Iterator[Unwatched]:
    for library, way_out in NOBODYS.items():
        found = _upstream.distribution_of(library)
        if found is not None:
            imported = any(module in sys.modules for module in _upstream.top_level(found))
            yield Unwatched(library.lower().replace("-", "_"), library, imported, None, way_out)


def _standard(name: str, package: str) -> Unwatched | None:
    module = _upstream.STANDARD_LIBRARY.get(name)
    if module is None:
        return None
    return Unwatched(name, module, module in sys.modules, package, install_command([package]))
