"""Brings the blocks of a Prometheus into Mimir, over its API for block uploads.

https://grafana.com/docs/mimir/latest/configure/configure-tsdb-block-upload/
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from ...errors import StackError

_ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
#: Seconds between two questions whether Mimir has looked through a block.
_POLL = 0.5


def blocks(folder: Path) -> list[Path]:
    """The finished blocks in the data folder of a Prometheus, the oldest first.

    Raises:
        StackError: There are none.
    """
    found = [
        each for each in folder.iterdir() if _ULID.fullmatch(each.name) and (each / "meta.json").is_file()
    ]
    if not found:
        raise StackError(
            f"{folder} holds no blocks of Prometheus",
            "Name its data folder. What is younger than two to three hours is in no block yet.",
        )
    return sorted(found, key=lambda block: int(_meta(block)["minTime"]))


def upload(http: httpx.Client, block: Path, patience: float = 600) -> bool:
    """Upload one block, and wait until Mimir has validated it.

    Args:
        http: A client with Mimir's address, that names the tenant.
        block: Its folder.
        patience: Seconds for Mimir to validate the block.

    Returns:
        Whether it was new to Mimir.

    Raises:
        StackError: Mimir refuses it.
    """
    path = f"/api/v1/upload/block/{block.name}"
    meta = _meta(block)
    meta["thanos"] = {
        "version": 1,
        "labels": {},
        "files": [
            {"rel_path": str(file.relative_to(block)), "size_bytes": file.stat().st_size}
            for file in _files(block)
        ],
    }
    began = http.post(f"{path}/start", json=meta)
    if began.status_code == httpx.codes.CONFLICT:
        return False
    _check(block, began)
    for file in _files(block):
        with file.open("rb") as content:
            name = str(file.relative_to(block))
            _check(
                block, http.post(f"{path}/files", params={"path": name}, content=content, timeout=patience)
            )
    _check(block, http.post(f"{path}/finish"))
    deadline = time.monotonic() + patience
    while (state := _state(http, block, path))["result"] != "complete":
        if state["result"] == "failed" or time.monotonic() > deadline:
            raise StackError(
                f"Mimir does not take the block {block.name}: {state.get('error') or state['result']}"
            )
        time.sleep(_POLL)
    return True


def _state(http: httpx.Client, block: Path, path: str) -> dict[str, Any]:
    response = http.get(f"{path}/check")
    # Between what describes a block that is coming and what describes one that is there, it can be seen as neither.
    if response.status_code == httpx.codes.NOT_FOUND:
        return {"result": "unknown"}
    read: dict[str, Any] = _check(block, response).json()
    return read


def _files(block: Path) -> Iterator[Path]:
    yield block / "index"
    yield from sorted((block / "chunks").iterdir())


def _meta(block: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((block / "meta.json").read_text(encoding="utf-8"))
    return read


def _check(block: Path, response: httpx.Response) -> httpx.Response:
    if not response.is_success:
        raise StackError(f"Mimir refuses the block {block.name}: {response.text.strip()}")
    return response
