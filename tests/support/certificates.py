"""Certificates that have signed themselves, or that a stack's CA has signed and that are wrong in some way."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def authority(folder: Path) -> None:
    """Write `ca.pem` and `ca.key` of an authority of its own."""
    self_signed(folder, "ca", "test authority")


def self_signed(folder: Path, file: str, name: str, *hosts: x509.GeneralName) -> tuple[Path, Path]:
    """Write a certificate that has signed itself, and may sign others, and its key.

    Args:
        folder: Where to.
        file: Their name, without suffix.
        name: Whose it is.
        hosts: What it stands for, as a server.

    Returns:
        The files of the certificate and of its key.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    written = folder / f"{file}.pem", folder / f"{file}.key"
    _write(*written, builder.sign(key, hashes.SHA256()), key)
    return written


def _write(pem: Path, key_file: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def issue(
    ca: Path, ca_key: Path, folder: Path, days: float, hosts: tuple[str, ...] = ("localhost",)
) -> tuple[Path, Path]:
    """Have a CA sign a certificate for this machine.

    Args:
        ca: Its certificate.
        ca_key: Its key.
        folder: Where the new certificate and its key are written.
        days: From now until it expires; below zero it has already.
        hosts: Names that it is for, beside 127.0.0.1.
    """
    issuer = x509.load_pem_x509_certificate(ca.read_bytes())
    signer = serialization.load_pem_private_key(ca_key.read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    names = [*map(x509.DNSName, hosts), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=30))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(signer, hashes.SHA256())
    )
    written = folder / "issued.pem", folder / "issued.key"
    _write(*written, certificate, key)
    return written
