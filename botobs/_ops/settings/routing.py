"""Which receivers an alert reaches, as Alertmanager's tree of routes has it.

https://prometheus.io/docs/alerting/0.31/configuration/#route, `dispatch/route.go`
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
#: Blanks are taken in one place each, and a name begins where no other name goes on: linear, whatever the text.
_MATCHER: Final = re.compile(
    rf'(?<![^\s"=!~{{}},])(?P<name>{_QUOTED}|[^\s"=!~{{}},]+)\s*(?P<how>=~|!~|!=|=)\s*'
    rf'(?P<value>{_QUOTED}\s*|[^\s",{{}}][^",{{}}]*|)(?:,\s*|$)'
)


@dataclass(frozen=True)
class Leaf:
    """A route that leads to a receiver.

    Attributes:
        receiver: Its name.
        matchers: What an alert must have, of the routes above too, as Alertmanager reads it.
    """

    receiver: str
    matchers: tuple[str, ...]


def leaves(route: Mapping[str, Any], receiver: str = "", above: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Every route below and with `route` that names another receiver than the one above it."""
    here = (*above, *matchers_of(route))
    named = route.get("receiver") or receiver
    if named != receiver:
        yield Leaf(named, here)
    for each in route.get("routes") or ():
        yield from leaves(each, named, here)


def receivers_of(route: Mapping[str, Any], labels: Mapping[str, str], receiver: str = "") -> list[str]:
    """The receivers of an alert with these labels, in the order of the routes; empty where `route` is not its way."""
    if not all(holds(each, labels) for each in matchers_of(route)):
        return []
    named = route.get("receiver") or receiver
    found: list[str] = []
    for each in route.get("routes") or ():
        below = receivers_of(each, labels, named)
        found += below
        if below and not each.get("continue", False):
            break
    return list(dict.fromkeys(found)) or [named]


def matchers_of(route: Mapping[str, Any]) -> Sequence[str]:
    """What an alert must have for a route, in the form of today; `match` and `match_re` are older ones."""
    equal = [f"{name}={json.dumps(str(text))}" for name, text in (route.get("match") or {}).items()]
    alike = [f"{name}=~{json.dumps(str(text))}" for name, text in (route.get("match_re") or {}).items()]
    return [*equal, *alike, *map(str, route.get("matchers") or ())]


def holds(matchers: str, labels: Mapping[str, str]) -> bool:
    """Whether matchers, with commas between them, hold for labels; a label that is missing is empty.

    What cannot be read here is taken to hold: Alertmanager has read it, and an alert may go there.
    """
    text, at = matchers.strip().removeprefix("{").removesuffix("}").strip(), 0
    while at < len(text):
        found = _MATCHER.match(text, at)
        if found is None:
            return True
        if not _one_holds(_unquoted(found["name"]), found["how"], _unquoted(found["value"].rstrip()), labels):
            return False
        at = found.end()
    return True


def _one_holds(name: str, how: str, value: str, labels: Mapping[str, str]) -> bool:
    given = labels.get(name, "")
    if "~" not in how:
        return (given == value) is not how.startswith("!")
    try:
        return (re.fullmatch(value, given) is not None) is not how.startswith("!")
    except re.error:
        # Go's expressions know what Python's do not.
        return True


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", _escaped, text[1:-1]) if text.startswith('"') else text


def _escaped(found: re.Match[str]) -> str:
    # As Alertmanager reads them; a backslash before anything else is itself.
    return {"n": "\n", '"': '"', "\\": "\\"}.get(found[1], found[0])
