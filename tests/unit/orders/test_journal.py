"""The journal as memory: what is stored comes back, what is torn does not, and threads do not disturb each other."""

from __future__ import annotations

import math
import mmap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.resources import Resource
from opentelemetry.trace import SpanContext, TraceFlags

from botobs._sdk.export.counts import Counts
from botobs._sdk.export.delivery import Delivery
from botobs._sdk.export.rate_limit import RateLimitedLogger
from botobs._sdk.export.store import Batch
from botobs._sdk.export.submissions import DELAY, Submissions
from botobs._sdk.orders.journal import SIZE, Journal, left, read_header, unpack, write_header
from botobs._sdk.orders.journal._layout import FIELDS, PLACES, SUBMITTED, pack, store
from botobs._sdk.redaction import Redactor
from botobs._sdk.settings import Settings

SPAN = SpanContext(2**127 + 1, 2**63 + 1, False, TraceFlags(TraceFlags.SAMPLED))
ID = "exchange.order.client_id"
texts = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=20)


@pytest.fixture
def memory() -> Iterator[mmap.mmap]:
    with mmap.mmap(-1, SIZE) as mapped:
        yield mapped


@pytest.fixture
def journal(memory: mmap.mmap) -> Journal:
    made = Journal()
    made.start(lambda: None)
    made.use(memory)
    return made


def in_file(memory: mmap.mmap) -> list[str]:
    return [submission.attributes[ID] for submission in left(memory[:])]


class TestLayout:
    """Bytes."""

    @given(
        attributes=st.dictionaries(st.sampled_from(FIELDS), texts),
        ids=st.tuples(st.integers(0, 2**128 - 1), st.integers(0, 2**64 - 1), st.booleans()),
        time=st.integers(0, 2**63 - 1),
    )
    def test_what_is_packed_comes_back(
        self, attributes: dict[str, str], ids: tuple[int, int, bool], time: int
    ) -> None:
        found = unpack(pack(SpanContext(ids[0], ids[1], False, TraceFlags(ids[2])), time, attributes))
        assert found is not None
        assert (found.trace_id, found.span_id, found.sampled, found.time) == (*ids, time)
        # Half a surrogate pair cannot be kept.
        assert found.attributes == {
            name: value.encode("utf-8", "replace").decode() for name, value in attributes.items()
        }

    def test_a_separator_in_a_value_moves_no_other(self) -> None:
        found = unpack(pack(SPAN, 1, {"exchange.name": "a\0b", ID: "one"}))
        assert found is not None
        assert found.attributes == {"exchange.name": "a\N{REPLACEMENT CHARACTER}b", ID: "one"}

    @given(st.dictionaries(st.sampled_from(FIELDS), st.text(min_size=1, max_size=5000)))
    def test_it_never_leaves_its_slot(self, attributes: dict[str, str]) -> None:
        packed = pack(SPAN, 1, attributes)
        assert len(packed) <= 1024
        assert unpack(packed) is not None

    def test_what_an_order_is_asked_for_by_is_cut_last(self) -> None:
        found = unpack(pack(SPAN, 1, dict.fromkeys(FIELDS, "v" * 2000)))
        assert found is not None
        assert {name: len(value) for name, value in found.attributes.items() if name != ID} == dict.fromkeys(
            set(FIELDS) - {ID}, 78
        )
        assert len(found.attributes[ID]) == 256

    @given(st.data())
    def test_a_torn_store_is_no_submission(self, data: st.DataObject) -> None:
        """Whatever part of a slot was written when the process was killed, it is the old one, the new one or none."""
        with mmap.mmap(-1, SIZE) as memory:
            before, after = pack(SPAN, 1, {ID: "before"}), pack(SPAN, 2, {ID: "the one after"})
            store(memory, PLACES[0], before)
            at = data.draw(st.integers(0, len(after)))
            begin = memory.find(before[4:]) - 4
            memory[begin : begin + at] = after[:at]
            memory[begin] = data.draw(st.sampled_from([0, SUBMITTED]))
            assert in_file(memory) in ([], ["before"], ["the one after"])

    @given(st.binary(max_size=3000), st.integers(0, SIZE - 3000))
    def test_anything_else_is_read_without_harm(self, noise: bytes, at: int) -> None:
        content = bytes(at) + noise
        list(left(content))
        assert read_header(content) is None

    def test_a_header_that_is_torn_leaves_the_one_before(self, memory: mmap.mmap) -> None:
        write_header(memory, 0, "stack ", b"resource")
        write_header(memory, 1, "stack /home", b"resource")
        assert read_header(memory[:]) == ("stack /home", b"resource")
        whole = memory[:]
        torn = whole.replace(b"stack /home", b"stack /ho\0e")
        assert read_header(torn) == ("stack ", b"resource")
        assert read_header(whole[:9000]) is None

    def test_a_resource_that_is_too_long_is_refused(self, memory: mmap.mmap) -> None:
        with pytest.raises(ValueError, match="too long"):
            write_header(memory, 0, "stack ", bytes(8192))


class TestJournal:
    """Submissions."""

    def test_it_stands_there_until_it_is_answered(self, journal: Journal, memory: mmap.mmap) -> None:
        entry = journal.submitted(SPAN, {ID: "one"})
        assert entry is not None
        assert in_file(memory) == ["one"]
        journal.answered(entry)
        journal.answered(entry)
        assert in_file(memory) == []

    def test_what_was_submitted_before_the_file_was_made_is_in_it(self, memory: mmap.mmap) -> None:
        journal = Journal()
        journal.start(lambda: None)
        early = journal.submitted(SPAN, {ID: "early"})
        gone = journal.submitted(SPAN, {ID: "gone"})
        assert early is not None
        assert gone is not None
        journal.answered(gone)
        journal.use(memory)
        assert in_file(memory) == ["early"]
        journal.answered(early)
        assert in_file(memory) == []

    def test_what_becomes_known_is_told_again(self, journal: Journal, memory: mmap.mmap) -> None:
        entry = journal.submitted(SPAN, {"exchange.name": "okx"})
        assert entry is not None
        journal.sent(journal.unsent())
        assert journal.unsent() == []
        journal.identified(entry, {ID: "made", "exchange.name": "other"})
        ((_, packed),) = journal.unsent()
        found = unpack(packed)
        assert found is not None
        assert found.attributes == {ID: "made", "exchange.name": "okx"}
        assert in_file(memory) == ["made"]

    def test_what_changed_while_it_was_sent_is_not_taken_for_sent(self, journal: Journal) -> None:
        entry = journal.submitted(SPAN, {"exchange.name": "okx"})
        assert entry is not None
        under_way = journal.unsent()
        journal.identified(entry, {ID: "made"})
        journal.sent(under_way)
        assert len(journal.unsent()) == 1

    def test_when_it_is_full_what_was_sent_makes_room(self, journal: Journal, memory: mmap.mmap) -> None:
        for number in range(1024):
            journal.submitted(SPAN, {ID: str(number)})
        assert journal.submitted(SPAN, {ID: "too many"}) is None
        assert journal.refused["full"] == 1
        journal.sent(journal.unsent()[5:7])
        assert journal.submitted(SPAN, {ID: "new"}) is not None
        left_over = in_file(memory)
        assert len(left_over) == 1024
        assert "5" not in left_over
        assert {"new", "0", "6"} < set(left_over)

    def test_after_a_fork_nothing_of_the_parents_is_touched(
        self, journal: Journal, memory: mmap.mmap
    ) -> None:
        entry = journal.submitted(SPAN, {ID: "parent"})
        assert entry is not None
        journal.after_fork()
        own = journal.submitted(SPAN, {ID: "child"})
        journal.answered(entry)
        assert in_file(memory) == ["parent"]
        assert own is not None
        assert len(journal.unsent()) == 1

    def test_the_export_thread_is_woken_once_until_it_looks(self) -> None:
        woken: list[int] = []
        journal = Journal()
        journal.start(lambda: woken.append(1))
        for _ in range(100):
            journal.submitted(SPAN, {})
        assert len(woken) == 1
        journal.unsent()
        journal.submitted(SPAN, {})
        assert len(woken) == 2

    def test_threads_share_it(self, memory: mmap.mmap) -> None:
        """While others send, and the file is made in the middle of it."""
        journal = Journal()
        journal.start(lambda: None)
        kept: list[str] = []

        def trade(thread: int) -> None:
            for number in range(500):
                entry = journal.submitted(SPAN, {ID: f"{thread}-{number}"})
                assert entry is not None
                if number % 100 == 99:
                    kept.append(f"{thread}-{number}")
                else:
                    journal.answered(entry)

        threads = [threading.Thread(target=trade, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        journal.use(memory)
        while any(thread.is_alive() for thread in threads):
            journal.sent(journal.unsent())
        assert sorted(in_file(memory)) == sorted(kept)
        assert len(kept) == 20

    def test_what_is_no_text_is_not_written_down(self, journal: Journal, memory: mmap.mmap) -> None:
        assert journal.submitted(SPAN, {ID: 7}) is None  # type: ignore[dict-item]
        assert in_file(memory) == []


class Arrived(Delivery):
    """Counts what would be sent to a collector."""

    def __init__(self) -> None:
        super().__init__(None, 1.0, Counts(False), RateLimitedLogger(), lambda: None)
        self.items = 0

    def send(self, batch: Batch, deadline: float | None, log_failure: bool = True) -> Batch | None:
        """Take everything."""
        self.items += batch.items
        return None


class TestSending:
    """What the export thread sends, and when."""

    def test_what_may_be_answered_at_any_moment_is_not_sent_yet(self, journal: Journal) -> None:
        arrived = Arrived()
        submissions = Submissions(
            journal, Settings, Resource.get_empty, arrived, Redactor(), RateLimitedLogger()
        )
        old, young, ahead = (journal.submitted(SPAN, {ID: name}) for name in ("old", "young", "ahead"))
        assert old is not None and young is not None and ahead is not None
        second = 1_000_000_000
        # The clock was set back since the last one, and young ones stay young, however slow the machine is.
        old.time, young.time, ahead.time = old.time - second, young.time + second, young.time + 100 * second

        submissions.due = 0.0
        with time_of(young.time + 1):
            submissions.send_due()
        assert arrived.items == 2
        assert 0 < submissions.due - time.monotonic() <= DELAY

        submissions.due = 0.0
        with time_of(young.time + int(DELAY * second)):
            submissions.send_due()
        assert (arrived.items, submissions.due) == (3, math.inf)

    def test_a_flush_sends_all(self, journal: Journal) -> None:
        arrived = Arrived()
        submissions = Submissions(
            journal, Settings, Resource.get_empty, arrived, Redactor(), RateLimitedLogger()
        )
        journal.submitted(SPAN, {ID: "young"})
        assert submissions.send()
        assert arrived.items == 1


@contextmanager
def time_of(now: int) -> Iterator[None]:
    """The wall clock stands."""
    with mock.patch("time.time_ns", return_value=now):
        yield
