"""Variables that begin with `BOTOBS_` and that nothing reads: most are misspelt."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache

from ._table import TABLE

#: Read beside the table: the file of settings, and the home of the stack.
_OTHERS = frozenset({"BOTOBS_CONFIG", "BOTOBS_HOME"})
#: Thresholds of an operator's own rules have names that a service cannot know.
_OWN_THRESHOLDS = "BOTOBS_THRESHOLD_"
#: What Kubernetes puts into the environment for a service called `botobs` or `botobs-...`.
#: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_SERVICE_LINK = re.compile(
    r"BOTOBS_(?:[A-Z0-9_]{1,80}_)?"
    r"(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]{1,80})?|PORT_[0-9]{1,5}_(?:TCP|UDP|SCTP)(?:_[A-Z]{1,8})?)"
)
_SERVICE_ADDRESS = re.compile(r"(?:tcp|udp|sctp)://")


@cache
def of_sdk() -> frozenset[str]:
    """The variables that a service reads."""
    return _OTHERS | {f"BOTOBS_{name.upper()}" for name in TABLE}


@cache
def of_stack() -> frozenset[str]:
    """The variables that a stack reads: a service may run in the same environment."""
    from importlib.resources import files

    # Written by `make docs` from the stack's own table, which the SDK does not import.
    text = files(__package__).joinpath("stack_settings.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def of_service(environ: Mapping[str, str]) -> dict[str, str]:
    """A sentence for each variable in a service's environment that neither it nor a stack reads, by name."""
    # The stack's names are read from a file, which an environment without any need not pay for.
    if not unknown(environ, of_sdk()):
        return {}
    known = of_sdk() | of_stack()
    return {
        name: sentence(name, known)
        for name in unknown(environ, known)
        if not name.startswith(_OWN_THRESHOLDS)
    }


def unknown(environ: Mapping[str, str], known: Collection[str]) -> list[str]:
    """The names in `environ` that begin with `BOTOBS_` and are neither known nor of Kubernetes.

    Args:
        environ: Values by name; what is no text is passed over.
        known: Names that something reads.
    """
    return sorted(
        name
        for name, value in environ.items()
        if isinstance(name, str)
        and name.startswith("BOTOBS_")
        and name not in known
        and not _is_service_link(name, value)
    )


def _is_service_link(name: str, value: object) -> bool:
    if _SERVICE_LINK.fullmatch(name):
        return True
    return name.endswith("_PORT") and isinstance(value, str) and _SERVICE_ADDRESS.match(value) is not None


def sentence(name: str, known: Collection[str]) -> str:
    """Says that a name is unknown, and which one is nearest."""
    import difflib

    # Some hundred names at most are compared, however long the misspelt one is.
    # What all begin with would make any two look alike.
    words = {each.removeprefix("BOTOBS_"): each for each in sorted(known)}
    near = difflib.get_close_matches(name[:100].removeprefix("BOTOBS_"), words, n=1, cutoff=0.7)
    return f"{name[:100]} is no setting" + (f"; did you mean {words[near[0]]}?" if near else ".")
