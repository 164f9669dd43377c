"""The secrets that the stack makes: complete, private, renewed in time."""

from __future__ import annotations

import base64
import socket
import ssl
import stat
import threading
from pathlib import Path

import bcrypt
import pytest
import yaml

from botobs._ops.access import secrets
from botobs._ops.access.clients import ssl_context
from botobs._ops.errors import StackError


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


_USERS = {
    "web.yml": {"scrape", "operator", "collector"},
    "web-alertmanager.yml": {"operator", "notifier"},
    "web-exporter.yml": {"scrape", "operator"},
}


@pytest.mark.parametrize("file", _USERS)
def test_each_program_knows_who_has_business_there(made: Path, file: str) -> None:
    users = yaml.safe_load((made / file).read_text(encoding="utf-8"))["basic_auth_users"]
    assert set(users) == _USERS[file]
    for user, known in users.items():
        password = secrets.read_secret(made / f"{user}.password")
        assert bcrypt.checkpw(password.encode(), known.encode())
        assert password not in (made / file).read_text(encoding="utf-8")


def test_a_changed_password_reaches_the_web_configuration(tmp_path: Path) -> None:
    secrets.ensure(tmp_path / "s")
    secrets.write_secret(tmp_path / "s" / "operator.password", "another\n")
    secrets.ensure(tmp_path / "s")
    users = yaml.safe_load((tmp_path / "s" / "web.yml").read_text(encoding="utf-8"))["basic_auth_users"]
    assert bcrypt.checkpw(b"another", users["operator"].encode())


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


def test_the_collectors_header_follows_its_password(tmp_path: Path) -> None:
    for password in ("one", "another"):
        secrets.ensure(tmp_path / "s")
        secrets.write_secret(tmp_path / "s" / "collector.password", f"{password}\n")
        secrets.ensure(tmp_path / "s")
        kind, words = (tmp_path / "s" / "collector.authorization").read_text(encoding="utf-8").split(" ")
        assert (kind, base64.b64decode(words).decode()) == ("Basic", f"collector:{password}")


def test_a_secret_in_a_folder_below_is_looked_at_too(tmp_path: Path) -> None:
    secrets.ensure(tmp_path / "s")
    (tmp_path / "s" / "alertmanager").mkdir(mode=0o700)
    (tmp_path / "s" / "alertmanager" / "slack.url").touch(mode=0o640)
    with pytest.raises(StackError, match=r"slack\.url can be read by others \(mode 0640\)"):
        secrets.ensure(tmp_path / "s")
