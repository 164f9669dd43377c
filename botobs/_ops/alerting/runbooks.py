"""The runbooks of the alerts: pages of Markdown, in the wheel."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import StackError
from ..home import assets
from ..shown import in_query

_BLOCK = re.compile(r"^([ ]*)```(promql|traceql)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
#: What a query of a page may leave open, with the label of an alert that fills it in.
PLACEHOLDERS = {
    "$service": "service_name",
    "$exchange": "exchange_name",
    "$bot": "botobs_bot_id",
    "$instance": "service_instance_id",
    "$environment": "deployment_environment_name",
}
_PLACEHOLDER = re.compile(r"\$(service|exchange|bot|instance|environment)\b")
_EQUALS = re.compile(r'(=|!=)(\s*)"\$(service|exchange|bot|instance|environment)"')


@dataclass(frozen=True)
class RunbookQuery:
    """A query of a page.

    Attributes:
        language: `promql` or `traceql`.
        about: The comment above it, if any.
    """

    language: str
    text: str
    about: str = ""

    def filled(self, labels: Mapping[str, str]) -> str:
        """The query about what these labels name; about everything, where they name nothing.

        Raises:
            ValueError: A placeholder stands where it cannot be left open.
        """

        def fill(found: re.Match[str]) -> str:
            value = labels.get(PLACEHOLDERS[f"${found[3]}"])
            if value is None:
                if found[1] != "=":
                    raise ValueError(f"{self.text} needs ${found[3]}")
                return f'=~{found[2]}".+"' if self.language == "promql" else f'!={found[2]}""'
            return f'{found[1]}{found[2]}"{in_query(value)}"'

        text = _EQUALS.sub(fill, self.text)
        if _PLACEHOLDER.search(text):
            raise ValueError(f"a placeholder stands elsewhere than after = in {self.text}")
        return text


@dataclass(frozen=True)
class Runbook:
    """What to do when an alert fires."""

    name: str
    text: str

    @property
    def queries(self) -> list[RunbookQuery]:
        """Every query of the page, in the order of the page."""
        found = []
        for block in _BLOCK.finditer(self.text):
            lines = [line.removeprefix(block[1]) for line in block[3].splitlines()]
            about = " ".join(line.lstrip("# ") for line in lines if line.startswith("#"))
            text = "\n".join(line for line in lines if not line.startswith("#")).strip()
            found.append(RunbookQuery(block[2], text, about))
        return found

    @property
    def first(self) -> str:
        """What to do first, in a sentence."""
        return _line("First", self.text)

    def filled(self, labels: Mapping[str, str]) -> str:
        """The page with its queries about what these labels name."""
        queries = iter(self.queries)

        def fill(block: re.Match[str]) -> str:
            query = next(queries)
            about = f"{block[1]}# {query.about}\n" if query.about else ""
            body = "\n".join(block[1] + line for line in query.filled(labels).splitlines())
            return f"{block[1]}```{query.language}\n{about}{body}\n{block[1]}```"

        return _BLOCK.sub(fill, self.text)


def _line(word: str, text: str) -> str:
    found = re.search(rf"^{word}: (.+)$", text, re.MULTILINE)
    return found[1] if found else ""


def folder() -> Path:
    """Where the pages are."""
    return assets.root() / "docs" / "runbooks"


def names() -> list[str]:
    """The names of alerts that have a runbook."""
    return sorted(page.stem for page in folder().glob("*.md"))


def read(name: str) -> Runbook:
    """The runbook of an alert; its name may be in small letters.

    Raises:
        StackError: It has none.
    """
    known = {each.lower(): each for each in names()}
    found = known.get(name.lower())
    if found is None:
        near = difflib.get_close_matches(name.lower(), known, 3, 0.5)
        hint = f"Did you mean {', '.join(known[each] for each in near)}? " if near else ""
        raise StackError(f"there is no runbook {name!r}", f"{hint}botobs runbook lists them.")
    return Runbook(found, (folder() / f"{found}.md").read_text(encoding="utf-8"))
