"""Settings of collection and storage."""

from __future__ import annotations

from .kinds import (
    BOOLEAN,
    BYTES,
    BYTES_OF_PROMETHEUS,
    DURATION,
    HOST_AND_PORT,
    PATH,
    PATTERN,
    PROJECT,
    TENANT,
    TENANTS,
    TEXT,
    URL,
    YAML_LIST,
    choice,
    integer,
)
from .kinds import number as _number
from .setting import Setting, rows

_LEVEL = choice("debug", "info", "warn", "error")
_BIND = choice("127.0.0.1", "0.0.0.0")

GENERAL = rows(
    ("HOME", TEXT, "", "the folder of the stack; in the environment alone"),
    ("ENVIRONMENT", TEXT, "development", "what is measured, `deployment.environment.name`"),
    ("HORIZON", DURATION, "24h", "the maximum outage of a store after which nothing is missing; at least `10m`"),
    ("BIND", _BIND, "127.0.0.1", "where everything listens: this machine alone, or all its addresses"),
    ("OTLP_BIND", _BIND, "127.0.0.1", "where the intake listens for services"),
    ("HOST_NAME", TEXT, "localhost", "name of the machine that is measured; the machine's own if unset"),
    ("SCRAPE_INTERVAL", DURATION, "15s", "how often Prometheus scrapes"),
    ("SCRAPE_TIMEOUT", DURATION, "10s", "how long a scrape may take; not longer than the interval"),
    ("POSTGRES_SCRAPE_INTERVAL", DURATION, "10s", "how often the database's exporter is scraped"),
    ("HEALTH_SCRAPE_INTERVAL", DURATION, "5s", "how often Prometheus asks whether collector and intake "
     "are well, and how long it waits"),
    ("HOST_METRICS_INTERVAL", DURATION, "15s", "how often the machine is measured"),
    ("CANARY_INTERVAL", DURATION, "2s", "how often the collector sends the canary, without which no silence counts"),
    ("COMPOSE_PROJECT", PROJECT, "botobs", "name of the project of docker compose, which containers and volumes bear"),
)  # fmt: skip

COLLECTOR = rows(
    ("TRACES_BYTES_PER_SECOND", BYTES, "", "bytes of spans that all services send in a second, on average"),
    ("METRICS_BYTES_PER_SECOND", BYTES, "", "the same for points; `botobs size` calculates both"),
    ("COLLECTOR_TRACES_QUEUE_BYTES", BYTES, "4294967296", "size limit of the queue of spans; derived from "
     "`BOTOBS_HORIZON` if unset"),
    ("COLLECTOR_METRICS_QUEUE_BYTES", BYTES, "2147483648", "the same for points"),
    ("COLLECTOR_METRICS_CONSUMERS", integer(1), "1", "requests of points under way to a store at once; with more than "
     "one, some may be lost when it restarts"),
    ("COLLECTOR_RETRY_INTERVAL", DURATION, "15s", "the longest pause between two attempts to reach a store"),
    ("COLLECTOR_MEMORY_MIB", integer(64), "512", "limit of the collector's heap, in MiB"),
    ("COLLECTOR_MEMORY_SPIKE_MIB", integer(1), "128", "how far below it data is refused already, in MiB"),
    ("COLLECTOR_GOMEMLIMIT", TEXT, "", "Go's soft memory limit of the collector; derived from its limits if unset"),
    ("COLLECTOR_LOG_LEVEL", _LEVEL, "info", "the least severe messages in its log"),
    ("COLLECTOR_INSTANCE", TEXT, "collector-0", "its name: another for each collector"),
    ("COLLECTOR_METRICS_INTERVAL_MS", integer(100), "15000", "milliseconds between two pushes of its own metrics"),
    ("COLLECTOR_DELTA_STREAMS", integer(1), "20000", "series that may come as deltas"),
    ("COLLECTOR_EDGES", integer(4), "60000", "spans that wait, 10 s at most, for the other end of their call; a "
     "service may have as many as are free of half of them"),
    ("COLLECTOR_EDGE_SERIES", integer(4), "8000", "edges between services within an hour; one service may have a "
     "quarter, and its further calls draw none"),
    ("COLLECTOR_REDACT_KEEP", YAML_LIST, "[]", "patterns of attributes' names whose values the collector never masks"),
    ("INTAKE_MEMORY_MIB", integer(128), "192", "memory that requests under way may take, in the intake and in the "
     "collector each, in MiB; one token gets half, one request a quarter"),
    ("SPAN_METRICS_INTERVAL", DURATION, "15s", "how often metrics of spans are sent"),
    ("SPAN_METRICS_SERIES", integer(1), "2000", "series that a service instance may have before the rest is counted "
     "as overflow"),
    ("SPAN_METRICS_INSTANCES", integer(1), "5000", "service instances whose spans are counted; one service may have a "
     "quarter within an hour, and its further ones are counted as one"),
    ("OTLP_CLIENT_CA", PATH, "", "an authority's file: services need a certificate of it as well as their token"),
    ("GATEWAYS_COMPRESSION", choice("none", "gzip", "snappy", "zstd", "zlib", "deflate", "lz4"), "none",
     "how an agent compresses what it sends to gateways"),
    ("GATEWAYS_URL", URL, "https://127.0.0.1:4620", "a cluster's gateways; in a cluster the stack decides it"),
    ("SAMPLER_0_ENDPOINT", HOST_AND_PORT, "127.0.0.1:4517", "address of the first sampler of a tier of its own"),
    ("SAMPLER_1_ENDPOINT", HOST_AND_PORT, "127.0.0.1:4518", "address of the second"),
    ("COLLECTOR_METRICS_EXPORTERS", YAML_LIST, "[otlp_http/prometheus]", "exporters of points; the stack decides it "
     "with Mimir"),
    ("MOVING", choice("off", "on"), "off", "`on`: a single machine's collector also sends to a cluster's gateways"),
    ("SAMPLING", choice("off", "on", "gateway"), "off", "whether polls are sampled: by this collector, or by a tier of "
     "samplers"),
    ("SAMPLING_PERCENT", _number(0, 100), "10", "part of the traces of nothing but polls that is kept, in percent"),
    ("SAMPLING_SLOW", DURATION, "1s", "a poll that takes longer is always kept"),
    ("SAMPLING_POLLS", PATTERN, "(?i)^(fetch|watch|load_markets|poll|tick|ping|health)|order_book|orderbook|trades|"
     "ohlcv|ticker", "operations, or names of spans, that are polls"),
    ("SAMPLING_WAIT", DURATION, "10s", "how long a sampler waits for the rest of a trace"),
    ("SAMPLING_WAIT_AFTER_ROOT", DURATION, "2s", "the same once the root has come"),
    ("SAMPLING_TRACES", integer(1), "100000", "traces that a sampler waits for at a time"),
)  # fmt: skip

STORES = (
    *rows(
        ("PROMETHEUS_RETENTION", DURATION, "15d", "how long Prometheus keeps metrics; longer than `BOTOBS_HORIZON`"),
        ("PROMETHEUS_RETENTION_SIZE", BYTES_OF_PROMETHEUS, "20GiB", "how much disk they may take"),
        ("PROMETHEUS_REMOTE_WRITE", YAML_LIST, "[]", "stores that Prometheus sends to, in its own words; with Mimir "
         "the stack decides it"),
        ("TEMPO_RETENTION", DURATION, "336h", "how long Tempo keeps traces; longer than `BOTOBS_HORIZON`"),
        ("TEMPO_LOG_LEVEL", _LEVEL, "warn", "the least severe messages in Tempo's log"),
        ("TEMPO_BUCKET", TEXT, "tempo", "bucket of a cluster's traces"),
        ("TEMPO_BLOCKLIST_POLL", DURATION, "1m", "how often a cluster's Tempo looks for new blocks"),
        ("MIMIR_RETENTION", DURATION, "400d", "how long Mimir keeps metrics; longer than `BOTOBS_HORIZON`"),
        ("MIMIR_LOG_LEVEL", _LEVEL, "warn", "the least severe messages in Mimir's log"),
        ("MIMIR_TENANT", TENANT, "botobs", "the tenant that a single machine writes as"),
        ("MIMIR_STORAGE", choice("filesystem", "s3"), "filesystem", "where a single machine's Mimir keeps blocks"),
        ("MIMIR_S3_ENDPOINT", HOST_AND_PORT, "", "address of the object store"),
        ("MIMIR_S3_BUCKET", TEXT, "", "bucket of the blocks"),
        ("MIMIR_S3_REGION", TEXT, "", "region of the bucket"),
        ("MIMIR_S3_NATIVE_AUTH", BOOLEAN, "false", "whether keys come from where the AWS SDK looks for them"),
        ("MIMIR_BUCKET", TEXT, "mimir", "bucket of a cluster's metrics"),
        ("MIMIR_CLEANUP_INTERVAL", DURATION, "15m", "how often new blocks are listed"),
        ("MIMIR_SYNC_INTERVAL", DURATION, "15m", "how often new blocks are looked for"),
        ("MIMIR_RULES_INTERVAL", DURATION, "30s", "how often changed rules are looked for"),
        ("MIMIR_HEARTBEAT_TIMEOUT", DURATION, "15s", "when a Mimir that was killed counts as gone"),
        ("OBJECT_STORE_REGION", TEXT, "us-east-1", "region of a cluster's buckets"),
        ("TENANT", TENANT, "botobs", "the tenant of a cluster's own agents"),
        ("TENANTS", TENANTS, "", "further tenants that the gateways let in"),
        ("TENANT_POINTS_PER_SECOND", integer(1), "200000", "points that each tenant may send in a second"),
        ("TENANT_POINTS_BURST", integer(1), "2000000", "points that it may send at once"),
        ("TENANT_SERIES", integer(1), "1000000", "series that it may have"),
        ("TENANT_TRACE_BYTES_PER_SECOND", integer(1), "100000000", "bytes of spans that it may send in a second"),
        ("TENANT_TRACE_BYTES_BURST", integer(1), "100000000", "bytes that it may send at once"),
        ("GRAFANA_LOG_LEVEL", _LEVEL, "warn", "the least severe messages in Grafana's log"),
        ("ORDERS_DATABASE", HOST_AND_PORT, "127.0.0.1:5433", "the application's database, for links to orders"),
        ("ORDERS_DATABASE_NAME", TEXT, "trading", "its name"),
        ("ORDERS_DATABASE_USER", TEXT, "demo", "a role that may read the table of orders and nothing else"),
        ("ORDERS_DATABASE_TLS", choice("disable", "require", "verify-ca", "verify-full"), "disable", "how TLS is used"),
        ("ORDERS_QUERY", TEXT, "SELECT * FROM orders WHERE client_order_id =", "the query before the order's id"),
    ),
    Setting(
        "BOTOBS_ORDERS_DATABASE_PASSWORD", TEXT, "",
        "the role's password, best as `$__file{/path/of/a/file}`", secret=True,
    ),
    Setting("BOTOBS_OPERATOR", TEXT, "", "who types, for the audit log, by `botobs user`; in the environment alone"),
    Setting("BOTOBS_OPERATOR_PASSWORD_FILE", TEXT, "", "file with that person's password; in the environment alone"),
    Setting("BOTOBS_GRAFANA_TOKEN", TEXT, "", "token for `botobs grafana push`; in the environment alone", secret=True),
)  # fmt: skip

_HIDDEN = {
    "DATA": "folder of what the components store",
    "SECRETS": "folder of secrets",
    "CONFIG": "folder of rendered configuration",
    "HOST_ROOT": "where the collector sees the machine's root",
    "INTAKE_SOURCE": "what docker compose builds the intake from",
    "NODE": "a pod's node",
    "POD": "a pod's name",
    "EXPORTER_PASSWORD_FILE": "the exporter's password, in a container",
    "CERTIFICATE_EXPIRY": "end of the stack's certificate, in seconds since the epoch",
    "DASHBOARD_URL": "Grafana, where somebody has said that there is one",
    "GRAFANA_SIGN_IN": "whether Grafana has single sign-on",
    "GRAFANA_SAMESITE": "to which sites browsers send Grafana's cookie",
    "GRAFANA_CLIENT_SECRET": "where Grafana reads the client's secret",
    "GRAFANA_AUTHORITIES": "where Grafana reads the authorities of the provider",
    "GRAFANA_NAME_CLAIM": "how Grafana finds somebody's name",
    "GRAFANA_ROLE": "how Grafana finds somebody's role",
    "ALERTMANAGER_URL": "Alertmanager",
    "ALERTMANAGER_URLS": "a cluster's Alertmanagers",
    "ALERTMANAGER_UPSTREAMS": "the same for the load balancer",
    "GATEWAY_URLS": "each of a cluster's gateways",
    "MIMIR_URL": "Mimir",
    "MIMIR_URLS": "a cluster's Mimirs",
    "PROMETHEUS_URL": "Prometheus",
    "TEMPO_URL": "Tempo",
    "TEMPO_OTLP_ENDPOINT": "where Tempo receives spans",
    "MIMIR_GOSSIP_MEMBERS": "addresses by which a cluster's Mimirs find each other",
    "TEMPO_GOSSIP_MEMBERS": "the same for Tempo",
    "OBJECT_STORE_ENDPOINT": "a cluster's object store",
    "GATEWAY_INSTANCE": "name of a gateway",
    "GATEWAY_PORT": "its port",
    "GATEWAY_HEALTH_PORT": "port of its health",
    "SAMPLER_INSTANCE": "name of a sampler",
    "MIMIR_INSTANCE": "name of a Mimir",
    "MIMIR_GOSSIP_PORT": "its port for gossip",
    "TEMPO_INSTANCE": "name of a Tempo",
    "TEMPO_GOSSIP_PORT": "its port for gossip",
}
#: What the stack decides, or what its container or pod knows.
DECIDED = tuple(Setting(f"BOTOBS_{name}", TEXT, "", doc, decided=True) for name, doc in _HIDDEN.items())
