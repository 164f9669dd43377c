"""Which ports the stack takes, and what it says when one is taken."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from botobs._ops.components.ports import check_bind, choose, free_ports
from botobs._ops.stack import StackError


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
        choose(["prometheus"], auto=False, environ={"BOTOBS_PROMETHEUS_PORT": str(taken)})
    said = str(raised.value)
    assert f"{taken} (Prometheus' API)" in said
    assert f"(pid {os.getpid()})" in said
    assert "move ours with BOTOBS_PROMETHEUS_PORT" in said
    assert "--ports auto" in said


def test_all_conflicts_are_named_at_once(taken: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        environ = {
            "BOTOBS_PROMETHEUS_PORT": str(taken),
            "BOTOBS_ALERTMANAGER_PORT": str(other.getsockname()[1]),
        }
        with pytest.raises(StackError, match="2 ports are taken") as raised:
            choose(["prometheus", "alertmanager"], auto=False, environ=environ)
    assert "BOTOBS_ALERTMANAGER_PORT" in str(raised.value)


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "9090.5"])
def test_a_setting_that_is_no_port_is_refused_by_name(text: str) -> None:
    with pytest.raises(StackError, match=f"BOTOBS_PROMETHEUS_PORT='{text}' in the environment is no port"):
        choose(["prometheus"], auto=False, environ={"BOTOBS_PROMETHEUS_PORT": text})


def test_one_number_for_two_listeners_is_refused() -> None:
    same = str(free_ports(1)[0])
    environ = {"BOTOBS_PROMETHEUS_PORT": same, "BOTOBS_ALERTMANAGER_PORT": same}
    with pytest.raises(StackError, match="BOTOBS_PROMETHEUS_PORT and BOTOBS_ALERTMANAGER_PORT are both"):
        choose(["prometheus", "alertmanager"], auto=False, environ=environ)


def test_auto_picks_different_ports_and_ignores_the_settings(taken: int) -> None:
    chosen = choose(["prometheus", "tempo"], auto=True, environ={"BOTOBS_PROMETHEUS_PORT": str(taken)})
    assert len(set(chosen.values())) == len(chosen) > 3
    assert taken not in chosen.values()


def test_free_settings_are_taken_as_they_are() -> None:
    environ = _free("BOTOBS_PROMETHEUS_PORT")
    chosen = choose(["prometheus"], auto=False, environ=environ)
    assert chosen == {"BOTOBS_PROMETHEUS_PORT": int(environ["BOTOBS_PROMETHEUS_PORT"])}


@pytest.mark.parametrize("variable", ["BOTOBS_BIND", "BOTOBS_OTLP_BIND"])
def test_an_address_on_which_the_parts_would_not_find_each_other_is_refused(variable: str) -> None:
    for address in ("", "127.0.0.1", "0.0.0.0"):
        check_bind({variable: address})
    with pytest.raises(StackError, match=f"{variable}='10.0.0.5' is neither"):
        check_bind({variable: "10.0.0.5"})
