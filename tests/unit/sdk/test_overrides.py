"""A method that is watched, whoever overrides it: to the program it is as it was."""

from __future__ import annotations

import asyncio
import copy
import inspect
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest

from botobs._sdk.patching.overrides import replace_overridable
from botobs._sdk.patching.patch import Patches

calls: list[str] = []


def watch(function: Callable[..., Any]) -> Callable[..., Any]:
    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(type(self).__name__)
        return function(self, *args, **kwargs)

    return watched


@pytest.fixture
def client() -> Iterator[type[Any]]:
    """A class of a library whose `send` is watched."""

    class Client:
        def __init__(self, name: str = "") -> None:
            self.name = name

        def send(self, word: str) -> str:
            return f"sent {word}"

    patches = Patches()
    replace_overridable(patches, Client, "send", watch(vars(Client)["send"]), watch)
    calls.clear()
    yield Client
    patches.undo()


def test_the_class_is_a_class_as_any_other(client: type[Any]) -> None:
    assert client().send("it") == "sent it"
    assert calls == ["Client"]
    assert inspect.isfunction(client.send)
    assert inspect.isfunction(vars(client)["send"])
    assert client.send is client.send
    assert mock.create_autospec(client)().send("it") is not None


def test_a_function_on_an_object(client: type[Any]) -> None:
    changed, other = client(), client()
    changed.send = lambda word: f"mine {word}"
    assert (changed.send("it"), other.send("it")) == ("mine it", "sent it")
    assert calls == ["Client", "Client"]
    assert copy.copy(changed).send("it") == "mine it"
    assert set(vars(changed)) == {"name", "send"}
    del changed.send
    assert changed.send("it") == "sent it"
    with pytest.raises(AttributeError, match="send"):
        del changed.send


def test_a_function_of_an_object_that_was_there_before() -> None:
    class Client:
        def send(self) -> str:
            return "sent"

    early, patches = Client(), Patches()
    early.send = lambda: "mine"  # type: ignore[method-assign]
    replace_overridable(patches, Client, "send", watch(vars(Client)["send"]), watch)
    calls.clear()
    assert (early.send(), calls) == ("mine", ["Client"])
    patches.undo()
    assert (early.send(), calls) == ("mine", ["Client"])
    assert inspect.isfunction(vars(Client)["send"])


def test_a_double_on_an_object_is_asked_as_before(client: type[Any]) -> None:
    changed = client()
    with mock.patch.object(changed, "send", autospec=True) as double:
        changed.send.return_value = "double"
        assert changed.send("it") == "double"
        changed.send.assert_called_once_with("it")
        assert changed.send == double
    assert changed.send("it") == "sent it"
    changed.send = mock.AsyncMock(return_value="later")
    assert asyncio.run(changed.send("it")) == "later"
    changed.send.assert_awaited_once_with("it")


def test_another_function_in_the_class_is_watched_from_the_next_object_on(client: type[Any]) -> None:
    client.send = lambda self, word: f"{self.name} {word}"
    assert client("the class's").send("it") == "the class's it"
    assert calls == ["Client"]


def test_a_class_that_derives(client: type[Any]) -> None:
    class Twice(client):  # type: ignore[misc]
        def send(self, word: str) -> str:
            return f"{super().send(word)} and {super().send(word)}"

    assert Twice().send("it") == "sent it and sent it"
    assert calls == ["Twice"] * 3
    changed: Any = Twice()
    plain = changed.send
    changed.send = lambda word: plain(word).replace("sent", "mine")
    assert changed.send("it") == "mine it and mine it"


def test_a_class_that_only_makes_its_objects_itself() -> None:
    class Client:
        def __new__(cls, name: str) -> Client:
            made = super().__new__(cls)
            made.name = name
            return made

        name = ""

        def send(self) -> str:
            return "sent"

    patches = Patches()
    replace_overridable(patches, Client, "send", watch(vars(Client)["send"]), watch)
    assert Client("any").send() == "sent"
    patches.undo()
    assert Client("any").send() == "sent"
