"""Named people: their file, what their roles open, and the commands that change it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import bcrypt
import pytest
import yaml

from botobs._ops.access import people, secrets
from botobs._ops.access.people import Role
from botobs._ops.cli import main
from botobs._ops.errors import StackError
from botobs._ops.home.home import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One that is set up."""
    home = Home(tmp_path_factory.mktemp("people") / "home")
    home.create()
    secrets.ensure(home.secrets)
    return home


@pytest.fixture
def folder(home: Home) -> Path:
    """Its secrets, where nobody is let in."""
    (home.secrets / people.FILE).unlink(missing_ok=True)
    secrets.ensure(home.secrets)
    return home.secrets


def _users(folder: Path, file: str) -> dict[str, str]:
    found: dict[str, str] = yaml.safe_load((folder / file).read_text(encoding="utf-8"))["basic_auth_users"]
    return found


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, str]:
    assert main([*words, "--json"]) == 0
    found: dict[str, str] = json.loads(capsys.readouterr().out)
    return found


def test_a_name_and_its_password_say_who_it_is(folder: Path) -> None:
    password = people.add(folder, "ann", Role.READER)
    other = people.add(folder, "bob@desk.example", Role.OPERATOR)
    assert password != other
    found = people.identify(folder, "ANN", password)
    assert found is not None
    assert (found.name, found.role) == ("ann", Role.READER)
    for name, word in (
        ("ann", other),
        ("ann", ""),
        ("carl", password),
        ("", ""),
        ("ann", "\0" * 99),
        ("ann", "é\udcff"),
    ):
        assert people.identify(folder, name, word) is None
    assert stat.S_IMODE((folder / people.FILE).stat().st_mode) == 0o600
    assert password not in (folder / people.FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a\nb reader x y", "é", "-x", "a" * 65, "a:b", "\u202ea", "operator", "Scrape"]
)
def test_what_is_no_name_of_a_person_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(StackError):
        people.add(folder, name, Role.OPERATOR, secrets.USERS)
    assert people.everyone(folder) == []


@pytest.mark.parametrize(
    "text",
    ["ann operator", "ann admin $2b$05$x 2026-01-01", "ann operator plain 2026-01-01", "\x00", "a b c d e"],
)
def test_a_foreign_file_is_one_sentence(folder: Path, text: str) -> None:
    (folder / people.FILE).write_text(text, encoding="utf-8")
    (folder / people.FILE).chmod(0o600)
    with pytest.raises(StackError, match="people has a line that is not"):
        people.everyone(folder)


# A bare `123` or `null` would be no text in YAML.
@pytest.mark.parametrize("name", ["ann", "123", "null", "1e3", "0x1f", "bob@desk.example"])
def test_an_operator_is_a_user_of_the_programs_and_a_reader_is_none(
    home: Home, folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--home", str(home.path))
    password = _json(capsys, "user", "add", name, *where)["password"]
    for file in ("web.yml", "web-alertmanager.yml"):
        assert bcrypt.checkpw(password.encode(), _users(folder, file)[name].encode())
    assert name not in _users(folder, "web-exporter.yml")
    before = {file: (folder / file).read_bytes() for file in secrets.WEB_USERS}
    secrets.ensure(folder)
    assert {file: (folder / file).read_bytes() for file in secrets.WEB_USERS} == before, "made once"
    _json(capsys, "user", "role", name, "reader", *where)
    assert name not in _users(folder, "web.yml")
    _json(capsys, "user", "role", name, "operator", *where)
    again = _json(capsys, "user", "password", name, *where)["password"]
    assert people.identify(folder, name, password) is None
    assert people.identify(folder, name, again) is not None
    _json(capsys, "user", "remove", name, *where)
    assert _users(folder, "web.yml").keys() == {"scrape", "operator", "collector"}
    lines = (home.logs / "audit.log").read_text(encoding="utf-8").splitlines()
    reported = [json.loads(line) for line in lines if json.loads(line)["name"] == name]
    assert [each["action"] for each in reported] == [
        "user add", "user role", "user role", "user password", "user remove",
    ]  # fmt: skip
    assert password not in "".join(lines)


def test_what_cannot_be_done_is_a_sentence(
    home: Home, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--home", str(home.path))
    assert main(["user", "add", "ann", *where]) == 0
    for words, said in (
        (("add", "Ann"), "is let in already"),
        (("remove", "bob"), "nobody is called 'bob'"),
        (("role", "bob", "reader"), "nobody is called 'bob'"),
        (("password", "ann", "--output", "/dev/full"), "no file that could be written"),
        (("password", "ann", "--output", "/none/x"), "Nothing was changed"),
    ):
        capsys.readouterr()
        assert main(["user", *words, *where]) == 1
        assert said in capsys.readouterr().err
    assert main(["user", "list", "--home", str(home.path / "none")]) == 1
    assert not (home.path / "none").exists()
