"""Every program of the stack can be built for machines that are not this one: nothing in it wants x86 or Linux.

Each component has a file of its own, so that it is a part of the lane: all of them together take an hour.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from botobs._ops.programs import _go
from botobs._ops.programs.versions import pins

#: The first bytes of a program: its format, and its processor by that format's number.
_HEADERS = {
    "linux-arm64": (b"\x7fELF", "<H", 18, 183),
    "darwin-arm64": (b"\xcf\xfa\xed\xfe", "<I", 4, 0x0100000C),
}


def built(component: str) -> Callable[..., None]:
    """The test that its programs are built."""

    @pytest.mark.parametrize("machine", _HEADERS)
    @pytest.mark.parametrize("program", pins()[component].packages)
    def test(program: str, machine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        system, _, processor = machine.partition("-")
        monkeypatch.setenv("GOOS", system)
        monkeypatch.setenv("GOARCH", processor)
        pin, target = pins()[component], tmp_path / program
        _go.build(_go.find_go(), pin, pin.packages[program], target, lambda *_: None, static=True)
        magic, kind, place, number = _HEADERS[machine]
        with target.open("rb") as file:
            head = file.read(32)
        assert head.startswith(magic)
        assert struct.unpack_from(kind, head, place) == (number,)

    return test
