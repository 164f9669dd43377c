"""A fork beside our threads alone warns no more than one without them; `test_ends.py` compares real forks."""

from __future__ import annotations

import threading
import warnings

import pytest

from botobs._sdk.process import _fork_warning

#: As Python 3.12 and later have it.
ABOUT_A_FORK = "This process (pid=7) is multi-threaded, use of fork() may lead to deadlocks in the child."


@pytest.fixture(params=[0, 2], ids=["alone", "with threads"])
def others(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Threads of the program's own, beside the main one."""
    ours = sum(thread.name.startswith("botobs-") for thread in threading.enumerate())
    monkeypatch.setattr(_fork_warning, "_threads", lambda: 1 + ours + request.param)
    monkeypatch.setattr(_fork_warning, "_WARNS", True)
    return int(request.param)


def test_only_what_is_about_us_is_silenced(others: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = list(warnings.filters)
        _fork_warning.expect()
        with pytest.raises(DeprecationWarning, match="old"):
            warnings.warn("old", DeprecationWarning, stacklevel=1)
        if others:
            with pytest.raises(DeprecationWarning, match="multi-threaded"):
                warnings.warn(ABOUT_A_FORK, DeprecationWarning, stacklevel=1)
            _fork_warning.forget()
        else:
            warnings.warn(ABOUT_A_FORK, DeprecationWarning, stacklevel=1)
        assert list(warnings.filters) == before


def test_it_is_expected_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_fork_warning, "_WARNS", True)
    with warnings.catch_warnings():
        before = list(warnings.filters)
        for _ in range(3):
            _fork_warning.expect()
        assert len(warnings.filters) == len(before) + 1
        _fork_warning.forget()
        assert list(warnings.filters) == before
