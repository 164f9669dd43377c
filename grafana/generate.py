"""Writes the dashboards' JSON: `python -m grafana.generate`. A test compares it with what is committed."""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from .boards import BOARDS

FOLDER = Path(__file__).parent / "dashboards"


def files() -> dict[Path, str]:
    """Content of every dashboard's file, by its path."""
    return {
        FOLDER / f"{made.uid}.json": f"{json.dumps(made, cls=JSONEncoder, indent=1, sort_keys=True)}\n"
        for made in (build() for build in BOARDS)
    }


def main() -> None:
    """Write what has changed."""
    for path, content in files().items():
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            print(f"wrote {path.relative_to(FOLDER.parent.parent)}")


if __name__ == "__main__":
    main()
