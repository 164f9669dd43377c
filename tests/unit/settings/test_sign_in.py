"""Single sign-on in Grafana's configuration: who gets which role, and nothing of it without settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jmespath
import pytest

from botobs._ops.home.private import make_folder, write_secret
from botobs._ops.home.render import render_text
from botobs._ops.settings import sign_in
from botobs._ops.settings.kinds import is_safe
from botobs._ops.settings.table import TABLE
from tests.support import configs

GIVEN = {
    "BOTOBS_OIDC_AUTH_URL": "https://id.example.com/auth?p=desk",
    "BOTOBS_OIDC_TOKEN_URL": "https://id.example.com/token",
}


def _section(texts: dict[str, str], secrets: Path) -> dict[str, str]:
    """What Grafana reads, by key: go-ini takes a value between backticks as it is."""
    template = (configs.ROOT / "grafana" / "grafana.ini").read_text(encoding="utf-8")
    values = {"BOTOBS_SECRETS": "/secrets"} | texts | sign_in.of_grafana(texts, secrets, "/secrets")
    rendered = render_text(template, values, "grafana/grafana.ini")
    cookie = next(line for line in rendered.splitlines() if line.startswith("cookie_samesite"))
    section = rendered.partition("[auth.generic_oauth]\n")[2].partition("\n[users]")[0]
    keys = (line.partition(" = ") for line in [cookie, *section.split("\n")] if line)
    return {key: text.strip("`") for key, _, text in keys}


def test_without_settings_there_is_none(tmp_path: Path) -> None:
    found = _section({}, tmp_path)
    assert (found["enabled"], found["cookie_samesite"]) == ("false", "strict")
    assert found["client_secret"] == found["role_attribute_path"] == ""


def test_it_reads_secrets_from_files(tmp_path: Path) -> None:
    make_folder(tmp_path / "oidc")
    for name in ("client.secret", "ca.pem"):
        write_secret(tmp_path / "oidc" / name, "hush\n")
    found = _section(GIVEN, tmp_path)
    assert (found["enabled"], found["cookie_samesite"], found["use_pkce"]) == ("true", "lax", "true")
    assert found["client_secret"] == "$__file{/secrets/oidc/client.secret}"
    assert found["tls_client_ca"] == "/secrets/oidc/ca.pem"
    assert found["auth_url"] == "https://id.example.com/auth?p=desk"


@pytest.mark.parametrize(
    ("claim", "claims", "role"),
    [
        ("roles", {"roles": ["x", "botobs-operator"]}, "Editor"),
        ("roles", {"roles": ["botobs-reader"]}, "Viewer"),
        ("roles", {"roles": ["botobs-reader", "botobs-operator"]}, "Editor"),
        ("realm_access.roles", {"realm_access": {"roles": ["botobs-reader"]}}, "Viewer"),
        ("a.b", {"a.b": ["botobs-operator"]}, "Editor"),
        ("https://example.com/roles", {"https://example.com/roles": ["botobs-operator"]}, "Editor"),
        ("roles", {"roles": ["botobs-operators"]}, None),
        ("roles", {"roles": []}, None),
        # Part of a text is no role.
        ("roles", {"roles": "no-botobs-operator"}, None),
        ("roles", {}, None),
    ],
)
def test_roles_are_those_of_the_claim(
    tmp_path: Path, claim: str, claims: dict[str, Any], role: str | None
) -> None:
    found = _section(GIVEN | {"BOTOBS_OIDC_ROLES": claim}, tmp_path)
    assert found["role_attribute_strict"] == "true" and found["allow_assign_grafana_admin"] == "false"
    try:
        got = jmespath.search(found["role_attribute_path"], claims) or None
    except jmespath.exceptions.JMESPathTypeError:
        # Grafana gives no role then, and lets nobody in.
        got = None
    assert got == role


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ISSUER", "http://id.example.com"),
        ("ISSUER", "https://id.example.com/?realm=x"),
        ("ISSUER", "id.example.com"),
        ("AUTH_URL", "http://10.0.0.1/auth"),
        ("SCOPES", "profile"),
        ("SCOPES", "openid '"),
        ("ROLES", "a'b"),
        ("ROLES", 'a"b'),
        ("OPERATOR", "a' || 'x"),
        ("OPERATOR", "a\\"),
        ("READER", ""),
        ("CLIENT", "a\nb"),
    ],
)
def test_what_could_be_taken_for_something_else_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError):
        TABLE[f"BOTOBS_OIDC_{name}"].kind.read(text)


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("http://127.0.0.1:8/x", True),
        ("http://[::1]/", True),
        ("http://localhost/", True),
        ("https://id.example.com/", True),
        ("http://10.0.0.1/", False),
        ("http://localhost.example.com/", False),
        ("http://127.0.0.1.example.com/", False),
        ("ftp://127.0.0.1/", False),
        ("", False),
    ],
)
def test_nobody_reads_on_the_way(address: str, safe: bool) -> None:
    assert is_safe(address) is safe
