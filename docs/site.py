"""Hooks of the documentation site (mkdocs.yml): pages that are not in `docs/`, and links that lead out of it."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from docs.interface import PUBLIC

ROOT = Path(__file__).parents[1]
#: Pages of the site that stand at the top of the repository, by their path there.
_FROM_THE_TOP = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "vulnerabilities.md",
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages at the top of the repository, and one of the API for each public package."""
    for source, page in _FROM_THE_TOP.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=linked(text, "", page)))
    for package in PUBLIC:
        page = f"api/{package.removeprefix('botobs.').replace('.', '-')}.md"
        files.append(File.generated(config, page, content=f"# {package}\n\n::: {package}\n"))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point links of a page in `docs/` at pages of the site."""
    source = page.file.src_uri
    if page.file.generated_by is not None:
        return markdown
    return linked(markdown, posixpath.dirname(f"docs/{source}"), source)


def linked(markdown: str, folder: str, page: str) -> str:
    """The text with links that work on the site; one that leads to a file which the site lacks becomes its path.

    Args:
        markdown: The page as it stands in the repository.
        folder: Where in the repository it stands; links are relative to it.
        page: Its path on the site.
    """

    def replace(link: re.Match[str]) -> str:
        picture, text, target, anchor = link.groups()
        if "://" in target:
            return link.group()
        path = posixpath.normpath(posixpath.join(folder, target))
        if path.startswith("docs/"):
            there = path.removeprefix("docs/")
        elif path in _FROM_THE_TOP:
            there = _FROM_THE_TOP[path]
        else:
            return text if text.strip("`") == path else f"{text} (`{path}` in the repository)"
        if (ROOT / path).is_dir():
            there = "reference/alerts.md" if path == "docs/runbooks" else f"{there}/README.md"
        relative = posixpath.relpath(there, posixpath.dirname(page) or ".")
        return f"{picture}[{text}]({relative}{anchor or ''})"

    return _LINK.sub(replace, markdown)
