"""The certificates of the stack: its own authority, one certificate for its listeners and one for its clients.

Services that show certificates have another authority, so that theirs open the way in for telemetry and nothing else.
So has the intake, the only port that is open to the network: its certificate is good for the collector's
port, not for Tempo's or Mimir's.
"""

from __future__ import annotations

import datetime
import ipaddress
from argparse import ArgumentTypeError
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..._sdk.files import read_small
from .. import typed
from ..components.table import COMPONENTS
from ..errors import Misuse, StackError
from ..home.locks import exclusive
from ..home.private import make_folder, write_secret

#: Names under which the components are reached: natively, and as services of docker-compose.yml.
HOSTS = tuple(
    dict.fromkeys(
        [
            "localhost",
            *(
                name
                for component in COMPONENTS
                if component.in_compose
                for name in (component.name, component.name.replace("_", "-"))
            ),
        ]
    )
)
ADDRESSES = ("127.0.0.1", "::1")

CA_DAYS = 3650
#: Long enough that a stack which is left running for a season keeps working; `botobs up` renews in time.
LEAF_DAYS = 365
#: A certificate that has fewer days left than this is renewed.
RENEW_DAYS = 30

#: What each certificate is for, in the order in which they are shown.
PURPOSES = {
    "ca": "signs the stack's own",
    "server": "shown by every listener",
    "client": "shown by the components and by botobs to each other",
    "intake": "shown by the intake to the collector, and to nobody else",
    "intake-ca": "signs that one",
    "services-ca": "signs those of services, where services show any",
}
_DELETE_KEY = "Delete it with its certificate, and both will be made anew."


@dataclass(frozen=True)
class Certificate:
    """One certificate of the stack.

    Attributes:
        name: Its file's, without suffix.
        expires: When it ends.
        hosts: Names and addresses that it stands for.
        serial: Its number, by which one that was renewed differs from the one before.
    """

    name: str
    expires: datetime.datetime
    hosts: tuple[str, ...]
    serial: int

    @property
    def days_left(self) -> int:
        """Whole days until it ends, negative afterwards."""
        return (self.expires - datetime.datetime.now(datetime.UTC)).days


def ensure(folder: Path, extra_hosts: Iterable[str] = ()) -> None:
    """Make what is missing, renew what ends soon or lacks a name.

    Args:
        folder: The home's `secrets/`.
        extra_hosts: Further names or addresses, over those that were given to `add_hosts`.

    Raises:
        StackError: The authority is the operator's, and a certificate that it has to sign is missing.
    """
    with _alone(folder):
        _ensure(folder, extra_hosts)


def _ensure(folder: Path, extra_hosts: Iterable[str] = ()) -> None:
    for authority in ("ca", "intake-ca"):
        # Each part would say of its own that it trusts nobody.
        if (folder / f"{authority}.pem").exists():
            _loaded(folder / f"{authority}.pem")
        if (folder / f"{authority}.key").exists():
            _loaded_key(folder / f"{authority}.key")
    if not (folder / "intake-ca.pem").exists() or _needs_renewal(folder / "intake.pem", ()):
        _issue_intake(folder)
    if _is_foreign(folder):
        for leaf in ("server", "client"):
            if not (folder / f"{leaf}.pem").exists():
                raise _no_key(folder / "ca.key", f"{leaf}.pem")
        return
    new_authority = not (folder / "ca.pem").exists()
    for leaf in ("server", "client"):
        hosts = (*HOSTS, *ADDRESSES, *added_hosts(folder), *extra_hosts) if leaf == "server" else ()
        if new_authority or _needs_renewal(folder / f"{leaf}.pem", hosts):
            _issue_own(folder, leaf, hosts)


def renew(folder: Path) -> None:
    """Issue the leaf certificates again; the authorities stay, so that clients need not trust a new one."""
    with _alone(folder):
        _issue_intake(folder)
        _issue_own(folder, "server", (*HOSTS, *ADDRESSES, *added_hosts(folder)))
        _issue_own(folder, "client", ())


def add_hosts(folder: Path, hosts: Iterable[str]) -> None:
    """Let the listeners' certificate stand for further names or addresses, from now on.

    Raises:
        StackError: One is neither a name nor an address.
    """
    with _alone(folder):
        wanted = list(dict.fromkeys([*added_hosts(folder), *map(_checked, hosts)]))
        write_secret(folder / "hosts", "".join(f"{host}\n" for host in wanted))
        _ensure(folder)


def _alone(folder: Path) -> AbstractContextManager[None]:
    """Two processes at once would leave the key of one beside the certificate of the other."""
    return exclusive(folder / ".certificates.lock")


def added_hosts(folder: Path) -> list[str]:
    """The names and addresses that were given to `add_hosts`."""
    file = folder / "hosts"
    try:
        return read_small(file).decode("ascii").split()
    except FileNotFoundError:
        return []
    except ValueError:
        raise StackError(
            f"{file} is no list of names", "Delete it, and name them again: botobs certs add-host NAME"
        ) from None


def found(folder: Path) -> list[Certificate]:
    """Return every certificate that exists, in the order of their files."""
    return [_read(folder / f"{name}.pem") for name in PURPOSES if (folder / f"{name}.pem").exists()]


def issue_for_service(folder: Path, service: str, target: Path) -> tuple[Path, Path]:
    """Make a certificate that a service shows to the collector.

    Args:
        folder: The home's `secrets/`.
        service: Its name.
        target: Folder for the two files.

    Returns:
        The files of the certificate and of its key.

    Raises:
        StackError: Files of these names are there that are none of an earlier certificate of this service.
    """
    certificate, key = target / f"{service}.pem", target / f"{service}.key"
    with _alone(folder):
        authority = _authority(folder, "services-ca", "botobs services CA")
        for file in (certificate, key):
            if file.exists() and not _is_of(certificate, service, authority):
                raise StackError(
                    f"{file} is there already, and is none of an earlier certificate of {service}",
                    "Name another folder with --output.",
                )
        make_folder(target)
        _issue(target, service, authority, (), ExtendedKeyUsageOID.CLIENT_AUTH)
    return certificate, key


def _is_of(file: Path, service: str, authority: _Authority) -> bool:
    try:
        held = _loaded(file)
    except StackError:
        return False
    return held.subject == _subject(service) and held.issuer == authority[0].subject


def _is_foreign(folder: Path) -> bool:
    """Whether the authority is the operator's, who keeps its key and renews the certificates."""
    return (folder / "ca.pem").exists() and not (folder / "ca.key").exists()


def _no_key(key_file: Path, wanted: str) -> StackError:
    return StackError(
        f"{wanted} is to be signed, and the authority's key {key_file} is not here",
        f"Have it signed where the key is, or delete {key_file.with_suffix('.pem')} to get an authority of our own.",
    )


def _checked(host: str) -> str:
    try:
        return typed.HOST(host)
    except ArgumentTypeError:
        raise Misuse(f"{host[:100]!r} is neither a name nor an address") from None


def _read(path: Path) -> Certificate:
    loaded = _loaded(path)
    try:
        held = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = tuple(str(name.value) for name in held)
    except x509.ExtensionNotFound:
        hosts = ()
    return Certificate(path.stem, loaded.not_valid_after_utc, hosts, loaded.serial_number)


def _loaded(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        raise StackError(
            f"{path} holds no certificate that can be read",
            "Delete it with its key, and both will be made anew.",
        ) from None


def _loaded_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        raise StackError(f"{path} holds no key that can be read", _DELETE_KEY) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StackError(f"{path} holds no elliptic-curve key", _DELETE_KEY)
    return key


def _needs_renewal(path: Path, hosts: Iterable[str]) -> bool:
    key_file = path.with_suffix(".key")
    if not path.exists() or not key_file.exists():
        return True
    # A pair that was being renewed when the power went.
    if _loaded_key(key_file).public_key() != _loaded(path).public_key():
        return True
    held = _read(path)
    return held.days_left < RENEW_DAYS or not {_checked(host) for host in hosts} <= set(held.hosts)


def _issue_own(folder: Path, leaf: str, hosts: Iterable[str]) -> None:
    usage = ExtendedKeyUsageOID.SERVER_AUTH if leaf == "server" else ExtendedKeyUsageOID.CLIENT_AUTH
    _issue(folder, leaf, _authority(folder, "ca", "botobs development CA"), hosts, usage)


def _issue_intake(folder: Path) -> None:
    authority = _authority(folder, "intake-ca", "botobs intake CA")
    _issue(folder, "intake", authority, (), ExtendedKeyUsageOID.CLIENT_AUTH)


_Authority = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _authority(folder: Path, name: str, title: str) -> _Authority:
    """The authority in `folder`, made when it is missing."""
    certificate, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    if certificate.exists() and not key_file.exists():
        raise _no_key(key_file, "a new certificate")
    if not certificate.exists():
        write_secret(certificate, _pem(_self_signed(_new_key(key_file), title)))
    return _loaded(certificate), _loaded_key(key_file)


def _self_signed(key: ec.EllipticCurvePrivateKey, title: str) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
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
    folder: Path, leaf: str, authority: _Authority, hosts: Iterable[str], purpose: x509.ObjectIdentifier
) -> None:
    ca, ca_key = authority
    key = _new_key(folder / f"{leaf}.key")
    builder = (
        _builder(_subject(leaf), ca.subject, key, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        # Python 3.13 and newer refuse a certificate that does not name its issuer's key.
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
    )
    names = _names(hosts)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    write_secret(folder / f"{leaf}.pem", _pem(builder.sign(ca_key, hashes.SHA256())))


def _subject(leaf: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"botobs {leaf}"[:64])])


def _names(hosts: Iterable[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    return names


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


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
