"""The page of what botobs changes in a service, written from the table that the differential tests allow."""

from __future__ import annotations

from pathlib import Path

from tests.support.same.differences import DIFFERENCES

from .tables import markdown_table

_INTRO = """\
# What botobs changes in a service

A service behaves the same with botobs as without it: results, exceptions, log records, threads and tasks, signals,
exit codes and open files. This table has every exception. `tests/unit/same` runs more than a hundred programs, and any
number of generated ones, without botobs, with both engines, and with botobs started after the libraries; whatever
differs and is not in the table fails a test. So does an entry that no program shows.

The loggers `botobs` and `opentelemetry` say what is wrong with the telemetry itself; `packaging`, by which
instrumentors compare versions, has loggers too. What can be asked for changes more: `redact_local_logs` rewrites the
records of the service, and `botobs.span` around a function is a call of its own. So do instrumentors of other
distributions: Django's adds its middleware to `settings.MIDDLEWARE` once `django.setup()` has run, Flask's adds hooks
to the application's requests, falcon's puts a subclass in the place of `falcon.App`, and those of sqlite3, psycopg2
and MySQL put a proxy around each connection and cursor. `botobs run` imports libraries before the program's first
line, which eventlet remarks on when it patches late; call `botobs.init()` after `eventlet.monkey_patch()` instead.

OpenTelemetry takes one global provider of a kind, so what the service gives to `set_tracer_provider` or
`set_meter_provider` after `botobs.init()` is refused, with a warning; what it has given before stays. Tracers,
profilers and audit hooks see the calls of botobs as all others, and `faulthandler` its thread. Of a watched function
signature, name, documentation, type hints, source and text are its own; `__code__`, `__defaults__` and
`__globals__` may be those of the function that calls it. `importlib.reload` of a module gives its functions back
unwatched.

"""


def pages() -> dict[Path, str]:
    """Content of the page, by its path."""
    table = markdown_table(("what differs", "why"), ((each.what, each.why) for each in DIFFERENCES))
    note = "<!-- Written by `make docs` from tests/support/same/differences.py; do not edit. -->"
    return {Path(__file__).with_name("same.md"): f"{note}\n\n{_INTRO}{table}\n"}
