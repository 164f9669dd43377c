"""Which ports the stack takes, and what it says when one is taken."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from botobs._ops.components import ports
from botobs._ops.components.ports import choose, free_ports
from botobs._ops.errors import StackError


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this process listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def _free(*variables: str) -> dict[str, str]:
    return {name: str(number) for name, number in zip(variables, free_ports(len(variables)), strict=True)}


def test_a_taken_port_is_named_with_its_holder_and_the_setting(taken: int) -> None:
    with pytest.raises(StackError) as raised:
        choose(["prometheus"], auto=False, values={"BOTOBS_PROMETHEUS_PORT": str(taken)})
    said = str(raised.value)
    assert f"{taken} (Prometheus' API)" in said
    assert f"(pid {os.getpid()})" in said
    assert "move ours with BOTOBS_PROMETHEUS_PORT" in said
    assert "--ports auto" in said


def test_all_conflicts_are_named_at_once(taken: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        given = {
            "BOTOBS_PROMETHEUS_PORT": str(taken),
            "BOTOBS_ALERTMANAGER_PORT": str(other.getsockname()[1]),
        }
        with pytest.raises(StackError, match="2 ports are taken") as raised:
            choose(["prometheus", "alertmanager"], auto=False, values=given)
    assert "BOTOBS_ALERTMANAGER_PORT" in str(raised.value)


def test_one_number_for_two_listeners_is_refused() -> None:
    same = str(free_ports(1)[0])
    given = {"BOTOBS_PROMETHEUS_PORT": same, "BOTOBS_ALERTMANAGER_PORT": same}
    with pytest.raises(StackError, match="BOTOBS_PROMETHEUS_PORT and BOTOBS_ALERTMANAGER_PORT are both"):
        choose(["prometheus", "alertmanager"], auto=False, values=given)


def test_auto_picks_different_ports_and_ignores_the_settings(taken: int) -> None:
    chosen = choose(["prometheus", "tempo"], auto=True, values={"BOTOBS_PROMETHEUS_PORT": str(taken)})
    assert len(set(chosen.values())) == len(chosen) > 3
    assert taken not in chosen.values()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a bound port cannot be listened on")
def test_what_was_picked_is_nobody_elses_and_can_be_listened_on() -> None:
    held: list[socket.socket] = []
    number, other, *_ = choose(["tempo"], auto=True, held=held).values()
    with ExitStack() as stack:
        for each in held:
            stack.enter_context(each)
        assert ports._bound(number) is None
        # As programs in Go, PostgreSQL and Python's servers do it.
        with socket.create_server(("127.0.0.1", number)) as server:
            socket.create_connection(server.getsockname()).close()
    again = ports._bound(other)
    assert again is not None
    again.close()


def test_free_settings_are_taken_as_they_are() -> None:
    given = _free("BOTOBS_PROMETHEUS_PORT")
    chosen = choose(["prometheus"], auto=False, values=given)
    assert chosen == {"BOTOBS_PROMETHEUS_PORT": int(given["BOTOBS_PROMETHEUS_PORT"])}
