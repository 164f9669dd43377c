"""What could not be delivered is kept on disk, and nothing else on that disk is touched."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from opentelemetry import metrics

import botobs
from botobs._sdk.export import spool_folder
from botobs._sdk.export.priority import Priority
from botobs._sdk.export.spool import Spool
from botobs._sdk.export.store import Batch
from testbed.otlp_receiver import OtlpReceiver, Reply
from tests.support.waiting import eventually

# Without the file locks of POSIX the spool refuses, which is tested here by taking them away.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the spool needs the file locks of POSIX"),
]

Init = Callable[..., botobs.Handle]
PATIENCE = 60.0
DAY = 86400.0


def record(name: str, times: int = 1) -> None:
    for _ in range(times):
        with botobs.span(name):
            pass


def batch(body: bytes = b"body", signal: str = "traces") -> Batch:
    return Batch(signal, Priority.NORMAL, body, 1)


def bodies(spool: Spool) -> list[bytes]:
    """Everything that waits, taken out."""
    found = []
    while (oldest := spool.oldest("traces")) is not None:
        found.append(oldest.body)
        spool.remove(oldest)
    return found


def crash(spool: Spool) -> None:
    """What the end of a process does: its descriptors are closed, and nothing else."""
    spool.after_fork()


@pytest.fixture
def spooled(init: Init, tmp_path: Path) -> Init:
    def call(**arguments: object) -> botobs.Handle:
        return init(spool_dir=tmp_path / "spool", span_interval=0.02, **arguments)

    return call


class TestDelivery:
    """What waits on disk arrives once the collector answers, in order."""

    def test_across_processes_lives_in_order_and_once(self, spooled: Init, receiver: OtlpReceiver) -> None:
        receiver.reply = Reply(503)
        for life in range(3):
            handle = spooled(service_name=f"life{life}")
            for number in range(3):
                record(f"{life}.{number}")
                handle.flush(2.0)
            handle.shutdown(2.0)
        assert receiver.span_names == []
        receiver.reply = Reply()
        handle = spooled()
        record("after")
        assert handle.flush(PATIENCE)
        assert receiver.span_names == [f"{life}.{number}" for life in range(3) for number in range(3)] + [
            "after"
        ]
        assert handle.shutdown()
        assert len(receiver.span_names) == 10

    def test_it_is_private_and_nothing_stays_after_delivery(
        self, spooled: Init, receiver: OtlpReceiver, tmp_path: Path
    ) -> None:
        receiver.reply = Reply(503)
        handle = spooled()
        record("waits")
        handle.flush(2.0)
        assert handle._pipeline.spool_bytes > 0
        assert list((tmp_path / "spool").rglob("*.otlp"))
        for path in [tmp_path / "spool", *(tmp_path / "spool").rglob("*")]:
            assert path.stat().st_mode & 0o077 == 0, path
        receiver.reply = Reply()
        assert handle.flush(PATIENCE)
        assert handle._pipeline.spool_bytes == 0
        handle.shutdown()
        # Beside the orders' journals, if something that sends orders is imported.
        left = {str(path.relative_to(tmp_path / "spool")) for path in (tmp_path / "spool").rglob("*")}
        assert left - {"botobs-orders"} == {"botobs-spool"}

    def test_what_hangs_at_the_end_is_kept(self, spooled: Init, receiver: OtlpReceiver) -> None:
        hold = threading.Event()
        handle = spooled(export_timeout=3600, metric_interval=3600)
        receiver.hold = hold
        record("in flight")
        eventually(lambda: receiver.holding)
        record("behind it")
        handle.shutdown(2.0)
        receiver.hold = None
        hold.set()
        assert spooled(service_name="next").flush(PATIENCE)
        assert receiver.span_names == ["in flight", "behind it"]

    def test_a_project_that_names_its_own_folder(
        self,
        start: Callable[..., subprocess.Popen[str]],
        environment: dict[str, str],
        receiver: OtlpReceiver,
        tmp_path: Path,
    ) -> None:
        """Whole processes, one after the other, with and without a collector."""
        project = {name: tmp_path / name for name in ("conf/bot.toml", "logs/bot.log", ".git/config")}
        for name, file in project.items():
            file.parent.mkdir()
            file.write_text(name)
        (tmp_path / "botobs.toml").write_text("spool_dir = '.'\n")
        program = Path(__file__).parent / "programs" / "own_name.py"
        names = {"first": "http://127.0.0.1:9", "second": "http://127.0.0.1:9", "third": receiver.endpoint}
        for name, endpoint in names.items():
            ended = start(program, name, BOTOBS_ENDPOINT=endpoint)
            ended.communicate()
            assert ended.returncode == 0
        assert receiver.span_names == list(names)
        assert {name: file.read_text() for name, file in project.items()} == {name: name for name in project}


class TestBounds:
    """In bytes and in age."""

    def test_metrics_that_are_too_large_cost_no_order(self, spooled: Init, receiver: OtlpReceiver) -> None:
        receiver.reply = Reply(503)
        handle = spooled(spool_bytes=20_000, metric_interval=3600)
        record("create_order binance", 5)
        handle.flush(1.0)
        counter = metrics.get_meter("large").create_counter("large")
        for number in range(500):
            counter.add(1, {"padding": f"{number:0>100}"})
        handle.flush(1.0)
        receiver.reply = Reply()
        assert handle.flush(PATIENCE)
        assert receiver.span_names.count("create_order binance") == 5

    def test_bounded_in_bytes_with_orders_last_to_go(
        self, spooled: Init, receiver: OtlpReceiver, tmp_path: Path
    ) -> None:
        receiver.reply = Reply(503)
        handle = spooled(spool_bytes=20_000, metric_interval=3600)
        record("create_order binance", 5)
        for _ in range(30):
            record("fetch_ticker binance", 20)
            handle.flush(1.0)
        files = list((tmp_path / "spool").rglob("*.otlp"))
        assert sum(file.stat().st_size for file in files) <= 20_000
        assert handle.counts.dropped["traces", "bulk", "spool_full"] > 0
        receiver.reply = Reply()
        assert handle.flush(PATIENCE)
        assert receiver.span_names.count("create_order binance") == 5
        lost = handle.counts.dropped["traces", "bulk", "spool_full"]
        assert receiver.span_names.count("fetch_ticker binance") == 600 - lost

    def test_what_is_taken_over_is_bounded_and_the_rest_is_taken_later(self, tmp_path: Path) -> None:
        """Eight workers that crashed left eight times what one may hold: whoever starts first gives up none of it."""
        for worker in range(8):
            crashed = Spool(tmp_path, 10_000, DAY)
            # All at once, or each would take over its predecessor's.
            crashed._directory.mkdir(exist_ok=True)
            for number in range(9):
                assert crashed.add(batch(f"{worker}.{number}".encode().ljust(1000))) == []
            crash(crashed)
            for folder in (tmp_path / "botobs-spool").iterdir():
                folder.rename(tmp_path / f"aside{worker}")
        for worker in range(8):
            (tmp_path / f"aside{worker}").rename(tmp_path / "botobs-spool" / f"{worker:032x}")
        spool = Spool(tmp_path, 10_000, DAY)
        found: list[bytes] = []
        while not spool.empty or len(found) < 72:
            assert spool.bytes <= 10_000
            found += bodies(spool)
            spool._look_at = 0.0
            assert spool.expire() == []
        assert sorted(found) == sorted(
            f"{worker}.{number}".encode().ljust(1000) for worker in range(8) for number in range(9)
        )
        spool.close()
        assert list((tmp_path / "botobs-spool").iterdir()) == []

    def test_bounded_in_age(self, spooled: Init, receiver: OtlpReceiver) -> None:
        receiver.reply = Reply(503)
        handle = spooled(spool_age=0.5, metric_interval=3600)
        record("old")
        handle.flush(1.0)
        eventually(lambda: handle.counts.dropped["traces", "normal", "expired"] == 1)
        receiver.reply = Reply()
        assert handle.flush(PATIENCE)
        assert receiver.span_names == []

    @pytest.mark.parametrize("step", [-2 * DAY, 2 * DAY, 400 * DAY], ids=["back", "forth", "far"])
    def test_a_clock_that_is_put_right_expires_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: float
    ) -> None:
        spool = Spool(tmp_path, 10_000, DAY)
        spool.add(batch(b"before"))
        real = time.time_ns
        monkeypatch.setattr(time, "time", lambda: real() / 1e9 + step)
        monkeypatch.setattr(time, "time_ns", lambda: real() + int(step * 1e9))
        spool.add(batch(b"after"))
        assert spool.expire() == []
        crash(spool)
        successor = Spool(tmp_path, 10_000, DAY)
        assert successor.expire() == []
        assert sorted(bodies(successor)) == [b"after", b"before"]
        successor.close()


class TestProcesses:
    """Each has a folder of its own, and its lock."""

    def test_those_that_live_do_not_mix(self, tmp_path: Path) -> None:
        first, second = (Spool(tmp_path, 10_000, DAY) for _ in range(2))
        first.add(batch(b"first"))
        assert second.oldest("traces") is None
        second.add(batch(b"second"))
        found = first.oldest("traces")
        assert found is not None
        assert found.body == b"first"
        first.close()
        third = Spool(tmp_path, 10_000, DAY)
        assert bodies(third) == [b"first"]
        third.close()
        assert bodies(second) == [b"second"]
        second.close()

    def test_those_that_start_together_have_each_its_lock(self, tmp_path: Path, long: bool) -> None:
        """Some find folders of crashed ones, some do not; in the middle of it others end."""
        program = Path(__file__).parent / "programs" / "spool_worker.py"
        for _ in range(20 if long else 2):
            for _ in range(3):
                abandoned = Spool(tmp_path, 10_000, DAY)
                abandoned.add(batch())
                crash(abandoned)
            workers = [
                subprocess.Popen(
                    [sys.executable, str(program), str(tmp_path)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
                for _ in range(8)
            ]
            try:
                for worker in workers:
                    assert worker.stdout is not None
                    assert worker.stdout.readline() == "ready\n"
                for worker in workers:
                    assert worker.stdin is not None
                    worker.stdin.write("go\n")
                    worker.stdin.flush()
                own = [worker.stdout.readline().strip() for worker in workers if worker.stdout is not None]
                # All of them live: a folder that can be taken now has lost its lock.
                assert len(set(own)) == 8
                base = spool_folder.open_base(tmp_path)
                assert [folder.name for folder in spool_folder.Folder.abandoned(base)] == []
                os.close(base)
            finally:
                for worker in workers:
                    worker.communicate("end\n")
        last = Spool(tmp_path, 10_000, DAY)
        bodies(last)
        last.close()
        assert list((tmp_path / "botobs-spool").iterdir()) == []

    def test_a_forked_child_leaves_its_parents_folder_alone(self, tmp_path: Path) -> None:
        program = Path(__file__).parent / "programs" / "spool_fork.py"
        done = subprocess.run(
            [sys.executable, str(program), str(tmp_path)], capture_output=True, text=True, check=True
        )
        assert done.stdout.split("\n") == [
            "the child waits with nothing",
            "the parent's lock is held after the child's end",
            "the parent waits with b'parent'",
            "",
        ]


@contextmanager
def no_room(limit: int = 0) -> Iterator[None]:
    """The kernel refuses to write more than `limit` bytes into a file."""
    # Not there on Windows, where the whole file is left out.
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


class TestRefusals:
    """What the disk does not take waits in memory; nobody is hurt, and one line says so."""

    def test_a_full_disk_leaves_no_litter_and_loses_nothing_that_memory_can_hold(
        self, tmp_path: Path
    ) -> None:
        spool = Spool(tmp_path, 10_000, DAY)
        spool.add(batch(b"on disk"))
        before = sorted(tmp_path.rglob("*"))
        with no_room():
            assert spool.add(batch(b"in memory")) == []
            assert spool.full("traces")
            for _ in range(3):
                assert spool.add(batch(b"too much")) == [("spool_full", Priority.NORMAL, "traces", 1)]
            assert spool.add(batch(b"points", "metrics")) == [("spool_full", Priority.NORMAL, "metrics", 1)]
            assert sorted(tmp_path.rglob("*")) == before
        assert bodies(spool) == [b"on disk", b"in memory"]
        assert not spool.full("traces")
        spool.close()

    def test_a_disk_that_is_full_at_the_start(self, tmp_path: Path) -> None:
        """What waits on it is delivered all the same."""
        crashed = Spool(tmp_path, 10_000, DAY)
        crashed.add(batch(b"waits"))
        crash(crashed)
        with no_room():
            spool = Spool(tmp_path, 10_000, DAY)
            assert bodies(spool) == [b"waits"]
            spool.close()
            fresh = Spool(tmp_path / "new", 10_000, DAY)
            assert fresh.empty
            assert fresh.disk_error
            assert not fresh.durable
        assert list((tmp_path / "new" / "botobs-spool").iterdir()) == []
        fresh.close()

    def test_a_half_that_a_crash_left_is_removed(self, tmp_path: Path) -> None:
        crashed = Spool(tmp_path, 10_000, DAY)
        crashed.add(batch(b"whole"))
        (whole,) = tmp_path.rglob("*.otlp")
        half = whole.with_name(whole.name + ".part")
        half.write_bytes(b"who")
        crash(crashed)
        spool = Spool(tmp_path, 10_000, DAY)
        assert bodies(spool) == [b"whole"]
        assert not half.exists()
        spool.close()

    @pytest.mark.parametrize("damage", ["cut", "zeros", "random", "folder", "link", "gone", "forbidden"])
    def test_a_damaged_batch_stands_in_nobodys_way(self, tmp_path: Path, damage: str) -> None:
        """What is still a file is sent, and refused as no OTLP by who takes it; what is none is counted as lost."""
        crashed = Spool(tmp_path, 10_000, DAY)
        for body in (b"one", b"damaged", b"three"):
            crashed.add(batch(body))
        (file,) = (each for each in tmp_path.rglob("*.otlp") if each.read_bytes() == b"damaged")
        crash(crashed)
        spool = Spool(tmp_path, 10_000, DAY)
        assert not spool.empty
        (file,) = (each for each in tmp_path.rglob("*.otlp") if each.read_bytes() == b"damaged")
        content = {"cut": b"", "zeros": bytes(7), "random": b"\xff\x01\x80"}.get(damage)
        if content is not None:
            file.write_bytes(content)
        elif damage == "forbidden":
            file.chmod(0)
        else:
            file.unlink()
            if damage == "folder":
                file.mkdir()
            elif damage == "link":
                file.symlink_to(tmp_path / "elsewhere")
        found = bodies(spool)
        assert [body for body in found if body in (b"one", b"three")] == [b"one", b"three"]
        readable = content is not None or (damage == "forbidden" and os.geteuid() == 0)
        expected = [] if readable else [("spool_unreadable", Priority.NORMAL, "traces", 1)]
        assert (spool.expire(), spool.expire()) == (expected, [])
        assert len(found) == 3 - len(expected)
        spool.close()

    def test_without_a_directory_everything_works_but_for_the_keeping(
        self, init: Init, receiver: OtlpReceiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "file").write_text("no directory")
        handle = init(spool_dir=tmp_path / "file" / "spool", metric_interval=3600)
        receiver.reply = Reply(503)
        record("first")
        handle.flush(2.0)
        receiver.reply = Reply()
        record("second")
        assert handle.flush()
        assert receiver.span_names == ["first", "second"]
        assert handle.counts.dropped.total() == 0
        assert receiver.last_value("botobs.sdk.spool.refused") == 1
        lines = [line.getMessage() for line in caplog.records if line.name == "botobs"]
        assert len(lines) == 1
        assert lines[0].startswith(f"spool_dir, {tmp_path}/file/spool, cannot be used: ")
        assert (tmp_path / "file").read_text() == "no directory"

    def test_the_metric_is_zero_where_it_can_be_used(self, spooled: Init, receiver: OtlpReceiver) -> None:
        assert spooled().flush()
        assert receiver.last_value("botobs.sdk.spool.refused") == 0

    @pytest.mark.parametrize("what", ["file", "link", "dangling link", "pipe"])
    def test_a_subfolder_that_is_none(self, tmp_path: Path, what: str) -> None:
        (tmp_path / "precious").mkdir()
        (tmp_path / "precious" / "key").write_text("key")
        subfolder = tmp_path / "botobs-spool"
        match what:
            case "file":
                subfolder.write_text("mine")
            case "link":
                subfolder.symlink_to("precious")
            case "dangling link":
                subfolder.symlink_to("nowhere")
            case "pipe":
                os.mkfifo(subfolder)
        spool = Spool(tmp_path, 10_000, DAY)
        assert spool.empty
        assert spool.disk_error
        assert spool.add(batch(b"in memory")) == []
        assert bodies(spool) == [b"in memory"]
        spool.close()
        assert [path.name for path in (tmp_path / "precious").iterdir()] == ["key"]
        assert sorted(path.name for path in tmp_path.iterdir()) == ["botobs-spool", "precious"]

    def test_folders_and_files_of_another_user(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        theirs = Spool(tmp_path, 10_000, DAY)
        theirs.add(batch(b"theirs"))
        crash(theirs)
        before = sorted(tmp_path.rglob("*"))
        me = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: me + 1)
        spool = Spool(tmp_path, 10_000, DAY)
        assert spool.oldest("traces") is None
        assert "belongs to another user" in spool.disk_error
        spool.close()
        assert sorted(tmp_path.rglob("*")) == before

    def test_a_system_without_the_locks_of_posix(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(spool_folder, "fcntl", None)
        spool = Spool(tmp_path / "spool", 10_000, DAY)
        assert spool.add(batch(b"in memory")) == []
        assert "no file locks" in spool.disk_error
        assert bodies(spool) == [b"in memory"]
        spool.close()
        assert list(tmp_path.iterdir()) == []

    def test_a_volume_with_its_own_folder(self, tmp_path: Path) -> None:
        """ext4 makes `lost+found`, which only root may read, in the root of each volume."""
        (tmp_path / "lost+found").mkdir(mode=0o000)
        spool = Spool(tmp_path, 10_000, DAY)
        assert spool.add(batch(b"kept")) == []
        assert spool.durable
        crash(spool)
        assert [file.read_bytes() for file in tmp_path.rglob("*.otlp")] == [b"kept"]
        assert stat.S_IMODE((tmp_path / "lost+found").stat().st_mode) == 0
