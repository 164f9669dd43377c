"""What the stack consists of: one entry a component.

The native stack, its ports, the scrape targets and the reference page are made from this table; docker compose,
Prometheus' scrape jobs, `versions.toml` and the wheel are checked against it (`tests/unit/stack/test_components.py`).
What only one component has, its flags, stands in `parts.py`. A new backend is a folder with its configuration, an entry
in `versions.toml`, an entry here, and its flags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .port import Auth, Port


@dataclass(frozen=True)
class Component:
    """A program of the stack in one role.

    Attributes:
        name: Its name in `botobs status`, in compose and in the chart.
        purpose: What it does, in a few words.
        program: The program, as `versions.toml` names it; None for one that is not built.
        folder: The folder of its configuration, in the repository and in a stack's home.
        ports: Where it listens.
        address: Variable of the port by which a person or a program reaches it.
        health: Port variable and path that answer with 200 once it is ready; None where that is not HTTP.
        scraped: Variable of the port that Prometheus scrapes, if it does.
        job: Name of the scrape job, where it is not the component's.
        after: What must be ready before it starts, and runs until it has stopped.
        stop_budget: Seconds that it gets to stop.
        always: Whether it always runs on a single machine.
        in_compose: Whether docker-compose.yml has it.
    """

    name: str
    purpose: str
    program: str | None
    folder: str
    ports: Sequence[Port]
    address: str | None = None
    health: tuple[str, str] | None = None
    scraped: str | None = None
    job: str = ""
    after: tuple[str, ...] = ()
    stop_budget: float = 10.0
    always: bool = False
    in_compose: bool = True

    @property
    def scrape_job(self) -> str:
        """Name of its scrape job."""
        return self.job or self.name


COMPONENTS: tuple[Component, ...] = (
    Component(
        name="collector",
        purpose="OpenTelemetry Collector: receives, redacts, guards and queues what services send",
        program="collector",
        folder="collector",
        ports=(
            Port("BOTOBS_OTLP_GRPC_PORT", 4317, "collector", "OTLP over gRPC", Auth.TOKEN),
            Port("BOTOBS_OTLP_HTTP_PORT", 4318, "collector", "OTLP over HTTP", Auth.TOKEN),
            Port(
                "BOTOBS_COLLECTOR_HEALTH_PORT", 13133, "collector", "the collector's health", Auth.CERTIFICATE
            ),
        ),
        address="BOTOBS_OTLP_HTTP_PORT",
        health=("BOTOBS_COLLECTOR_HEALTH_PORT", "/"),
        # Its metrics are pushed; this is where Prometheus sees that it runs.
        scraped="BOTOBS_COLLECTOR_HEALTH_PORT",
        after=("prometheus", "tempo"),
        # Its queues are on disk; what is under way is written back.
        stop_budget=15,
        always=True,
    ),
    Component(
        name="prometheus",
        purpose="Prometheus: metrics of weeks, rules and alerts",
        program="prometheus",
        folder="prometheus",
        ports=(Port("BOTOBS_PROMETHEUS_PORT", 9090, "prometheus", "Prometheus' API", Auth.PASSWORD),),
        address="BOTOBS_PROMETHEUS_PORT",
        health=("BOTOBS_PROMETHEUS_PORT", "/-/ready"),
        scraped="BOTOBS_PROMETHEUS_PORT",
        # What it still has to write to Mimir when it stops finds it there.
        after=("mimir",),
        stop_budget=30,
        always=True,
    ),
    Component(
        name="tempo",
        purpose="Tempo: traces",
        program="tempo",
        folder="tempo",
        ports=(
            Port("BOTOBS_TEMPO_HTTP_PORT", 3200, "tempo", "Tempo's API", Auth.CERTIFICATE),
            Port("BOTOBS_TEMPO_GRPC_PORT", 9095, "tempo", "Tempo's own parts", Auth.CERTIFICATE),
            Port("BOTOBS_TEMPO_OTLP_PORT", 4417, "tempo", "traces from the collector", Auth.CERTIFICATE),
        ),
        address="BOTOBS_TEMPO_HTTP_PORT",
        health=("BOTOBS_TEMPO_HTTP_PORT", "/ready"),
        scraped="BOTOBS_TEMPO_HTTP_PORT",
        # It waits for ever when it is stopped within half a minute of a query; its data is on disk long before that.
        stop_budget=5,
        always=True,
    ),
    Component(
        name="alertmanager",
        purpose="Alertmanager: groups alerts and sends them to people",
        program="alertmanager",
        folder="alertmanager",
        ports=(Port("BOTOBS_ALERTMANAGER_PORT", 9093, "alertmanager", "Alertmanager's API", Auth.PASSWORD),),
        address="BOTOBS_ALERTMANAGER_PORT",
        health=("BOTOBS_ALERTMANAGER_PORT", "/-/ready"),
        scraped="BOTOBS_ALERTMANAGER_PORT",
        # One of several takes its leave of the others first, for up to ten seconds.
        stop_budget=15,
        always=True,
    ),
    Component(
        name="postgres",
        purpose="PostgreSQL: a database to watch, for the demo and for trying",
        program=None,
        folder="postgres",
        ports=(Port("BOTOBS_POSTGRES_PORT", 5433, "postgres", "PostgreSQL", Auth.DATABASE),),
    ),
    Component(
        name="postgres_exporter",
        purpose="PostgreSQL's statistics as metrics",
        program="postgres_exporter",
        folder="postgres",
        ports=(
            Port(
                "BOTOBS_POSTGRES_EXPORTER_PORT",
                9187,
                "postgres_exporter",
                "PostgreSQL's metrics",
                Auth.PASSWORD,
            ),
        ),
        address="BOTOBS_POSTGRES_EXPORTER_PORT",
        health=("BOTOBS_POSTGRES_EXPORTER_PORT", "/"),
        scraped="BOTOBS_POSTGRES_EXPORTER_PORT",
        job="postgres",
        after=("postgres",),
    ),
    Component(
        name="mimir",
        purpose="Mimir: metrics of years",
        program="mimir",
        folder="mimir",
        ports=(
            Port("BOTOBS_MIMIR_HTTP_PORT", 9009, "mimir", "Mimir's API", Auth.CERTIFICATE),
            Port("BOTOBS_MIMIR_GRPC_PORT", 9096, "mimir", "Mimir's own parts", Auth.CERTIFICATE),
        ),
        address="BOTOBS_MIMIR_HTTP_PORT",
        health=("BOTOBS_MIMIR_HTTP_PORT", "/ready"),
        scraped="BOTOBS_MIMIR_HTTP_PORT",
        stop_budget=30,
    ),
    Component(
        name="sampler",
        purpose="a collector of the second tier: keeps or drops whole traces",
        program="collector",
        folder="collector",
        ports=(
            Port(
                "BOTOBS_SAMPLER_PORT",
                4517,
                "sampler",
                "traces from collectors of the first tier",
                Auth.CERTIFICATE,
            ),
            Port("BOTOBS_SAMPLER_HEALTH_PORT", 13134, "sampler", "a sampler's health", Auth.CERTIFICATE),
        ),
        in_compose=False,
    ),
    Component(
        name="grafana",
        purpose="Grafana: dashboards, where one is installed",
        program=None,
        folder="grafana",
        ports=(Port("BOTOBS_GRAFANA_PORT", 3000, "grafana", "Grafana", Auth.LOGIN),),
        address="BOTOBS_GRAFANA_PORT",
        health=("BOTOBS_GRAFANA_PORT", "/api/health"),
        after=("prometheus", "tempo"),
    ),
)

BY_NAME: Mapping[str, Component] = {component.name: component for component in COMPONENTS}
