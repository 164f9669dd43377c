"""A secret that is damaged is made anew, or named in one sentence: it is no traceback, and opens no door."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from botobs._ops.access import secrets, tokens
from botobs._ops.errors import StackError

_RANDOM = random.Random(7).randbytes(200)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir(mode=0o700)


_DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "cut to a character": lambda file: file.write_bytes(file.read_bytes()[:1]),
    "empty": lambda file: file.write_bytes(b""),
    "zeros": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "random": lambda file: file.write_bytes(_RANDOM),
    "foreign": lambda file: file.write_bytes(b"<html>Bad gateway</html>\n"),
    "folder": _folder,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "secrets"
    secrets.ensure(folder)
    return folder


@pytest.mark.parametrize("damage", _DAMAGES)
def test_every_secret(whole: Path, tmp_path: Path, damage: str) -> None:
    names = sorted(file.relative_to(whole) for file in whole.rglob("*") if file.is_file())
    assert len(names) > 20
    made: list[str] = []
    for name in names:
        if name.suffix == ".lock":
            continue
        folder = tmp_path / str(name)
        shutil.copytree(whole, folder)
        _DAMAGES[damage](folder / name)
        try:
            secrets.ensure(folder)
        except StackError as error:
            assert str(name) in error.problem
            assert error.way_out
            continue
        made.append(str(name))
        for token in tokens.valid(folder):
            assert len(token.value) > 15
    # No certificate and no key is used that is none.
    assert not [name for name in made if name.endswith((".pem", ".key"))]


@pytest.mark.parametrize("name", ["ca", "intake-ca", "intake", "server", "client"])
def test_what_is_deleted_on_that_advice_is_made_anew(whole: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "secrets"
    shutil.copytree(whole, folder)
    for file in (folder / f"{name}.pem", folder / f"{name}.key"):
        file.unlink()
    secrets.ensure(folder)
    for leaf, authority in (("intake", "intake-ca"), ("server", "ca"), ("client", "ca")):
        made, issuer = (
            x509.load_pem_x509_certificate((folder / f"{each}.pem").read_bytes())
            for each in (leaf, authority)
        )
        made.verify_directly_issued_by(issuer)


def test_a_token_of_a_damaged_file_opens_nothing(whole: Path, tmp_path: Path) -> None:
    """The first character of one that was cut would be a token that anybody guesses."""
    folder = tmp_path / "secrets"
    shutil.copytree(whole, folder)
    made = tokens.create(folder, "engine")
    file = folder / tokens.FILE
    file.write_bytes(
        file.read_bytes().replace(made.value.encode(), made.value[:9].encode()) + bytes(40) + b"\n"
    )
    assert made.value[:9] not in {token.value for token in tokens.valid(folder)}
    assert len(tokens.valid(folder)) == 1
    assert "has 2 lines that are no tokens" in tokens.warnings(folder)[0]
