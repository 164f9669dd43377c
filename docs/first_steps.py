"""Writes what messages say of each alert's cost, first step and end, from the runbooks, as an Alertmanager template."""

from __future__ import annotations

import json
import re
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_TARGET = _ROOT / "alertmanager" / "templates" / "runbooks.tmpl"
_NOTE = "{{/* Written by `make docs` from docs/runbooks; do not edit. */}}"


def pages() -> dict[Path, str]:
    """The template, by its path."""
    runbooks = sorted((_ROOT / "docs" / "runbooks").glob("*.md"))
    made = (
        _definition(name, word, runbooks)
        for name, word in (("cost", "Costs"), ("first", "First"), ("over", "Over"))
    )
    return {_TARGET: "\n\n".join([_NOTE, *made]) + "\n"}


def _definition(name: str, word: str, runbooks: list[Path]) -> str:
    """A template that prints a line for the alert of a group, and nothing for one without a runbook."""
    branches = []
    for page in runbooks:
        found = re.search(rf"^{word}: (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert found, f"{page} has no line {word}:"
        text = json.dumps(found[1], ensure_ascii=False)
        branches.append(f'if eq $alert "{page.stem}" }}}}{{{{ $text = {text} }}}}')
    chain = "{{ " + "\n{{- else ".join(branches) + "\n{{- end }}"
    return (
        f'{{{{ define "botobs.{name}" -}}}}\n'
        '{{ $alert := .CommonLabels.alertname }}{{ $text := "" -}}\n'
        f"{chain}\n"
        f'{{{{- with $text }}}}{word}: {{{{ template "botobs.say" (stringSlice $.Receiver .) }}}}'
        '{{ template "botobs.end" $.Receiver }}{{ end }}\n'
        "{{- end }}"
    )
