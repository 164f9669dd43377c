"""Finds files of a person's own that bear names which are taken: Prometheus and Grafana say nothing of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from ..home import assets
from .check import Fault
from .folders import files, text_of

_RULE = re.compile(r"""^[^#]*?\b(record|alert)["']?\s*:\s*["']?([A-Za-z_:][\w:]*)""")
#: What comes of two rules.
_EFFECT = {
    "record": "which of both values is kept is a matter of chance",
    "alert": "silences, inhibitions and the runbook of ours would be those of both",
}


def taken(custom: Path) -> list[Fault]:
    """A fault for every rule that is called as one of ours, and for every dashboard with the uid of another."""
    return [*_rules(custom), *_dashboards(custom)]


def _rules(custom: Path) -> Iterator[Fault]:
    ours = {
        rule for file in (assets.root() / "prometheus" / "rules").glob("*.yml") for _, rule in _named(file)
    }
    for file in files(custom, "rules"):
        for line, (kind, name) in _named(file):
            if (kind, name) in ours:
                yield Fault(file, line, f"a rule of botobs is called {name} too: {_EFFECT[kind]}")


def _named(file: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    for number, line in enumerate(text_of(file).splitlines(), 1):
        if found := _RULE.search(line):
            yield number, (found[1], found[2])


def _dashboards(custom: Path) -> Iterator[Fault]:
    known: dict[str, Path] = {}
    for file in (assets.root() / "grafana" / "dashboards").glob("*.json"):
        known[json.loads(text_of(file))["uid"]] = file
    for file in files(custom, "dashboards"):
        uid = json.loads(text_of(file))["uid"]
        if known.setdefault(uid, file) is not file:
            lines = enumerate(text_of(file).splitlines(), 1)
            line = next((number for number, text in lines if json.dumps(uid) in text), 0)
            yield Fault(
                file, line, f"{known[uid].name} has the uid {uid} too: Grafana would keep one of them"
            )
