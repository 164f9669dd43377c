"""The reference page of everything that can lose telemetry: what counts it, which alert fires, and what tests it."""

from __future__ import annotations

from dataclasses import dataclass

from .tables import markdown_table


@dataclass(frozen=True)
class Loss:
    """One way in which something is lost.

    Attributes:
        what: Is lost, and why.
        counters: Series in Prometheus that count it; none where nothing can.
        alert: Whose rule reads them; None where no alert does.
        silent: Why there is no alert, or what reports it instead; with an alert, what else there is to know.
        tests: That play it, each as `file::function`.
    """

    what: str
    counters: tuple[str, ...]
    alert: str | None
    tests: tuple[str, ...]
    silent: str = ""


_SPANS_AND_POINTS = ("spans", "metric_points")

#: By where it happens, in the order of the way that data takes.
LOSSES: dict[str, tuple[Loss, ...]] = {
    "In the service": (
        Loss(
            "spans, log records and metric exports that are given up: memory full, too old, too large, refused by the "
            "collector, not encoded, or waiting at the end of the process; by signal and reason",
            ("botobs_sdk_dropped_total",),
            "TelemetryDropped",
            (
                "tests/unit/sdk/test_outage.py::test_what_may_not_is_counted",
                "tests/unit/sdk/test_outage.py::test_in_a_long_outage_memory_is_bounded_and_orders_survive",
                "tests/unit/sdk/test_large_batches.py::test_an_item_that_no_collector_takes_costs_only_itself",
            ),
        ),
        Loss(
            "the attributes of further measurements, of a metric with too many series",
            ("botobs_sdk_metric_overflows_total",),
            "MetricSeriesOverflow",
            ("tests/unit/engine/test_bound.py::test_a_bound_series_beyond_the_limit_is_the_overflow_series",),
        ),
        Loss(
            "attributes of measurements that name one thing among endlessly many, such as an order's id",
            ("botobs_sdk_metric_attributes_refused_total",),
            None,
            ("tests/unit/engine/test_bound.py::test_refused_attributes",),
            "on purpose; the service warns once, with the attribute and where it is recorded",
        ),
        Loss(
            "orders in flight and waiting telemetry, if a process is killed whose journal or spool cannot be used",
            ("botobs_sdk_journal_refused_total", "botobs_sdk_spool_refused"),
            "LocalStoreRefused",
            (
                "tests/unit/sdk/test_order_journal.py::test_without_the_file_locks_of_posix_it_is_still_sent",
                "tests/unit/sdk/test_spool.py::test_without_a_directory_everything_works_but_for_the_keeping",
            ),
        ),
        Loss(
            "spans in the memory of a process that is killed",
            (),
            None,
            ("tests/unit/ledger/test_account.py::test_spans",),
            "`botobs ledger`: produced, not acknowledged",
        ),
    ),
    "In the intake": (
        Loss(
            "requests that their sender does not repeat: no OTLP, another's service name, too large, unknown path or "
            "packing",
            ("botobs_intake_refused_total",),
            "IntakeRefusing",
            (
                "tests/integration/security/test_strangers.py::test_what_is_no_telemetry",
                "tests/integration/security/test_strangers.py::test_a_bound_token_speaks_for_its_services",
            ),
            "strangers and wrong tokens are counted beside it, and alert nobody: anybody could make the alert fire",
        ),
        Loss(
            "points of exponential histograms that contradict themselves, and of deltas beyond a quarter of the series "
            "that the collector adds up",
            ("botobs_intake_rejected_points_total",),
            "CollectorFiltering",
            (
                "tests/integration/security/test_strangers.py::test_a_histogram_that_contradicts_itself_loses_itself",
                "tests/integration/config/test_guards.py::test_one_service_takes_a_part_of_the_series_of_deltas",
            ),
        ),
    ),
    "In the collector": (
        Loss(
            "requests that are refused because memory is short; services send them again, and count what they give up",
            tuple(
                f"otelcol_receiver_{how}_{what}_total"
                for how in ("refused", "failed")
                for what in _SPANS_AND_POINTS
            ),
            "CollectorRefusing",
            ("tests/drills/test_pipeline_queue.py::test_full",),
        ),
        Loss(
            "points that Prometheus would refuse with their neighbours: without a name, of the future, of the past, "
            "not a number, contradictory; by service and guard",
            ("botobs_collector_refused_points_total",),
            "CollectorFiltering",
            (
                "tests/integration/config/test_guards.py::test_what_is_taken_out_is_counted_by_service",
                "tests/integration/config/test_guards.py::test_the_neighbours_of_a_poison_arrive",
            ),
        ),
        Loss(
            "spans without ids, which Tempo would refuse with their neighbours",
            ("otelcol_processor_filter_spans_filtered_total",),
            "CollectorFiltering",
            ("tests/integration/config/test_guards.py::test_a_span_without_ids_takes_no_other_with_it",),
        ),
        Loss(
            "delta points that cannot be added up: more series than the limit, or out of order",
            ("otelcol_deltatocumulative_datapoints_total",),
            "CollectorFiltering",
            ("tests/integration/config/test_guards.py::test_a_delta_counter_is_added_up",),
        ),
        Loss(
            "which process of a service a number is of, where senders do not say who they are",
            ("botobs_collector_unidentified_points_total",),
            "SenderUnidentified",
            ("tests/integration/config/test_identity.py::test_two_workers_without_an_id_are_told_apart",),
        ),
        Loss(
            "counters of processes that share one `service.instance.id`",
            ("target_info",),
            "InstanceShared",
            ("tests/integration/config/test_identity.py::test_an_id_that_two_share_is_told_of",),
        ),
        Loss(
            "what span metrics tell apart, of a service with too many span names (`otel_metric_overflow`)",
            (),
            None,
            ("tests/drills/test_pipeline_poison.py::test_cardinality_bomb",),
            "totals stay right, and the spans are all there; the series bears the label `otel_metric_overflow`",
        ),
        Loss(
            "which instance of a service its spans are counted for, if it has more than a quarter of "
            "`BOTOBS_SPAN_METRICS_INSTANCES` within an hour; which service, if its token has made up so many",
            ("botobs_intake_joined_instances_total",),
            None,
            ("tests/drills/test_pipeline_poison.py::test_instances_without_end_take_no_counter_from_others",),
            "further ones are the one instance `others`; the spans are all there, and the intake's log names it",
        ),
        Loss(
            "edges from or to a service that has more spans waiting for their partner than are free of half of "
            "`BOTOBS_COLLECTOR_EDGES`, or a quarter of `BOTOBS_COLLECTOR_EDGE_SERIES` within an hour",
            ("botobs_intake_unlinked_spans_total",),
            None,
            (
                "tests/integration/config/test_untouched.py::test_calls_without_end_take_no_edge_from_others",
                "tests/drills/test_pipeline_poison.py::test_edges_that_are_too_many_are_counted",
            ),
            "the spans are stored and measured; others keep their edges, and the intake's log names the service",
        ),
        Loss(
            "edges between services, while more spans wait for their partner than `BOTOBS_COLLECTOR_EDGES`",
            ("otelcol_connector_servicegraph_dropped_spans_total",),
            "CollectorFiltering",
            ("tests/integration/rules/test_rules.py::test_the_rules_do_what_their_tests_say",),
            "the spans themselves, and what is counted of each, are whole; without an intake one service can do that",
        ),
        Loss(
            "batches that a store refuses for good, or a queue does not take",
            tuple(
                f"otelcol_exporter_{how}_failed_{what}_total"
                for how in ("send", "enqueue")
                for what in _SPANS_AND_POINTS
            ),
            "CollectorLosing",
            (
                "tests/drills/test_pipeline_answers.py::test_an_answer_that_means_never",
                "tests/drills/test_pipeline_poison.py::test_what_prometheus_refuses_is_told_by_service",
            ),
            "`ExportsMissing` names the service",
        ),
        Loss(
            "what waited in a queue whose file is damaged; silences and what Alertmanager has sent, in its",
            ("botobs_collector_queue_set_aside_files",),
            "CollectorQueueSetAside",
            ("tests/drills/test_pipeline_queue.py::test_its_file_is_cut_short",),
        ),
        Loss(
            "polls in the memory of a sampler that is killed",
            (
                "botobs_collector_sampling_offered_spans_total",
                "botobs_collector_sampling_kept_spans_total",
            ),
            None,
            (
                "tests/integration/sampling/test_one_tier.py::test_a_kill_loses_polls_alone_and_they_are_counted",
            ),
            "most of the difference is left out on purpose; `botobs ledger` counts the rest",
        ),
    ),
    "In the stores": (
        Loss(
            "spans that Tempo discards: limits, and traces that are too large",
            ("tempo_discarded_spans_total",),
            "TempoDiscarding",
            ("tests/integration/rules/test_rules.py::test_the_rules_do_what_their_tests_say",),
        ),
        Loss(
            "spans that a killed Tempo had in memory",
            (),
            None,
            ("tests/drills/test_pipeline_tempo.py::test_killed",),
            "`botobs ledger`; [how many](../delivery.md#what-can-be-lost)",
        ),
        Loss(
            "samples that are older than what Prometheus takes",
            ("prometheus_tsdb_too_old_samples_total", "prometheus_tsdb_out_of_bound_samples_total"),
            "PrometheusDiscarding",
            ("tests/integration/rules/test_rules.py::test_the_rules_do_what_their_tests_say",),
        ),
        Loss(
            "everything that is sent while Prometheus cannot write",
            (
                "prometheus_tsdb_wal_writes_failed_total",
                "prometheus_tsdb_out_of_order_wbl_writes_failed_total",
            ),
            "PrometheusLosing",
            ("tests/drills/test_pipeline_queue.py::test_disk_of_prometheus_is_full",),
        ),
        Loss(
            "what Prometheus finds broken at its start, or cannot compact",
            (
                "prometheus_tsdb_wal_corruptions_total",
                "prometheus_tsdb_mmap_chunk_corruptions_total",
                "prometheus_tsdb_out_of_order_wbl_truncations_failed_total",
                "prometheus_tsdb_compactions_failed_total",
                "prometheus_tsdb_head_truncations_failed_total",
                "prometheus_tsdb_wal_truncations_failed_total",
                "prometheus_tsdb_checkpoint_creations_failed_total",
                "prometheus_tsdb_reloads_failures_total",
            ),
            "PrometheusStorageFailing",
            ("tests/integration/rules/test_rules.py::test_the_rules_do_what_their_tests_say",),
        ),
        Loss(
            "scraped series that the long-term store refuses, or was away for too long for",
            (
                "prometheus_remote_storage_samples_failed_total",
                "prometheus_remote_storage_samples_dropped_total",
            ),
            "RemoteWriteLosing",
            ("tests/integration/mimir/test_flow.py::test_nothing_is_refused_on_its_way",),
        ),
    ),
    "On the way to people": (
        Loss(
            "alerts while a rule cannot be evaluated",
            ("prometheus_rule_evaluation_failures_total",),
            "RuleEvaluationFailing",
            ("tests/integration/rules/test_live.py::test_every_rule_is_loaded_and_evaluated",),
        ),
        Loss(
            "alerts that no Alertmanager takes",
            ("prometheus_notifications_errors_total", "prometheus_notifications_dropped_total"),
            "AlertmanagerUnreachable",
            ("tests/integration/rules/test_rules.py::test_the_rules_do_what_their_tests_say",),
            "the dead-man's switch, meanwhile",
        ),
        Loss(
            "messages that a channel does not take",
            ("alertmanager_notifications_failed_total",),
            "NotificationsFailing",
            (
                "tests/integration/delivery/test_channels.py::test_mail_is_told_while_nobody_answers_for_slack",
            ),
        ),
    ),
}

#: Counters of the programs that sound like a loss and are none, as patterns of their names, with the reason.
NO_LOSS: dict[str, str] = {
    r"alertmanager_alerts_invalid_total": "Prometheus counts them as errors of notifications",
    r"alertmanager_notification_requests_failed_total": "attempts: what is given up is counted as "
    "`alertmanager_notifications_failed_total`",
    r"alertmanager_(nflog|silences)_\w+": "read again, or written with the next turn; a full disk is `DiskFilling`",
    r"alertmanager_dispatcher_aggregation_group_limit_reached_total": "no limit is set",
    r"alertmanager_http_concurrency_limit_exceeded_total": "questions, not alerts",
    r"botobs_sdk_export_failures_total": "attempts: what is given up is counted as `botobs_sdk_dropped_total`",
    r"botobs_sdk_instrumentation_errors_total": "a fault of ours in watching a library, whose call goes on",
    r"botobs_sdk_settings_invalid": "settings that stay at their defaults",
    r"net_conntrack_dialer_conn_failed_total": "what a connection was for counts itself: a scrape, a notification",
    r"otelcol_scraper_errored_metric_points_total": "numbers that the host's kernel does not give; the log says which",
    r"prometheus_\w*exemplar\w*": "links from a number to a trace",
    r"prometheus_agent_\w+": "the agent within Tempo's metrics generator, which does not run",
    r"prometheus_api_notification_updates_dropped_total": "messages to its own pages",
    r"prometheus_engine_query_log_failures_total": "no query is logged",
    r"prometheus_rule_group_iterations_missed_total": "the next turn evaluates them: late, not lost",
    r"prometheus_sd_\w+|prometheus_target_sync_failed_total|prometheus_target_scrape_pool\w+": "targets stand in its "
    "configuration: `ConfigurationRejected`, `ScrapeDown`",
    r"prometheus_target_scrapes_exceeded\w+": "no limit is set",
    r"prometheus_target_scrapes_sample_\w+": "a program says a series twice, or with times of its own: the first is "
    "stored, and Prometheus' log names the target",
    r"prometheus_template_text_expansion_failures_total": "the alert is sent, with the fault in its text",
    r"prometheus_tsdb_(compactions_skipped|head_out_of_order_samples_appended)_total": "on purpose",
    r"prometheus_tsdb_out_of_order_samples_total": "they are taken; what is too old for that counts as such",
    r"prometheus_tsdb_checkpoint_deletions_failed_total": "too much is kept: `DiskFilling`",
    r"prometheus_tsdb_snapshot_replay_error_total": "no snapshot of memory is made",
    r"prometheus_tsdb_(selected|stale)_series_compactions_failed_total": "neither is done",
    r"prometheus_web_federation_errors_total": "nobody federates",
    r"tempo_ingester_(failed_flushes|flush_failed_retries)_total": "done again; until then it is on disk",
    r"tempodb_(compaction|retention)_errors_total": "done again",
    r"tempo_(backend_scheduler|live_store|distributor_kafka|metrics_generator)_\w+": "parts of Tempo that do not run",
    r"tempo_receiver_refused_spans": "the collector sends them again, or counts what it gives up itself",
    r"tempo_overrides_user_configurable_\w+": "there are none",
    r"tempo_(buffer_pool_miss_bytes|dns_failures|dropped_log_lines)_total": "its own memory, names and log",
}

_INTRO = """# Ways to lose something

Everything between a service and a person that can lose telemetry or an alert, with the series that counts it, the alert
that reads them, and the tests that play it. Bounds are in [delivery](../delivery.md#what-can-be-lost); `botobs ledger`
adds it up by service. Tests hold this page to the rules: a counter without an alert has its reason, and no rule of the
pipeline reads a counter that is not here."""


def page() -> str:
    """The whole page."""
    titles = ["what is lost", "counted as", "alert", "tests"]
    parts = [_INTRO]
    for where, losses in LOSSES.items():
        parts.append(f"## {where}\n\n{markdown_table(titles, map(_row, losses))}")
    rows = [[f"`{pattern}`".replace("|", "\\|"), why] for pattern, why in NO_LOSS.items()]
    parts.append(f"## Counted, and nothing is lost\n\n{markdown_table(['series', 'why'], rows)}")
    return "\n\n".join(parts)


def _row(loss: Loss) -> list[str]:
    alert = f"[{loss.alert}](../runbooks/{loss.alert}.md)" if loss.alert else ""
    return [
        loss.what,
        "<br>".join(f"`{name}`" for name in loss.counters) or "nothing",
        "; ".join(part for part in (alert, loss.silent) if part),
        "<br>".join(f"`{test.removeprefix('tests/')}`" for test in loss.tests),
    ]
