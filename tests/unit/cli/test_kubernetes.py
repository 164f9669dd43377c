"""`botobs kubernetes secrets`: all that the chart and the values beside it name, and the same again the next time."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from botobs._ops import cli
from botobs._ops.access import certificates
from tests.support import charts

_VALUES = yaml.safe_load((charts.CHART / "values.yaml").read_text(encoding="utf-8"))


def _made(
    capsys: pytest.CaptureFixture[str], home: Path, *words: str
) -> tuple[dict[str, dict[str, bytes]], str]:
    assert cli.main(["kubernetes", "secrets", "--home", str(home), *words]) == 0
    said = capsys.readouterr()
    found = {
        each["metadata"]["name"]: {key: base64.b64decode(value) for key, value in each["data"].items()}
        for each in yaml.safe_load_all(said.out)
    }
    return found, said.err


def _names(content: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Secrets that values name, each with the keys that are asked of it."""
    if isinstance(content, list):
        for each in content:
            yield from _names(each)
    if not isinstance(content, dict):
        return
    for key in ("secret", "secretRef"):
        named = content.get(key)
        if isinstance(named, dict) and ("name" in named or "secretName" in named):
            items = tuple(item["key"] for item in named.get("items", []))
            yield named.get("name") or named["secretName"], items
    for key in ("secretName", "existingSecret"):
        if isinstance(content.get(key), str):
            yield content[key], ()
    for value in content.values():
        yield from _names(value)


def test_every_secret_of_the_chart_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, _ = _made(capsys, tmp_path)
    for secret in _VALUES["secrets"].values():
        keys = {key for name, key in secret.items() if name != "existingSecret" and key}
        assert keys <= set(found[secret["existingSecret"]])


def test_every_secret_of_the_stores_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _put(tmp_path / "secrets" / "alertmanager" / "slack.url", "https://hooks.example.com/a")
    found, _ = _made(capsys, tmp_path)
    values = yaml.safe_load((charts.STACK / "values.yaml").read_text(encoding="utf-8"))
    assert set(values["secrets"].values()) <= set(found)


@pytest.mark.parametrize("file", sorted(charts.VALUES.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_secret_of_the_other_charts_is_there(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in (("object-store.key", "key"), ("object-store.secret", "secret")):
        _put(tmp_path / "secrets" / name, content)
    _put(tmp_path / "secrets" / "alertmanager" / "slack.url", "https://hooks.example.com/a")
    found, _ = _made(capsys, tmp_path)
    named = list(_names(yaml.safe_load(file.read_text(encoding="utf-8"))))
    assert named
    for secret, keys in named:
        assert set(keys) <= set(found[secret])
    assert found["botobs-object-store"] == {"OBJECT_STORE_KEY": b"key", "OBJECT_STORE_SECRET": b"secret"}
    assert found["botobs-alertmanager"] == {"slack.url": b"https://hooks.example.com/a"}


def test_the_same_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So that what is handed out a second time changes nothing in the cluster."""
    assert _made(capsys, tmp_path)[0] == _made(capsys, tmp_path)[0]


def test_another_token_is_handed_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, _ = _made(capsys, tmp_path)
    cli.main(
        ["token", "create", "engine", "--home", str(tmp_path), "--output", str(tmp_path / "engine.token")]
    )
    capsys.readouterr()
    after, _ = _made(capsys, tmp_path)
    assert {name for name in after if after[name] != before[name]} == {"botobs-tokens"}


def test_the_certificate_stands_for_the_namespace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _made(capsys, tmp_path, "--namespace", "watch", "--name", "eyes", "--host", "grafana.example.org")
    hosts = {host for each in certificates.found(tmp_path / "secrets") for host in each.hosts}
    assert {
        "eyes-agent.watch.svc",
        "eyes-botobs-gateway.watch.svc",
        "eyes-sampler-1.eyes-sampler.watch.svc",
        "grafana.example.org",
        "mimir-gateway",
    } <= hosts


def test_what_only_a_person_knows_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, said = _made(capsys, tmp_path)
    assert "botobs-alertmanager" not in found and "receiver" in said


def test_the_object_store_of_the_chart_has_a_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said once, for who has an object store already."""
    found, said = _made(capsys, tmp_path)
    assert all(found["botobs-object-store"].values()) and "made: a key" in said
    again, said = _made(capsys, tmp_path)
    assert again["botobs-object-store"] == found["botobs-object-store"] and "made: a key" not in said


def test_half_of_an_object_stores_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its other half is not made up."""
    _put(tmp_path / "secrets" / "object-store.key", "key")
    assert cli.main(["kubernetes", "secrets", "--home", str(tmp_path)]) == 1
    assert "object-store.secret is not" in "".join(capsys.readouterr().err.split("\n"))
    assert not (tmp_path / "secrets" / "object-store.secret").exists()


def test_another_tenant_is_let_in_beside_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = _made(capsys, tmp_path)
    desk, _ = _made(capsys, tmp_path, "--namespace", "desk", "--tenant", "desk")
    again, _ = _made(capsys, tmp_path)
    assert desk["botobs-tenant"] != first["botobs-tenant"] == again["botobs-tenant"]
    listed = again["botobs-tenants"]["htpasswd"].decode().splitlines()
    assert {line.partition(":")[0] for line in listed} == {"botobs", "desk"}
    assert first["botobs-tenants"]["htpasswd"].decode().strip() in listed


def test_not_to_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert cli.main(["kubernetes", "secrets", "--home", str(tmp_path)]) == 1
    assert "kubectl apply" in capsys.readouterr().err
    assert not (tmp_path / "secrets").exists()


def test_a_tenant_that_would_be_a_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["kubernetes", "secrets", "--home", str(tmp_path), "--tenant", "../other"]
    assert cli.main(words) == 1
    assert "no tenant's name" in capsys.readouterr().err


def _put(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
