"""Makes and keeps the stack's secrets: a development CA with its certificates, passwords and tokens.

Everything is a file with mode 0600 in a folder with mode 0700; nothing is ever passed on a command line.
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import os
import secrets as random_secrets
from collections.abc import Iterable
from pathlib import Path

import bcrypt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .errors import StackError

#: Who may ask Prometheus, Alertmanager and the exporters: Prometheus itself, people, and the collector.
USERS = ("scrape", "operator", "collector")

#: Names under which the parts are reached: natively, and as services of docker-compose.yml.
HOSTS = (
    "localhost", "collector", "prometheus", "tempo", "mimir", "alertmanager", "postgres", "postgres_exporter",
    "postgres-exporter", "grafana",
)  # fmt: skip
ADDRESSES = ("127.0.0.1", "::1")

CA_DAYS = 3650
#: Long enough that a stack which is left running for a season keeps working; the pipeline rules warn in time.
LEAF_DAYS = 365
#: `ensure` renews a certificate that has fewer days left than this.
RENEW_DAYS = 30


def ensure(folder: Path, extra_hosts: Iterable[str] = ()) -> None:
    """Make whatever is missing in `folder`; what is there stays.

    Args:
        folder: The home's `secrets/`.
        extra_hosts: Further names or addresses that the server certificate must hold.

    Raises:
        StackError: A secret can be read by others.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_permissions(folder)
    _ensure_certificates(folder, tuple(extra_hosts))
    for user in USERS:
        _ensure_random(folder / f"{user}.password")
    _write_authorization(folder)
    for database_user in ("postgres", "exporter", "demo"):
        _ensure_random(folder / f"database-{database_user}.password")
    _ensure_random(folder / "grafana-admin.password")
    _ensure_random(folder / "grafana-secret-key")
    token = _ensure_random(folder / "service.token")
    if not (folder / "ingest.tokens").exists():
        # The collector reads one token a line and ignores what follows a space.
        write_secret(folder / "ingest.tokens", f"{token} local services\n")
    _write_web_config(folder)


def check_permissions(folder: Path) -> None:
    """Refuse secrets that others can read.

    Raises:
        StackError: The folder or a file in it is open to group or others.
    """
    for path in (folder, *folder.iterdir()):
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            raise StackError(
                f"{path} can be read by others (mode {mode:04o})",
                f"If nobody else has seen it: chmod go= {path}. Otherwise delete it, and a new one will be made.",
            )


def read_secret(path: Path) -> str:
    """The content of a secret's file without the line's end."""
    return path.read_text(encoding="utf-8").strip()


def write_secret(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    temporary.replace(path)


def _ensure_random(path: Path) -> str:
    if not path.exists():
        write_secret(path, random_secrets.token_urlsafe(32) + "\n")
    return read_secret(path)


def _write_authorization(folder: Path) -> None:
    """The collector's header for its own metrics, whose sender knows no user and password."""
    words = f"collector:{read_secret(folder / 'collector.password')}"
    # No line end: the collector takes a file as it is.
    header = f"Basic {base64.b64encode(words.encode()).decode()}"
    target = folder / "collector.authorization"
    if not target.exists() or target.read_text(encoding="utf-8") != header:
        write_secret(target, header)


def _write_web_config(folder: Path) -> None:
    """Prometheus' web configuration: TLS, and the users with bcrypt hashes.

    https://prometheus.io/docs/prometheus/latest/configuration/https/
    """
    target = folder / "web.yml"
    passwords = {user: read_secret(folder / f"{user}.password").encode() for user in USERS}
    if target.exists():
        kept = target.read_text(encoding="utf-8")
        hashes_kept = [line.split(": ", 1)[1].strip() for line in kept.splitlines() if ": $2" in line]
        if len(hashes_kept) == len(USERS) and all(
            bcrypt.checkpw(password, known.encode())
            for password, known in zip(passwords.values(), hashes_kept, strict=True)
        ):
            return
    # Each request is checked against the hash: a higher cost would slow every scrape, and the passwords are random.
    lines = [
        f"  {user}: {bcrypt.hashpw(word, bcrypt.gensalt(5)).decode()}" for user, word in passwords.items()
    ]
    write_secret(
        target,
        "tls_server_config:\n"
        "  cert_file: server.pem\n"
        "  key_file: server.key\n"
        "  min_version: TLS12\n"
        "basic_auth_users:\n" + "\n".join(lines) + "\n",
    )


def _ensure_certificates(folder: Path, extra_hosts: tuple[str, ...]) -> None:
    ca_key_file, ca_file = folder / "ca.key", folder / "ca.pem"
    if not (ca_key_file.exists() and ca_file.exists()):
        key = _new_key(ca_key_file)
        write_secret(ca_file, _pem(_authority(key)))
        for leaf in ("server", "client"):
            (folder / f"{leaf}.pem").unlink(missing_ok=True)
    ca = x509.load_pem_x509_certificate(ca_file.read_bytes())
    ca_key = _load_key(ca_key_file)
    hosts = (*HOSTS, *extra_hosts)
    if _needs_renewal(folder / "server.pem", hosts):
        _issue(folder, "server", ca, ca_key, hosts, ExtendedKeyUsageOID.SERVER_AUTH)
    if _needs_renewal(folder / "client.pem", ()):
        _issue(folder, "client", ca, ca_key, (), ExtendedKeyUsageOID.CLIENT_AUTH)


def _needs_renewal(path: Path, hosts: Iterable[str]) -> bool:
    if not path.exists():
        return True
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    left = certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    if left < datetime.timedelta(days=RENEW_DAYS):
        return True
    wanted = {str(name.value) for name in _names(hosts)}
    if not wanted:
        return False
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return not wanted <= {str(name.value) for name in held}


def _names(hosts: Iterable[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    return names


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "botobs development CA")])
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        _builder(name, name, key, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _issue(
    folder: Path,
    leaf: str,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    hosts: Iterable[str],
    purpose: x509.ObjectIdentifier,
) -> None:
    key = _new_key(folder / f"{leaf}.key")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"botobs {leaf}")])
    builder = (
        _builder(name, ca.subject, key, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        # Python 3.13 and newer refuse a certificate that does not name its issuer's key.
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
    )
    names = _names([*hosts, *ADDRESSES] if purpose == ExtendedKeyUsageOID.SERVER_AUTH else [])
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    write_secret(folder / f"{leaf}.pem", _pem(builder.sign(ca_key, hashes.SHA256())))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A machine whose clock is a little behind must not refuse a certificate made just now.
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _new_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    write_secret(
        path,
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )
    return key


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StackError(f"{path} holds no elliptic-curve key", f"Delete {path.parent} and start again.")
    return key


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
