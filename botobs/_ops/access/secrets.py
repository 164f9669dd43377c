"""Makes and keeps the stack's secrets: a development CA with its certificates, passwords and tokens.

Everything is a file with mode 0600 in a folder with mode 0700; nothing is ever passed on a command line.
"""

from __future__ import annotations

import base64
import re
import secrets as random_secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import bcrypt

from ..errors import StackError
from ..home.locks import exclusive
from ..home.private import check_permissions, make_folder, read_secret, write_secret
from . import people, tokens

__all__ = ["USERS", "check_permissions", "ensure", "read_secret", "write_secret"]

#: Who asks whom, by the program's web configuration: Prometheus itself, people and the collector ask Prometheus;
#: people, and who evaluates rules, Alertmanager; Prometheus and people the exporters.
WEB_USERS = {
    "web.yml": ("scrape", "operator", "collector"),
    "web-alertmanager.yml": ("operator", "notifier"),
    "web-exporter.yml": ("scrape", "operator"),
}
#: Where operators are users too, under their own names.
_FOR_PEOPLE = ("web.yml", "web-alertmanager.yml")
USERS = tuple(dict.fromkeys(user for users in WEB_USERS.values() for user in users))
_LONGEST_PASSWORD = 72
#: How names of secrets end that are files.
_OF_FILES = frozenset({".authorization", ".key", ".lock", ".password", ".pem", ".token", ".tokens", ".yml"})


def ensure(folder: Path, extra_hosts: Iterable[str] = ()) -> None:
    """Make whatever is missing in `folder`; what is there stays.

    Args:
        folder: The home's `secrets/`.
        extra_hosts: Further names or addresses that the server certificate must hold.

    Raises:
        StackError: A secret can be read by others, is empty, or cannot be read.
    """
    # The library behind certificates takes a tenth of a command's start; most commands only read.
    from . import certificates

    make_folder(folder)
    check_permissions(folder)
    for each in folder.iterdir():
        if each.is_dir() and (each.suffix in _OF_FILES or each.name == "grafana-secret-key"):
            raise StackError(
                f"the secret {each} is a folder", "Move it away: what botobs makes is then made anew."
            )
    certificates.ensure(folder, extra_hosts)
    # Two processes at once would leave the password of one beside the hash of the other's.
    with exclusive(folder / ".secrets.lock"):
        for user in USERS:
            _ensure_random(folder / f"{user}.password")
        _write_authorization(folder)
        for database_user in ("postgres", "exporter", "demo"):
            _ensure_random(folder / f"database-{database_user}.password")
        _ensure_random(folder / "grafana-admin.password")
        _ensure_random(folder / "grafana-secret-key")
        tokens.ensure_local(folder)
        for file, users in WEB_USERS.items():
            _write_web_config(folder, file, users)


def _ensure_random(path: Path) -> None:
    if not path.exists():
        write_secret(path, random_secrets.token_urlsafe(32) + "\n")


def _write_authorization(folder: Path) -> None:
    """The collector's header for its own metrics, whose sender knows no user and password."""
    words = f"collector:{read_secret(folder / 'collector.password')}"
    # No line end: the collector takes a file as it is.
    header = f"Basic {base64.b64encode(words.encode()).decode()}"
    target = folder / "collector.authorization"
    if not target.exists() or read_secret(target) != header:
        write_secret(target, header)


def _write_web_config(folder: Path, file: str, users: Sequence[str]) -> None:
    """The web configuration of a program of Prometheus' family: TLS, and the users with bcrypt hashes.

    https://prometheus.io/docs/prometheus/latest/configuration/https/
    """
    target = folder / file
    passwords = {user: read_secret(folder / f"{user}.password").encode() for user in users}
    for user, password in passwords.items():
        if len(password) > _LONGEST_PASSWORD:
            raise StackError(
                f"{folder / user}.password is longer than the {_LONGEST_PASSWORD} bytes that bcrypt takes"
            )
    operators = _operators(folder) if file in _FOR_PEOPLE else {}
    if target.exists():
        kept = target.read_text(encoding="utf-8")
        known = dict(re.findall(r'^  "(\w+)": (\$2\S+)$', kept, re.MULTILINE))
        known = {user: hashed for user, hashed in known.items() if user in passwords}
        if (
            list(known) == list(passwords)
            and kept == _web_config(known | operators)
            and all(bcrypt.checkpw(password, known[user].encode()) for user, password in passwords.items())
        ):
            return
    # Each request is checked against the hash: a higher cost would slow every scrape, and the passwords are random.
    hashed = {user: bcrypt.hashpw(word, bcrypt.gensalt(5)).decode() for user, word in passwords.items()}
    write_secret(target, _web_config(hashed | operators))


def _operators(folder: Path) -> dict[str, str]:
    """The hashes of the passwords of people who may do more than look, by name."""
    return {each.name: each.hashed for each in people.everyone(folder) if each.role is people.Role.OPERATOR}


def _web_config(hashes: Mapping[str, str]) -> str:
    # In quotes: names may look like numbers.
    users = "".join(f'  "{user}": {hashed}\n' for user, hashed in hashes.items())
    return (
        "tls_server_config:\n"
        "  cert_file: server.pem\n"
        "  key_file: server.key\n"
        "  min_version: TLS12\n"
        f"basic_auth_users:\n{users}"
    )
