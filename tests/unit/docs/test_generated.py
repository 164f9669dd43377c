"""The generated pages are those that the code would write now; links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate import FOLDER, pages

_ROOT = FOLDER.parent
_PAGES = sorted([*_ROOT.glob("*.md"), *FOLDER.rglob("*.md")])


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_the_page_is_up_to_date(path: Path) -> None:
    assert path.exists(), "write it with: make docs"
    assert path.read_text(encoding="utf-8") == pages()[path], "write it again with: make docs"


@pytest.mark.parametrize("path", _PAGES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_every_link_within_the_repository_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not target.startswith(("http:", "https:")):
            assert (path.parent / target).exists(), f"{path}: {target}"
