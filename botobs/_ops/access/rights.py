"""Who may do what: one row a credential, one column an action. The page and the tests of each cell are made from it."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """An action on a running stack that needs a credential."""

    SEND = "send telemetry of its own service"
    SEND_AS_OTHER = "send telemetry as another service"
    QUERY = "query Prometheus"
    WRITE = "write metrics into Prometheus"
    SCRAPE = "scrape PostgreSQL's exporter"
    READ_ALERTS = "read alerts in Alertmanager"
    SILENCE = "silence alerts"
    TRACES = "read traces in Tempo"
    LONG_TERM = "query Mimir"
    DELIVER = "send past the intake, without a token"
    HEALTH = "read the health of collector and intake"
    RELOAD = "reload or stop Prometheus over HTTP"


class Credential(StrEnum):
    """A credential that gives access to parts of the stack."""

    NOTHING = "nothing"
    BOUND_TOKEN = "a service's token (`botobs token create SERVICE`)"
    UNBOUND_TOKEN = "`service.token`, or a token made before names were bound"
    SERVICE_CERTIFICATE = "a service's certificate (`botobs certs issue`)"
    OPERATOR = "`operator.password`"
    NAMED_OPERATOR = "an operator's own name and password (`botobs user add NAME`)"
    READER = "a reader's (`botobs user add NAME --role reader`)"
    SCRAPE = "`scrape.password`"
    COLLECTOR = "`collector.password`"
    NOTIFIER = "`notifier.password`"
    CLIENT = "`client.pem` with its key"
    INTAKE = "`intake.pem` with its key"


#: Upstream's programs know users and no roles: a user that may post alerts to Alertmanager may silence, one that may
#: write to Prometheus may query it. So each program has its own users, and knows no others.
RIGHTS: dict[Credential, frozenset[Action]] = {
    Credential.NOTHING: frozenset(),
    Credential.BOUND_TOKEN: frozenset({Action.SEND}),
    Credential.UNBOUND_TOKEN: frozenset({Action.SEND, Action.SEND_AS_OTHER}),
    Credential.SERVICE_CERTIFICATE: frozenset(),
    Credential.OPERATOR: frozenset(
        {Action.QUERY, Action.WRITE, Action.SCRAPE, Action.READ_ALERTS, Action.SILENCE}
    ),
    Credential.NAMED_OPERATOR: frozenset({Action.QUERY, Action.WRITE, Action.READ_ALERTS, Action.SILENCE}),
    # For what knows roles: who may ask one of these programs may write to it.
    Credential.READER: frozenset(),
    Credential.SCRAPE: frozenset({Action.SCRAPE, Action.QUERY, Action.WRITE}),
    Credential.COLLECTOR: frozenset({Action.WRITE, Action.QUERY}),
    Credential.NOTIFIER: frozenset({Action.READ_ALERTS, Action.SILENCE}),
    Credential.CLIENT: frozenset({Action.TRACES, Action.LONG_TERM, Action.HEALTH}),
    Credential.INTAKE: frozenset({Action.DELIVER}),
}
