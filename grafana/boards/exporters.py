"""The metrics of other programs that dashboards may name: everything that is not in `botobs.semconv`.

A name that is not written here cannot be used in a panel, and a test holds each against the running program.
"""

from __future__ import annotations

from dataclasses import dataclass

SERVICE = "service.name"


@dataclass(frozen=True, slots=True)
class Exported:
    """A metric that another program exports.

    Attributes:
        prometheus_name: Its name in Prometheus; of histograms without `_bucket` and the like.
        histogram: It is one.
        carries: Attributes beside the environment that dashboards filter by.
    """

    prometheus_name: str
    histogram: bool = False
    carries: tuple[str, ...] = ()


# Spans as the collector counts them, before any sampling.
SPAN_CALLS = Exported("traces_span_metrics_calls_total", carries=(SERVICE,))
SPAN_DURATION = Exported("traces_span_metrics_duration_seconds", histogram=True, carries=(SERVICE,))
EDGE_REQUESTS = Exported("traces_service_graph_request_total")
EDGE_FAILED = Exported("traces_service_graph_request_failed_total")
EDGE_CLIENT_DURATION = Exported("traces_service_graph_request_client_seconds", histogram=True)

# The collector itself.
RECEIVER_ACCEPTED_SPANS = Exported("otelcol_receiver_accepted_spans_total")
RECEIVER_ACCEPTED_POINTS = Exported("otelcol_receiver_accepted_metric_points_total")
RECEIVER_REFUSED_SPANS = Exported("otelcol_receiver_refused_spans_total")
RECEIVER_REFUSED_POINTS = Exported("otelcol_receiver_refused_metric_points_total")
POINTS_FILTERED = Exported("otelcol_processor_filter_datapoints_filtered_total")
SPANS_FILTERED = Exported("otelcol_processor_filter_spans_filtered_total")
SENT_SPANS = Exported("otelcol_exporter_sent_spans_total")
SENT_POINTS = Exported("otelcol_exporter_sent_metric_points_total")
SEND_FAILED_SPANS = Exported("otelcol_exporter_send_failed_spans_total")
SEND_FAILED_POINTS = Exported("otelcol_exporter_send_failed_metric_points_total")
ENQUEUE_FAILED_SPANS = Exported("otelcol_exporter_enqueue_failed_spans_total")
ENQUEUE_FAILED_POINTS = Exported("otelcol_exporter_enqueue_failed_metric_points_total")
QUEUE_SIZE = Exported("otelcol_exporter_queue_size")
QUEUE_CAPACITY = Exported("otelcol_exporter_queue_capacity")
COLLECTOR_CPU = Exported("otelcol_process_cpu_seconds_total")
COLLECTOR_MEMORY = Exported("otelcol_process_memory_rss_bytes")

# The host, as the collector reads it.
HOST_CPU = Exported("system_cpu_utilization_ratio")
HOST_MEMORY = Exported("system_memory_usage_bytes")
HOST_MEMORY_LIMIT = Exported("system_memory_limit_bytes")
HOST_DISK_IO = Exported("system_disk_io_bytes_total")
HOST_FILESYSTEM = Exported("system_filesystem_utilization_ratio")
HOST_NETWORK = Exported("system_network_io_bytes_total")

# PostgreSQL, by postgres_exporter.
PG_UP = Exported("pg_up")
PG_BACKENDS = Exported("pg_stat_activity_count")
PG_MAX_CONNECTIONS = Exported("pg_settings_max_connections")
PG_COMMITS = Exported("pg_stat_database_xact_commit")
PG_ROLLBACKS = Exported("pg_stat_database_xact_rollback")
PG_BLOCKS_HIT = Exported("pg_stat_database_blks_hit")
PG_BLOCKS_READ = Exported("pg_stat_database_blks_read")
#: Milliseconds, as PostgreSQL counts them.
PG_READ_TIME = Exported("pg_stat_database_blk_read_time")
PG_WRITE_TIME = Exported("pg_stat_database_blk_write_time")
PG_DEADLOCKS = Exported("pg_stat_database_deadlocks")
#: An age, in spite of its name.
PG_OLDEST_TRANSACTION = Exported("pg_long_running_transactions_oldest_timestamp_seconds")
PG_BLOCKING_SESSIONS = Exported("pg_blocking_sessions")
PG_BLOCKING_SECONDS = Exported("pg_blocking_seconds")
PG_LOCKS = Exported("pg_locks_count")
PG_ROWS_RETURNED = Exported("pg_stat_database_tup_returned")
PG_ROWS_INSERTED = Exported("pg_stat_database_tup_inserted")
PG_ROWS_UPDATED = Exported("pg_stat_database_tup_updated")
PG_STATEMENT_CALLS = Exported("pg_stat_statements_calls_total")
PG_STATEMENT_SECONDS = Exported("pg_stat_statements_seconds_total")
PG_STATEMENT_ROWS = Exported("pg_stat_statements_rows_total")
PG_STATEMENT_READ_SECONDS = Exported("pg_stat_statements_block_read_seconds_total")

# Prometheus, and what it says of every target.
UP = Exported("up")
ALERTS = Exported("ALERTS")
ALERTS_SINCE = Exported("ALERTS_FOR_STATE")
TSDB_APPENDED = Exported("prometheus_tsdb_head_samples_appended_total")
TSDB_SERIES = Exported("prometheus_tsdb_head_series")
TSDB_TOO_OLD = Exported("prometheus_tsdb_too_old_samples_total")
TSDB_OUT_OF_BOUNDS = Exported("prometheus_tsdb_out_of_bound_samples_total")
TSDB_WAL_FAILED = Exported("prometheus_tsdb_wal_writes_failed_total")
TSDB_BLOCK_BYTES = Exported("prometheus_tsdb_storage_blocks_bytes")
TSDB_WAL_BYTES = Exported("prometheus_tsdb_wal_storage_size_bytes")
RULE_FAILURES = Exported("prometheus_rule_evaluation_failures_total")
NOTIFICATIONS_DROPPED = Exported("prometheus_notifications_dropped_total")
NOTIFICATIONS_SENT = Exported("prometheus_notifications_sent_total")
CPU = Exported("process_cpu_seconds_total")
MEMORY = Exported("process_resident_memory_bytes")

# Tempo.
TEMPO_RECEIVED = Exported("tempo_distributor_spans_received_total")
TEMPO_DISCARDED = Exported("tempo_discarded_spans_total")
TEMPO_BYTES = Exported("tempo_distributor_bytes_received_total")

# Alertmanager.
ALERTMANAGER_RECEIVED = Exported("alertmanager_alerts_received_total")
ALERTMANAGER_SENT = Exported("alertmanager_notifications_total")
ALERTMANAGER_FAILED = Exported("alertmanager_notifications_failed_total")

EXPORTED: tuple[Exported, ...] = tuple(
    value for value in list(vars().values()) if isinstance(value, Exported)
)
