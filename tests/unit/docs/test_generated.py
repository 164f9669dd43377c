"""The generated pages are those that the code would write now; links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate import FOLDER, pages

_ROOT = FOLDER.parent
_GENERATED = pages()
_PAGES = sorted([*_ROOT.glob("*.md"), *FOLDER.rglob("*.md")])


@pytest.mark.parametrize("path", _GENERATED, ids=lambda path: path.name)
def test_the_page_is_up_to_date(path: Path) -> None:
    assert path.exists(), "write it with: make docs"
    assert path.read_text(encoding="utf-8") == _GENERATED[path], "write it again with: make docs"


@pytest.mark.parametrize("path", _PAGES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_every_link_within_the_repository_leads_somewhere(path: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", path.read_text(encoding="utf-8")):
        if target.startswith(("http:", "https:")):
            continue
        page = path.parent / target if target else path
        assert page.exists(), f"{path}: {target}"
        if anchor:
            assert anchor in _anchors(page), f"{path}: {target}#{anchor}"


def _anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub and the site make them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
