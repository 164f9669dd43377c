"""Each cell of the table of rights, tried on the real programs."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx
import pytest

from botobs._ops.access import certificates, people, secrets, tokens
from botobs._ops.access.rights import RIGHTS, Action, Credential
from botobs._ops.home.private import read_secret
from testbed.stack import LiveStack
from tests.support.intake import PROTOBUF, spans
from tests.support.port_probes import Key
from tests.support.waiting import eventually

#: Part, method and path of each action.
_REQUESTS = {
    Action.SEND: ("intake", "POST", "/v1/traces"),
    Action.SEND_AS_OTHER: ("intake", "POST", "/v1/traces"),
    Action.QUERY: ("prometheus", "GET", "/api/v1/query?query=up"),
    Action.WRITE: ("prometheus", "POST", "/api/v1/otlp/v1/metrics"),
    Action.SCRAPE: ("postgres_exporter", "GET", "/metrics"),
    Action.READ_ALERTS: ("alertmanager", "GET", "/api/v2/alerts"),
    Action.SILENCE: ("alertmanager", "POST", "/api/v2/silences"),
    Action.TRACES: ("tempo", "GET", "/api/search?limit=1"),
    Action.LONG_TERM: ("mimir", "GET", "/prometheus/api/v1/query?query=up"),
    Action.DELIVER: ("BOTOBS_COLLECTOR_OTLP_PORT", "POST", "/v1/traces"),
    Action.HEALTH: ("BOTOBS_INTAKE_HEALTH_PORT", "GET", "/metrics"),
    Action.RELOAD: ("prometheus", "POST", "/-/reload"),
}
_SILENCE = {
    "matchers": [{"name": "alertname", "value": "none", "isRegex": False}],
    "startsAt": "2030-01-01T00:00:00Z", "endsAt": "2030-01-01T00:00:01Z", "createdBy": "test", "comment": "test",
}  # fmt: skip


@pytest.fixture(scope="module")
def held(secured: LiveStack, tmp_path_factory: pytest.TempPathFactory) -> dict[Credential, Key]:
    """Every credential."""
    folder = secured.home.secrets
    own = tmp_path_factory.mktemp("certificate")
    users = {Credential.OPERATOR: "operator", Credential.SCRAPE: "scrape",
             Credential.COLLECTOR: "collector", Credential.NOTIFIER: "notifier"}  # fmt: skip
    people_of = {Credential.NAMED_OPERATOR: people.Role.OPERATOR, Credential.READER: people.Role.READER}
    named = {
        each: Key(password=people.add(folder, f"one-{role}", role), user=f"one-{role}")
        for each, role in people_of.items()
    }
    secrets.ensure(folder)
    return {
        **named,
        Credential.NOTHING: Key(),
        Credential.BOUND_TOKEN: Key(tokens.create(folder, "engine", ["engine"]).value),
        Credential.UNBOUND_TOKEN: Key(read_secret(folder / "service.token")),
        Credential.SERVICE_CERTIFICATE: Key(
            certificate=certificates.issue_for_service(folder, "engine", own)
        ),
        Credential.CLIENT: Key(certificate=(folder / "client.pem", folder / "client.key")),
        Credential.INTAKE: Key(certificate=(folder / "intake.pem", folder / "intake.key")),
        **{
            each: Key(password=read_secret(folder / f"{user}.password"), user=user)
            for each, user in users.items()
        },
    }


def _may(live: LiveStack, key: Key, action: Action) -> bool:
    part, method, path = _REQUESTS[action]
    url = live.stack.addresses.get(part) or f"https://127.0.0.1:{live.stack.values[part]}"
    context = ssl.create_default_context(cafile=str(Path(live.home.secrets) / "ca.pem"))
    if key.certificate is not None:
        context.load_cert_chain(*key.certificate)
    headers = (
        dict(PROTOBUF) if action in {Action.SEND, Action.SEND_AS_OTHER, Action.WRITE, Action.DELIVER} else {}
    )
    # Mimir's word for whose data is meant; it is no secret.
    headers["X-Scope-OrgID"] = "botobs"
    if key.token is not None:
        headers["authorization"] = f"Bearer {key.token}"
    own = spans("engine")
    content = {Action.SEND: own, Action.DELIVER: own, Action.SEND_AS_OTHER: spans("pnl")}.get(action)
    auth = None if key.password is None else (key.user, key.password)
    with httpx.Client(base_url=url, verify=context, auth=auth, headers=headers, trust_env=False) as http:
        try:
            sent = {"json": _SILENCE} if action is Action.SILENCE else {"content": content}
            return http.request(method, path, **sent).is_success
        except httpx.TransportError:
            return False


@pytest.mark.parametrize("credential", Credential, ids=lambda one: one.name)
def test_a_credential_opens_what_the_table_says(
    secured: LiveStack, held: dict[Credential, Key], credential: Credential
) -> None:
    def opened() -> set[Action]:
        return {action for action in Action if _may(secured, held[credential], action)}

    # A part may be busy for a moment; what is refused stays refused.
    assert eventually(lambda: opened() == RIGHTS[credential]), opened() ^ RIGHTS[credential]


def test_nobody_reloads_or_stops_prometheus(secured: LiveStack) -> None:
    with secured.client("prometheus") as http:
        assert {http.post(f"/-/{word}").status_code for word in ("reload", "quit")} == {403}
