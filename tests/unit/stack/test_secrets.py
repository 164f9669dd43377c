"""The secrets that the stack makes: complete, private, renewed in time."""

from __future__ import annotations

import datetime
import socket
import ssl
import stat
import threading
from pathlib import Path

import bcrypt
import pytest
import yaml
from cryptography import x509

from botobs.stack import StackError, secrets
from botobs.stack.clients import ssl_context


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of fresh secrets; tests do not change it."""
    folder = tmp_path_factory.mktemp("made") / "secrets"
    secrets.ensure(folder)
    return folder


def test_nobody_else_can_read_them(made: Path) -> None:
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in made.iterdir()} == {0o600}


def test_a_second_run_keeps_everything(made: Path) -> None:
    before = {file.name: file.read_bytes() for file in made.iterdir()}
    secrets.ensure(made)
    assert {file.name: file.read_bytes() for file in made.iterdir()} == before


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secrets.ensure(tmp_path / "s")
    (tmp_path / "s" / "service.token").chmod(0o644)
    with pytest.raises(StackError, match=r"service\.token can be read by others \(mode 0644\)"):
        secrets.ensure(tmp_path / "s")


def test_the_web_configuration_holds_the_passwords_hashes(made: Path) -> None:
    users = yaml.safe_load((made / "web.yml").read_text(encoding="utf-8"))["basic_auth_users"]
    assert set(users) == {"scrape", "operator", "collector"}
    for user, known in users.items():
        password = secrets.read_secret(made / f"{user}.password")
        assert bcrypt.checkpw(password.encode(), known.encode())
        assert password not in (made / "web.yml").read_text(encoding="utf-8")


def test_a_changed_password_reaches_the_web_configuration(tmp_path: Path) -> None:
    secrets.ensure(tmp_path / "s")
    secrets.write_secret(tmp_path / "s" / "operator.password", "another\n")
    secrets.ensure(tmp_path / "s")
    users = yaml.safe_load((tmp_path / "s" / "web.yml").read_text(encoding="utf-8"))["basic_auth_users"]
    assert bcrypt.checkpw(b"another", users["operator"].encode())


def test_a_certificate_that_runs_out_soon_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "LEAF_DAYS", secrets.RENEW_DAYS - 1)
    secrets.ensure(tmp_path / "s")
    short = _server(tmp_path / "s")
    monkeypatch.undo()
    secrets.ensure(tmp_path / "s")
    assert _server(tmp_path / "s").not_valid_after_utc > short.not_valid_after_utc + datetime.timedelta(
        days=300
    )


def test_a_new_host_gets_into_the_certificate(tmp_path: Path) -> None:
    secrets.ensure(tmp_path / "s")
    secrets.ensure(tmp_path / "s", extra_hosts=["metrics.internal", "10.1.2.3"])
    names = _server(tmp_path / "s").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "metrics.internal" in names.get_values_for_type(x509.DNSName)
    assert "10.1.2.3" in [str(each) for each in names.get_values_for_type(x509.IPAddress)]


def test_server_and_client_trust_each_other_over_a_real_socket(made: Path) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(made / "ca.pem"))
    server.load_cert_chain(made / "server.pem", made / "server.key")
    server.verify_mode = ssl.CERT_REQUIRED
    # Python 3.13 and newer check this strictly by default; older ones when told to.
    server.verify_flags |= ssl.VERIFY_X509_STRICT
    client = ssl_context(made)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with server.wrap_socket(connection, server_side=True) as secure:
                secure.sendall(secure.recv(5))

        thread = threading.Thread(target=serve)
        thread.start()
        address = listener.getsockname()
        with (
            socket.create_connection(address) as plain,
            client.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        ):
            secure.sendall(b"hello")
            assert secure.recv(5) == b"hello"
        thread.join()


def _server(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / "server.pem").read_bytes())
