"""What the stack consists of: one entry a component.

The native stack and its start order, its ports, the scrape targets and the reference page are made from this table;
docker compose, Prometheus' scrape jobs, `versions.toml` and the wheel are checked against it
(`tests/unit/stack/test_components.py`). A new backend is a folder with its configuration, an entry in `versions.toml`
and an entry here. A cluster's processes are in `cluster/`.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import alertmanager, collector, grafana, intake
from .component import Component
from .port import Auth, Port
from .roles import EXPORTER_ROLE

__all__ = ["BY_NAME", "COMPONENTS", "Component"]

COMPONENTS: tuple[Component, ...] = (
    Component(
        name="collector",
        purpose="OpenTelemetry Collector: receives, redacts, guards and queues what services send",
        program="collector",
        folder="collector",
        ports=(
            Port("BOTOBS_COLLECTOR_OTLP_PORT", 4319, "collector", "OTLP from the intake", Auth.INTAKE),
            Port(
                "BOTOBS_COLLECTOR_BEHIND_GUARDS_PORT",
                4320,
                "collector",
                "OTLP from the intake that no guard would change",
                Auth.INTAKE,
            ),
            Port(
                "BOTOBS_COLLECTOR_UNLINKED_PORT",
                4321,
                "collector",
                "the same of spans that draw no edge between services",
                Auth.INTAKE,
            ),
            Port(
                "BOTOBS_COLLECTOR_HEALTH_PORT", 13133, "collector", "the collector's health", Auth.CERTIFICATE
            ),
        ),
        executable=collector.EXECUTABLE,
        arguments=collector.arguments,
        environ=collector.environ_of,
        prepare=collector.prepare,
        stores=True,
        # Through the intake, the only client that its own port accepts.
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
        name="intake",
        purpose="Intake: lets services in by their tokens, within limits, in front of the collector",
        program="intake",
        folder="intake",
        ports=(
            Port("BOTOBS_OTLP_GRPC_PORT", 4317, "intake", "OTLP over gRPC", Auth.TOKEN),
            Port("BOTOBS_OTLP_HTTP_PORT", 4318, "intake", "OTLP over HTTP", Auth.TOKEN),
            Port("BOTOBS_INTAKE_HEALTH_PORT", 13135, "intake", "the intake's metrics", Auth.CERTIFICATE),
        ),
        executable=intake.EXECUTABLE,
        arguments=(
            "--listen-grpc={BOTOBS_OTLP_BIND}:{BOTOBS_OTLP_GRPC_PORT}",
            "--listen-http={BOTOBS_OTLP_BIND}:{BOTOBS_OTLP_HTTP_PORT}",
            "--listen-health={BOTOBS_BIND}:{BOTOBS_INTAKE_HEALTH_PORT}",
            "--secrets={secrets}",
            "--memory-mib={BOTOBS_INTAKE_MEMORY_MIB}",
            "--delta-series={BOTOBS_COLLECTOR_DELTA_STREAMS}",
            "--span-metrics-instances={BOTOBS_SPAN_METRICS_INSTANCES}",
            "--edges={BOTOBS_COLLECTOR_EDGES}",
            "--edge-series={BOTOBS_COLLECTOR_EDGE_SERIES}",
        ),
        environ=intake.environ_of,
        address="BOTOBS_OTLP_HTTP_PORT",
        health=("BOTOBS_INTAKE_HEALTH_PORT", "/"),
        scraped="BOTOBS_INTAKE_HEALTH_PORT",
        after=("collector",),
        # Requests under way get their response.
        stop_budget=10,
        always=True,
    ),
    Component(
        name="prometheus",
        purpose="Prometheus: metrics of weeks, rules and alerts",
        program="prometheus",
        folder="prometheus",
        ports=(Port("BOTOBS_PROMETHEUS_PORT", 9090, "prometheus", "Prometheus' API", Auth.PASSWORD),),
        arguments=(
            "--config.file={config}/prometheus.yml",
            "--storage.tsdb.path={data}",
            "--web.listen-address={BOTOBS_BIND}:{BOTOBS_PROMETHEUS_PORT}",
            "--web.config.file={secrets}/web.yml",
            "--web.external-url={url}",
            "--web.enable-otlp-receiver",
            "--enable-feature=exemplar-storage",
            "--alertmanager.notification-queue-capacity=10000",
            # After a restart a pending alert goes on where it was; by default it starts over, or waits ten minutes.
            "--rules.alert.for-grace-period=30s",
            # How often a firing alert is sent to Alertmanager; without four of these it takes the alert for resolved.
            "--rules.alert.resend-delay={BOTOBS_ALERT_RESEND_DELAY}",
            "--log.level=warn",
        ),
        stores=True,
        address="BOTOBS_PROMETHEUS_PORT",
        health=("BOTOBS_PROMETHEUS_PORT", "/-/ready"),
        # Mimir has this one too, where it stands in for Prometheus.
        status="/api/v1/status/buildinfo",
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
            Port("BOTOBS_TEMPO_GRPC_PORT", 9095, "tempo", "between Tempo's processes", Auth.CERTIFICATE),
            Port("BOTOBS_TEMPO_OTLP_PORT", 4417, "tempo", "traces from the collector", Auth.CERTIFICATE),
        ),
        arguments=("-config.file={config}/tempo.yaml",),
        stores=True,
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
        arguments=(
            "--config.file={config}/alertmanager.yml",
            "--storage.path={data}",
            "--web.listen-address={BOTOBS_BIND}:{BOTOBS_ALERTMANAGER_PORT}",
            "--web.config.file={secrets}/web-alertmanager.yml",
            "--web.external-url={url}",
            # What was sent, and what is silenced, is on disk after so long: a kill forgets no more.
            "--data.maintenance-interval=30s",
            # One instance: an empty address switches the gossip port off.
            "--cluster.listen-address=",
            "--log.level=warn",
        ),
        prepare=alertmanager.prepare,
        stores=True,
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
        arguments=(
            "--web.listen-address={BOTOBS_BIND}:{BOTOBS_POSTGRES_EXPORTER_PORT}",
            "--web.config.file={secrets}/web-exporter.yml",
            "--config.file={config}/postgres_exporter.yml",
            "--extend.query-path={config}/queries.yml",
            "--collector.stat_statements",
            "--collector.long_running_transactions",
            "--collector.stat_checkpointer",
            "--collector.stat_activity_autovacuum",
            "--collector.database_wraparound",
            "--collector.statio_user_indexes",
            "--collector.postmaster",
            "--log.level=warn",
        ),
        # As a user who may only read the statistics.
        environ={
            "DATA_SOURCE_URI": "127.0.0.1:{BOTOBS_POSTGRES_PORT}/postgres?sslmode=disable",
            "DATA_SOURCE_USER": EXPORTER_ROLE,
            "DATA_SOURCE_PASS_FILE": f"{{secrets}}/database-{EXPORTER_ROLE}.password",
        },
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
            Port("BOTOBS_MIMIR_GRPC_PORT", 9096, "mimir", "between Mimir's processes", Auth.CERTIFICATE),
        ),
        arguments=("-config.file={config}/mimir.yaml",),
        stores=True,
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
        arguments=grafana.arguments,
        environ={"GF_PATHS_DATA": "{data}", "GF_PATHS_PROVISIONING": "{config}/provisioning"},
        stores=True,
        address="BOTOBS_GRAFANA_PORT",
        health=("BOTOBS_GRAFANA_PORT", "/api/health"),
        after=("prometheus", "tempo"),
    ),
)

BY_NAME: Mapping[str, Component] = {component.name: component for component in COMPONENTS}
