"""Replaced functions beside what others put in the same place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from botobs._sdk.patching.patch import Patches

Patch = Callable[[type], Patches]


@pytest.fixture
def client() -> Any:
    """A class of a library, of which nothing is patched."""

    class Client:
        def send(self, what: str) -> str:
            return f"sent {what}"

    return Client


def _wrap(client: type) -> Patches:
    patches = Patches("tested")
    patches.wrap(client, "send", lambda wrapped, _, args, kwargs: f"watched {wrapped(*args, **kwargs)}")
    return patches


def _replace(client: type) -> Patches:
    def hook(method: Callable[..., str]) -> Callable[..., str]:
        return lambda *args, **kwargs: f"watched {method(*args, **kwargs)}"

    patches = Patches("tested")
    patches.replace_method(client, "send", hook)
    return patches


BOTH = pytest.mark.parametrize("patch", [_wrap, _replace])


@BOTH
def test_a_mock_that_stands_there_is_called_as_without_us(client: Any, patch: Patch) -> None:
    with mock.patch.object(client, "send", return_value="mocked") as mocked:
        patch(client)
        assert client().send("x") == "mocked"
        assert mocked.call_args == mock.call("x")
    assert client().send("x") == "sent x"


@BOTH
def test_a_method_that_was_put_back_is_taken_back(client: Any, patch: Patch) -> None:
    original = vars(client)["send"]
    patches = patch(client)
    # As tools do that replace a method for a while: they have read it from the class.
    kept = client.send
    client.send = lambda *_: "another"
    client.send = kept
    assert client.send is kept
    assert client().send("x") == "watched sent x"
    patches.undo()
    assert vars(client)["send"] is original


@BOTH
def test_a_patch_over_ours_stays(client: Any, patch: Patch) -> None:
    patches = patch(client)
    with mock.patch.object(client, "send", return_value="mocked"):
        patches.undo()
        assert client().send("x") == "mocked"
    assert client().send("x") == "watched sent x"
