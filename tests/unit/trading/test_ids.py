"""Ids are random, but for those that were given."""

from __future__ import annotations

import os
import random

import pytest

from botobs._sdk.ids import IdGenerator, Ids, given


def test_a_seed_of_the_program_does_not_repeat_ids() -> None:
    drawn = set()
    for _ in range(2):
        random.seed(42)
        drawn |= {IdGenerator().generate_trace_id(), IdGenerator().generate_span_id()}
    assert len(drawn) == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_draws_ids_of_its_own() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(IdGenerator().generate_trace_id()).encode())
        os._exit(0)
    mine = IdGenerator().generate_trace_id()
    os.waitpid(child, 0)
    assert int(os.read(reader, 100)) != mine
    os.close(reader)
    os.close(writer)


def test_ids_are_given_to_what_is_started_inside_only() -> None:
    ids = Ids.derive("order", "c1")
    with given(ids):
        assert (IdGenerator().generate_trace_id(), IdGenerator().generate_span_id()) == (
            ids.trace_id,
            ids.span_id,
        )
    assert IdGenerator().generate_trace_id() != ids.trace_id


def test_what_ids_are_derived_from_is_told_apart() -> None:
    assert Ids.derive("ab", "c") != Ids.derive("a", "bc")
    assert Ids.derive("ab", "c") == Ids.derive("ab", "c")
