"""The stack's certificates: renewed in time, extended by names, and others for services."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from botobs._ops.access import certificates
from botobs._ops.errors import StackError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    certificates.ensure(tmp_path)
    return tmp_path


def _held(folder: Path) -> dict[str, certificates.Certificate]:
    return {each.name: each for each in certificates.found(folder)}


def _loaded(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_commands_at_once_leave_pairs_that_belong_together(tmp_path: Path) -> None:
    hosts = [f"h{number}.example" for number in range(6)]
    with ThreadPoolExecutor(len(hosts)) as pool:
        list(pool.map(lambda host: certificates.add_hosts(tmp_path, [host]), hosts))
    assert sorted(certificates.added_hosts(tmp_path)) == hosts
    authority = _loaded(tmp_path / "ca.pem")
    for file in tmp_path.glob("*.key"):
        key = load_pem_private_key(file.read_bytes(), None)
        assert key.public_key() == _loaded(file.with_suffix(".pem")).public_key()
    for leaf in ("server", "client"):
        _loaded(tmp_path / f"{leaf}.pem").verify_directly_issued_by(authority)


def test_what_has_long_to_go_stays(folder: Path) -> None:
    before = _contents(folder)
    certificates.ensure(folder)
    assert _contents(folder) == before


@pytest.mark.parametrize("name", ["server", "client"])
def test_what_runs_out_soon_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(certificates, "LEAF_DAYS", certificates.RENEW_DAYS - 1)
        certificates.ensure(tmp_path)
    assert _held(tmp_path)[name].days_left < certificates.RENEW_DAYS
    authority = (tmp_path / "ca.pem").read_bytes()
    certificates.ensure(tmp_path)
    assert _held(tmp_path)[name].days_left > certificates.RENEW_DAYS
    assert (tmp_path / "ca.pem").read_bytes() == authority


def test_a_new_authority_signs_everything_anew(folder: Path) -> None:
    (folder / "ca.pem").unlink()
    certificates.ensure(folder)
    for leaf in ("server", "client"):
        _loaded(folder / f"{leaf}.pem").verify_directly_issued_by(_loaded(folder / "ca.pem"))


def test_an_authority_of_somebody_else_is_left_alone(folder: Path) -> None:
    """Its key is not here; what it has signed stays even where our names are missing."""
    (folder / "ca.key").unlink()
    before = _contents(folder)
    certificates.ensure(folder, ["metrics.internal"])
    assert _contents(folder) == before
    with pytest.raises(StackError, match=r"the authority's key .*ca\.key is not here"):
        certificates.renew(folder)
    (folder / "client.pem").unlink()
    with pytest.raises(StackError, match=r"client\.pem is to be signed"):
        certificates.ensure(folder)
    assert (folder / "ca.pem").read_bytes() == before["ca.pem"]


def test_renewal_keeps_names_and_authority(folder: Path) -> None:
    certificates.add_hosts(folder, ["metrics.internal"])
    before, authority = _held(folder), (folder / "ca.pem").read_bytes()
    serials = {leaf: _loaded(folder / f"{leaf}.pem").serial_number for leaf in ("server", "client")}
    certificates.renew(folder)
    assert {leaf: _loaded(folder / f"{leaf}.pem").serial_number for leaf in serials} != serials
    assert _held(folder)["server"].hosts == before["server"].hosts
    assert (folder / "ca.pem").read_bytes() == authority


def test_added_hosts_are_remembered(folder: Path) -> None:
    certificates.add_hosts(folder, ["metrics.internal", "10.1.2.3"])
    certificates.add_hosts(folder, ["2001:db8::1", "10.1.2.3"])
    assert certificates.added_hosts(folder) == ["metrics.internal", "10.1.2.3", "2001:db8::1"]
    certificates.ensure(folder)
    hosts = _held(folder)["server"].hosts
    assert set(hosts) >= {"metrics.internal", "10.1.2.3", "2001:db8::1", "localhost", "127.0.0.1"}


def test_hosts_given_with_the_start_get_into_the_certificate(folder: Path) -> None:
    certificates.ensure(folder, ["10.9.9.9"])
    assert "10.9.9.9" in _held(folder)["server"].hosts


@pytest.mark.parametrize(
    "host",
    [
        "",
        "*",
        "*.*",
        "a..b",
        "999.1.2.3",
        "1.2.3",
        "two words",
        "https://metrics.internal",
        "-x",
        "x" * 64,
        "é",
    ],
)
def test_what_is_no_host_is_refused(folder: Path, host: str) -> None:
    with pytest.raises(StackError, match="is neither a name nor an address"):
        certificates.add_hosts(folder, [host])
    assert certificates.added_hosts(folder) == []


def test_the_intake_has_an_authority_of_its_own(folder: Path) -> None:
    """What strangers reach holds no certificate that opens Tempo or Mimir."""
    certificates.ensure(folder)
    shown = _loaded(folder / "intake.pem")
    shown.verify_directly_issued_by(_loaded(folder / "intake-ca.pem"))
    for authority in ("ca.pem", "intake-ca.pem"):
        leaf = "client.pem" if authority == "intake-ca.pem" else "intake.pem"
        with pytest.raises(ValueError, match="does not match"):
            _loaded(folder / leaf).verify_directly_issued_by(_loaded(folder / authority))
    certificates.renew(folder)
    assert _loaded(folder / "intake.pem").serial_number != shown.serial_number


def test_services_have_an_authority_of_their_own(folder: Path) -> None:
    """One of the stack's would open Tempo and Mimir, which ask for nothing else."""
    certificate, key = certificates.issue_for_service(folder, "pnl", folder / "out")
    issued = _loaded(certificate)
    issued.verify_directly_issued_by(_loaded(folder / "services-ca.pem"))
    with pytest.raises(ValueError, match="does not match"):
        issued.verify_directly_issued_by(_loaded(folder / "ca.pem"))
    assert key.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("service", ["server", "ca", "services-ca", "intake"])
def test_no_certificate_of_the_stack_is_written_over(folder: Path, service: str) -> None:
    certificates.issue_for_service(folder, "pnl", folder / "issued")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(StackError, match="is there already"):
        certificates.issue_for_service(folder, service, folder)
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_service_gets_another_one_in_the_same_place(folder: Path) -> None:
    first = certificates.issue_for_service(folder, "pnl", folder / "issued")[0].read_bytes()
    assert certificates.issue_for_service(folder, "pnl", folder / "issued")[0].read_bytes() != first
    (folder / "issued" / "pnl.pem").unlink()
    # A key without a certificate may be anybody's.
    with pytest.raises(StackError, match=r"pnl\.key is there already"):
        certificates.issue_for_service(folder, "pnl", folder / "issued")
