"""The generated pages are those that the code would write now; links lead somewhere."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from docs.generate import FOLDER, pages

_ROOT = FOLDER.parent


def test_the_pages_are_up_to_date() -> None:
    stale = [
        str(path.relative_to(_ROOT))
        for path, content in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]
    assert stale == [], "write them again with: make docs"


def test_every_link_within_the_repository_leads_somewhere() -> None:
    dead = [
        f"{path.relative_to(_ROOT)}: {target}#{anchor}"
        for path in sorted([*_ROOT.glob("*.md"), *FOLDER.rglob("*.md")])
        for target, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", path.read_text(encoding="utf-8"))
        if not target.startswith(("http:", "https:"))
        and not _leads_somewhere(path.parent / target if target else path, anchor)
    ]
    assert dead == []


def _leads_somewhere(page: Path, anchor: str) -> bool:
    return page.exists() and (not anchor or anchor in _anchors(page))


@cache
def _anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub and the site make them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
