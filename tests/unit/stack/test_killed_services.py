"""A stack tells of killed services on its machine, and delivers what they had in flight: theirs alone."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import pytest
from opentelemetry.trace import SpanContext, TraceFlags

from botobs._demo import services
from botobs._ops.access import tokens
from botobs._ops.home.home import Home
from botobs._ops.stack.killed_services import KilledServices
from botobs._sdk.export import journal_file
from botobs._sdk.export.destination import address, stack_at
from botobs._sdk.export.journal_file import JournalFile, announce
from botobs._sdk.export.submission_spans import encode_resource
from botobs._sdk.orders.journal import Journal, write_header
from botobs._sdk.redaction import Redactor
from botobs._sdk.settings.stack_file import state_folder
from testbed.otlp_receiver import OtlpReceiver, Reply, attributes

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the journal's file needs the file locks of POSIX"
)

SPAN = SpanContext(2**127 + 1, 2**63 + 1, False, TraceFlags(TraceFlags.SAMPLED))
ID = "exchange.order.client_id"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "botobs"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """With two tokens: that of the local services, and one of another's."""
    made = Home(tmp_path / "home")
    made.create()
    for name, owner in (("local-token-of-this-stack", tokens.LOCAL), ("token-of-another-service", "other")):
        tokens.add(made.secrets, tokens.Token(name, owner, "2026-01-01"))
    return made


def left_by_a_killed_process(directory: Path, destination: str, *ids: str, resource: bytes = b"") -> Path:
    """A journal as a kill leaves it; returns its folder."""
    file = JournalFile(directory)
    write_header(file.memory, 0, destination, resource)
    journal = Journal()
    journal.start(lambda: None)
    journal.use(file.memory)
    for identity in ids:
        journal.submitted(SPAN, {ID: identity})
    name = file._folder.name
    # What the end of a process does: its descriptors are closed, and nothing else.
    file.forget()
    return directory / journal_file.SUBFOLDER / name


def delivered(receiver: OtlpReceiver) -> dict[str, str]:
    """The orders that have come, with whose token."""
    found = {}
    for request in (one for one in receiver.accepted if one.path == "/v1/traces"):
        headers = {name.lower(): value for name, value in request.headers.items()}
        for scope in receiver_spans(request.body):
            found[attributes(scope)[ID]] = headers["authorization"].removeprefix("Bearer ")
    return found


def receiver_spans(body: bytes) -> list[object]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    spans = ExportTraceServiceRequest.FromString(body).resource_spans
    return [span for one in spans for scope in one.scope_spans for span in scope.spans]


def test_each_with_the_token_of_its_service(receiver: OtlpReceiver, state: Path, home: Home) -> None:
    endpoint = receiver.endpoint
    folders = [
        left_by_a_killed_process(state, stack_at(home.path), "found"),
        left_by_a_killed_process(state, stack_at(), "looked"),
        left_by_a_killed_process(state, address(endpoint, "token-of-another-service", {}), "other"),
        left_by_a_killed_process(state, address(endpoint, str(home.secrets / "service.token"), {}), "file"),
    ]
    KilledServices(home, endpoint, published=True).look()
    assert delivered(receiver) == {
        "found": "local-token-of-this-stack",
        "looked": "local-token-of-this-stack",
        "other": "token-of-another-service",
        "file": "local-token-of-this-stack",
    }
    assert not any(folder.exists() for folder in folders)


def test_a_death_is_told_once_whether_orders_were_in_flight_or_not(
    receiver: OtlpReceiver, state: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the collector is away at first; not of one that was killed before the machine was started."""
    before = left_by_a_killed_process(state, stack_at(home.path), "old", resource=process_of("before"))
    monkeypatch.setattr(journal_file, "_booted", lambda: time.time() + 60)
    stack = KilledServices(home, receiver.endpoint, published=False)
    stack.look()
    assert not before.exists()
    monkeypatch.undo()
    monkeypatch.setenv("XDG_STATE_HOME", str(state.parent))
    receiver.reply = Reply(503)
    left_by_a_killed_process(state, stack_at(home.path), resource=process_of("idle"))
    left_by_a_killed_process(state, stack_at(home.path), "one", resource=process_of("busy"))
    left_by_a_killed_process(state, stack_at("/another/home"), resource=process_of("of another stack"))
    # Its lock may not reach here; the order is delivered all the same.
    left_by_a_killed_process(
        state, stack_at(home.path), "two", resource=process_of("elsewhere", "another-host")
    )
    stack.look()
    receiver.reply = Reply()
    for _ in range(3):
        stack.look()
    deaths = receiver.points("botobs.service.death.timestamp")
    assert sorted(resource["service.instance.id"] for resource, _, _ in deaths) == ["busy", "idle"]
    assert sorted(delivered(receiver)) == ["old", "one", "two"]


def process_of(identity: str, host: str = socket.gethostname()) -> bytes:
    """An encoded resource."""
    named = {"service.name": "engine", "service.instance.id": identity, "host.name": host}
    return bytes(encode_resource(named, Redactor()).SerializeToString())


def test_what_is_meant_for_others_stays(receiver: OtlpReceiver, state: Path, home: Home) -> None:
    folders = [
        left_by_a_killed_process(state, stack_at("/another/home"), "a"),
        left_by_a_killed_process(state, stack_at(), "b"),
        left_by_a_killed_process(state, address(receiver.endpoint, "a token that is not let in", {}), "c"),
        left_by_a_killed_process(state, address("https://elsewhere", "local-token-of-this-stack", {}), "d"),
        left_by_a_killed_process(
            state, address(receiver.endpoint, "local-token-of-this-stack", {"X-Scope": "x"}), "e"
        ),
    ]
    KilledServices(home, receiver.endpoint, published=False).look()
    assert receiver.requests == []
    assert all(folder.exists() for folder in folders)


def test_it_is_kept_until_the_collector_takes_it(receiver: OtlpReceiver, state: Path, home: Home) -> None:
    folder = left_by_a_killed_process(state, stack_at(home.path), "one")
    receiver.reply = Reply(503)
    stack = KilledServices(home, receiver.endpoint, published=False)
    stack.look()
    assert folder.exists()
    receiver.reply = Reply()
    stack.look()
    assert list(delivered(receiver)) == ["one"]
    assert not folder.exists()


def test_other_directories_are_known_by_a_note(
    receiver: OtlpReceiver, state: Path, home: Home, tmp_path: Path
) -> None:
    left_by_a_killed_process(tmp_path / "volume", stack_at(home.path), "on a volume")
    announce(state, tmp_path / "volume")
    announce(state, tmp_path / "volume")
    announce(state, tmp_path / "gone")
    KilledServices(home, receiver.endpoint, published=False).look()
    assert list(delivered(receiver)) == ["on a volume"]
    assert len(list((state / journal_file.SUBFOLDER).glob("*.where"))) == 1


def test_services_of_the_stack_alone_have_a_folder_in_its_home(
    receiver: OtlpReceiver, state: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo's have, wherever its user keeps his state: another demo must not take over their orders."""
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere/else")
    own = state_folder(services._environ(home))
    assert own.is_relative_to(home.path)
    left_by_a_killed_process(own, stack_at(home.path), "of the demo")
    KilledServices(home, receiver.endpoint, published=False).look()
    assert list(delivered(receiver)) == ["of the demo"]


def test_what_is_not_ours_is_not_touched(
    receiver: OtlpReceiver, state: Path, home: Home, tmp_path: Path
) -> None:
    """A link in the place of a folder, a file or a note; a folder without marker; a file that is no journal."""
    base = state / journal_file.SUBFOLDER
    left = left_by_a_killed_process(tmp_path / "elsewhere", stack_at(home.path), "through a link")
    base.mkdir(parents=True)
    (base / ("a" * 32)).symlink_to(left)
    (base / ("b" * 32)).mkdir()
    (base / ("b" * 32) / "lock").write_text("somebody's")
    (base / ("b" * 32) / "journal").write_bytes((left / "journal").read_bytes())
    (tmp_path / "note").write_text(str(tmp_path / "elsewhere"))
    (base / ("c" * 32 + ".where")).symlink_to(tmp_path / "note")
    KilledServices(home, receiver.endpoint, published=True).look()
    assert receiver.requests == []
    assert (left / "journal").exists()
    assert (base / ("b" * 32) / "journal").exists()
    assert (tmp_path / "note").exists()


def test_nothing_to_look_at(state: Path, home: Home) -> None:
    KilledServices(home, "http://127.0.0.1:9", published=True).look()
    assert not state.exists()


def test_it_is_given_up_after_a_week(
    receiver: OtlpReceiver, state: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = left_by_a_killed_process(state, stack_at("/another/home"), "old")
    KilledServices(home, receiver.endpoint, published=False).look()
    assert folder.exists()
    monkeypatch.setattr(journal_file, "_KEPT", -60.0)
    KilledServices(home, receiver.endpoint, published=False).look()
    assert not folder.exists()


def test_a_service_that_dies_again_and_again_does_not_fill_the_disk(
    state: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_file, "_MOST_LEFT", 2)
    ordered = [left_by_a_killed_process(state, stack_at(home.path), f"id-{number}") for number in range(4)]
    for _ in range(4):
        left_by_a_killed_process(state, stack_at(home.path))
    JournalFile(state).close(keep=False)
    assert all(file.exists() for file in ordered)
    assert 4 <= len(list((state / journal_file.SUBFOLDER).iterdir())) <= 6


def test_descriptors_are_closed(receiver: OtlpReceiver, state: Path, home: Home) -> None:
    for number in range(20):
        left_by_a_killed_process(state, stack_at(home.path if number % 2 else "/another"), str(number))
    stack = KilledServices(home, receiver.endpoint, published=False)
    stack.look()
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(10):
        stack.look()
    # Fewer where the garbage collector closes what an earlier test has left.
    assert len(list(Path("/dev/fd").iterdir())) <= before
