"""The native stack: collector, Prometheus, Tempo, Alertmanager, PostgreSQL and its exporter, run as one unit."""
