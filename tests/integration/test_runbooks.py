"""Every query of every runbook runs as it stands, with the stack's own password and authority."""

from __future__ import annotations

import json

import pytest

from botobs._ops.alerting import runbooks
from botobs._ops.cli import main
from botobs._ops.cli.query import ask
from botobs._ops.errors import UserError
from botobs._ops.home import state
from testbed.stack import LiveStack

LABELS = {
    "service_name": "trading-engine",
    "exchange_name": "binance",
    "botobs_bot_id": 'a "bot" \\ with {braces}',
    "service_instance_id": "one",
    "deployment_environment_name": "test",
}


@pytest.mark.parametrize("labels", [LABELS, {}], ids=["filled", "open"])
def test_every_query_of_every_runbook_is_answered(live: LiveStack, labels: dict[str, str]) -> None:
    running = state.require(live.home)
    asked, refused = 0, []
    for name in runbooks.names():
        for query in runbooks.read(name).queries:
            text = query.filled(labels)
            asked += 1
            try:
                ask(running, query.language, text)
            except UserError as error:
                refused.append(f"{name}: {text}: {error}")
    assert refused == []
    assert asked > 150


def test_a_query_is_asked_by_a_person(live: LiveStack, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(live.home.path)
    assert main(["query", 'up{job="prometheus"}', "--json", "--home", home]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert row["value"] == "1"
    assert main(["query", 'up{job="prometheus"}', "--home", home]) == 0
    assert "job=prometheus" in capsys.readouterr().out
    address = live.stack.addresses["prometheus"]
    assert main(["query", "vector(7)", "--json", "--home", home, "--url", address]) == 0
    assert json.loads(capsys.readouterr().out) == [{"labels": {}, "value": "7"}]
    assert main(["query", '"text"', "--json", "--home", home]) == 0
    assert json.loads(capsys.readouterr().out) == [{"labels": {}, "value": "text"}]
    assert main(["query", 'up{job="prometheus"}[1m]', "--home", home]) == 0
    assert "the last of" in capsys.readouterr().out
    assert main(["query", '{__name__="up",job="prometheus"}', "--json", "--home", home]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert row["value"] == "1"
    assert main(["query", "{ }", "--json", "--home", home]) == 0
    assert main(["query", "up{", "--home", home]) == 1
    assert "Prometheus does not take the query: " in capsys.readouterr().err
    assert (
        main(["query", "--runbook", "ServiceErrorsHigh", "--set", "service=trading-engine", "--home", home])
        == 0
    )
    assert 'service_name="trading-engine"' in capsys.readouterr().out
