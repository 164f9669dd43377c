"""Which folder may become a stack's home."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from botobs._ops.errors import StackError
from botobs._ops.home.home import Home


@pytest.mark.parametrize("name", ["config", "data", "logs"])
def test_a_folder_with_files_of_others_does_not(tmp_path: Path, name: str) -> None:
    file = tmp_path / name / "below" / "file"
    file.parent.mkdir(parents=True)
    file.write_text("of others")
    with pytest.raises(StackError, match="is not botobs'"):
        Home(tmp_path).create()
    assert sorted(tmp_path.rglob("*")) == [tmp_path / name, file.parent, file]


def test_one_where_volumes_are_mounted_does(tmp_path: Path) -> None:
    """They are there before the first start."""
    (tmp_path / "data" / "prometheus" / "lost+found").mkdir(parents=True)
    Home(tmp_path).create()
    assert (tmp_path / "secrets").is_dir()


@pytest.mark.parametrize("find", [Home.from_environ, Home.of_the_demo])
def test_a_home_is_the_folder_and_not_a_link_to_it(
    tmp_path: Path, find: Callable[[Mapping[str, str]], Home]
) -> None:
    """A backup is put beside it, and must not be put into it."""
    for name in ("botobs", "botobs-demo"):
        (tmp_path / "disk" / name).mkdir(parents=True)
        (tmp_path / name).symlink_to(tmp_path / "disk" / name)
    assert find({"XDG_DATA_HOME": str(tmp_path)}).path.parent == tmp_path / "disk"


def test_a_link_that_leads_to_itself_is_a_sentence(tmp_path: Path) -> None:
    for here, there in (("a", "b"), ("b", "a")):
        (tmp_path / here).symlink_to(tmp_path / there)
    with pytest.raises(StackError, match="a link that leads to itself"):
        Home.named({"BOTOBS_HOME": str(tmp_path / "a" / "home")})


@pytest.mark.parametrize("name", ["a$b", "a*", "a?", "[a]", "{a}", "a\\b", "a\nb", "a`b", "a\udcff"])
def test_a_path_that_programs_read_otherwise_is_refused(tmp_path: Path, name: str) -> None:
    """Prometheus takes `[a]` for a pattern and would load no rule, without a word."""
    home = Home(tmp_path / name)
    with pytest.raises(StackError, match="which programs of the stack read otherwise"):
        home.create()
    assert not home.path.exists()


@pytest.mark.parametrize("name", ["a #b", "a: b", 'a "b"', "bob's", "é 漢", "a,b;c&d|e", "(a) ~%+=@!"])
def test_any_other_path_is_a_home(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / name)
    home.create()
    assert home.secrets.is_dir()


@pytest.mark.parametrize(("before", "after"), [(0o711, 0o711), (0o755, 0o700), (0o700, 0o700)])
def test_a_running_database_keeps_its_way_in(tmp_path: Path, before: int, after: int) -> None:
    """`config set` and a second `up` make the home's folders again while PostgreSQL runs as another user."""
    home = Home(tmp_path / "home")
    home.create()
    for folder in (home.path, home.data, home.secrets):
        folder.chmod(before)
    home.create()
    modes = [stat.S_IMODE(folder.stat().st_mode) for folder in (home.path, home.data, home.secrets)]
    assert modes == [after, after, 0o700]
