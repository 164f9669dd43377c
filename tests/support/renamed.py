"""A backend in which services and exchanges have other names: what is learned from it must not depend on them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx


class RenamedClient(httpx.Client):
    """Asks another client by the true names, and returns what it says with the names exchanged.

    Args:
        client: Of the backend.
        names: Each name, by the true one; no two may be the same.
    """

    def __init__(self, client: httpx.Client, names: Mapping[str, str]) -> None:
        super().__init__(base_url=client.base_url)
        self._client = client
        self._there = _replacing({new: old for old, new in names.items()})
        self._back = _replacing(names)

    def request(self, method: str, url: Any, **options: Any) -> httpx.Response:
        """The response of the other client."""
        for key in ("params", "data"):
            if options.get(key):
                options[key] = {
                    name: self._there(value) if isinstance(value, str) else value
                    for name, value in options[key].items()
                }
        response = self._client.request(method, url, **options)
        return httpx.Response(response.status_code, text=self._back(response.text))


class _replacing:
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        longest = sorted(names, key=len, reverse=True)
        # Not in the midst of a longer name.
        self._pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest))})(?![\w-])")

    def __call__(self, text: str) -> str:
        return self._pattern.sub(lambda found: self._names[found[1]], text)
