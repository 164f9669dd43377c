"""Which receivers an alert reaches, as Alertmanager decides it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from botobs._ops.settings import routing

ROUTE: dict[str, Any] = yaml.safe_load("""
receiver: nobody
routes:
  - {receiver: trading, matchers: [owner="trading"], continue: true, routes: [
      {matchers: ['area="orders"'], receiver: desk},
      {matchers: ['severity="critical"']}]}
  - {receiver: database, match: {area: database}, match_re: {severity: "critical|warning"}}
  - {receiver: email, matchers: ['alertname!=""']}
""")


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"alertname": "A"}, ["email"]),
        ({"alertname": "A", "owner": "trading"}, ["trading", "email"]),
        ({"alertname": "A", "owner": "trading", "area": "orders"}, ["desk", "email"]),
        ({"alertname": "A", "owner": "trading", "severity": "critical"}, ["trading", "email"]),
        # Without `continue` those below are not told.
        ({"alertname": "A", "area": "database", "severity": "warning"}, ["database"]),
        ({"alertname": "A", "area": "database", "severity": "none"}, ["email"]),
        ({}, ["nobody"]),
    ],
)
def test_the_receivers_of_an_alert(labels: dict[str, str], receivers: list[str]) -> None:
    assert routing.receivers_of(ROUTE, labels) == receivers


def test_every_route_to_another_receiver_with_what_alerts_must_have() -> None:
    found = {leaf.receiver: leaf.matchers for leaf in routing.leaves(ROUTE)}
    assert found == {
        "nobody": (),
        "trading": ('owner="trading"',),
        "desk": ('owner="trading"', 'area="orders"'),
        "database": ('area="database"', 'severity=~"critical|warning"'),
        "email": ('alertname!=""',),
    }


@pytest.mark.parametrize(
    ("matchers", "holds"),
    [
        ('a="x"', True),
        ("a=x", True),
        ('{a="x", b="y,z"}', True),
        ('a="x",b="y"', False),
        ("a = x , b=~y.*", True),
        ('"a"="x"', True),
        ("a!=x", False),
        ("c=", True),
        ('c!=""', False),
        ('d="say \\"so\\""', True),
        ('a!~"x|y"', False),
        # Go's alone, and what is no matcher: it may go there.
        ('a=~"\\\\pL+"', True),
        ("???", True),
    ],
)
def test_matchers_are_read_as_alertmanager_does(matchers: str, holds: bool) -> None:
    labels = {"a": "x", "b": "y,z", "d": 'say "so"'}
    assert routing.holds(matchers, labels) is holds
