"""Settings of who is alerted, and when."""

from __future__ import annotations

from .channels import ALERTS, BY_NAME, CHANNELS, NONE, RECEIVERS
from .kinds import (
    BOOLEAN,
    CHAT,
    DURATION,
    DURATION_OR_0,
    HOST,
    MAIL,
    ORIGIN,
    PATH,
    PATTERN,
    PORT,
    TEXT,
    URL,
    choice,
    integer,
)
from .kinds import number as _number
from .setting import rows

#: Boundaries, in seconds, of every duration histogram (`botobs.semconv.DURATION_BUCKETS`), as Prometheus writes them.
_BOUNDARIES = (
    "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30",
)  # fmt: skip
_SHARE = _number(0, 1, inside=True)

_CHANNELS = ", ".join(f"`{name}`" for name in BY_NAME)

ALERTING = rows(
    ("ALERT_RECEIVER", RECEIVERS, "nobody", "channels that receive every alert: " + _CHANNELS + ", with commas; a "
     "channel's own setting, below, wins"),
    *((f"ALERT_{each.name.upper()}", ALERTS, NONE, f"which alerts go out by {each.title}: `all`, `none`, or what they "
       "must have, such as `severity=critical area=orders|bots owner=trading`") for each in CHANNELS),
    ("ALERT_EMAIL_TO", MAIL, "root@localhost", "where mails go"),
    ("SMTP_HOST", HOST, "127.0.0.1", "the mail server"),
    ("SMTP_PORT", PORT, "25", "its port"),
    ("SMTP_FROM", MAIL, "botobs@localhost", "the sender of mails"),
    ("SMTP_HELLO", HOST, "localhost", "how we introduce ourselves to the mail server"),
    ("SMTP_USERNAME", TEXT, "", "log in with this name and the password in `secrets/alertmanager/smtp.password`"),
    ("SMTP_REQUIRE_TLS", BOOLEAN, "true", "whether mails are sent over STARTTLS alone"),
    ("SMTP_CA", PATH, "", "file of the authorities of the mail server's certificate; the system's if unset"),
    ("ALERT_PROXY", URL, "", "a proxy by which every channel but mail goes out, such as `http://proxy.example.com:3128`"),
    ("ALERT_NO_PROXY", TEXT, "", "hosts and networks that are reached without it, separated by commas"),
    ("SLACK_CHANNEL", TEXT, "#alerts", "the channel; the webhook's address is in `secrets/alertmanager/slack.url`"),
    ("TELEGRAM_CHAT", CHAT, "1", "id of the chat; the bot's token is in `secrets/alertmanager/telegram.token`"),
    ("TELEGRAM_THREAD", integer(), "0", "its topic, in a group that has some"),
    ("TELEGRAM_URL", URL, "https://api.telegram.org", "where Telegram's Bot API is"),
    ("PAGERDUTY_URL", URL, "https://events.pagerduty.com/v2/enqueue", "PagerDuty's Events API; in the EU "
     "`https://events.eu.pagerduty.com/v2/enqueue`. The key is in `secrets/alertmanager/pagerduty.key`"),
    ("DEADMAN_RECEIVER", choice("nobody", "deadman"), "nobody", "`deadman`: the Watchdog alert is posted to the "
     "address in `secrets/alertmanager/deadman.url`, which must stand outside this machine"),
    ("DEADMAN_INTERVAL", DURATION, "1m", "how often the Watchdog alert is posted"),
    ("ALERT_GROUP_WAIT", DURATION_OR_0, "30s", "how long the first message waits for others of its group"),
    ("ALERT_GROUP_WAIT_CRITICAL", DURATION_OR_0, "5s", "the same for critical alerts"),
    ("ALERT_GROUP_WAIT_ORDERS", DURATION_OR_0, "1s", "the same for alerts about orders, those with "
     "`urgency: now`, and critical ones that none inhibits"),
    ("ALERT_GROUP_INTERVAL", DURATION, "1m", "time between messages of a group; also how late `resolved` may be"),
    ("ALERT_GROUP_INTERVAL_CRITICAL", DURATION, "10s", "the same for critical alerts; in a cluster as the one above"),
    ("ALERT_GROUP_INTERVAL_ORDERS", DURATION, "3s", "the same for alerts about orders, those with `urgency: now`, and "
     "critical ones that none inhibits; in a cluster as `BOTOBS_ALERT_GROUP_INTERVAL`"),
    ("ALERT_REPEAT_INTERVAL", DURATION, "4h", "when the message about a fault that lasts is repeated"),
    ("ALERT_REPEAT_INTERVAL_CRITICAL", DURATION, "1h", "the same for critical alerts and those about orders"),
    ("ALERT_RESEND_DELAY", DURATION, "1m", "how often Prometheus sends a firing alert to Alertmanager; after four "
     "times as long without, it is resolved"),
    ("ALERTMANAGER_PEER_TIMEOUT", DURATION, "15s", "how long a cluster's second Alertmanager waits for the first"),
    ("GRAFANA_URL", URL, "https://127.0.0.1:3000", "where people find Grafana, where one runs"),
    ("RUNBOOK_BASE", URL, "", "what stands before the path of a runbook in messages, where the runbooks are yours"),
    ("CONSOLE_PORT", PORT, "9400", "port of the console on the loopback; a free one where nobody sets it and "
     "this is taken"),
    ("CONSOLE_URL", ORIGIN, "", "where people reach `botobs console`: links of messages to runbooks and silences "
     "begin with it; where it is unset, commands stand in their place"),
)  # fmt: skip

OBJECTIVES = rows(
    ("SLO_AVAILABILITY", _SHARE, "0.995", "part of requests that succeed"),
    ("SLO_LATENCY", _SHARE, "0.99", "part of requests that are fast enough"),
    ("SLO_LATENCY_BUCKET", choice(*_BOUNDARIES), "1", "what is fast enough, in seconds: a boundary of the histograms"),
    ("SLO_HTTP_SERVICES", PATTERN, "trading-engine", "services whose HTTP requests the objectives are about"),
    ("SLO_TURN_SERVICES", PATTERN, "bot-manager", "services whose bots' turns the objectives are about"),
    ("SLO_FAST_SHORT", DURATION, "5m", "short window of the burn rate of 14.4 (page)"),
    ("SLO_FAST_LONG", DURATION, "1h", "its long window"),
    ("SLO_SLOW_SHORT", DURATION, "30m", "short window of the burn rate of 6 (page)"),
    ("SLO_SLOW_LONG", DURATION, "6h", "its long window"),
    ("SLO_TICKET_SHORT", DURATION, "2h", "short window of the burn rate of 3 (ticket)"),
    ("SLO_TICKET_LONG", DURATION, "1d", "its long window"),
    ("SLO_DRIFT_SHORT", DURATION, "6h", "short window of the burn rate of 1 (ticket)"),
    ("SLO_DRIFT_LONG", DURATION, "3d", "its long window"),
    ("HEALTH_ROUTES", PATTERN, "/(health|ready|live)z?", "HTTP routes that do not count as requests"),
    ("HEALTH_SPANS", PATTERN, ".*/(health|ready|live)z?", "names of their spans"),
    ("SESSION_OPEN", DURATION_OR_0, "0s", "when the market opens, as time since midnight UTC (`14h30m`)"),
    ("SESSION_CLOSE", DURATION, "24h", "when it closes"),
    ("SESSION_FIRST_DAY", integer(0, 6), "0", "first day of the week on which it opens; 0 is Sunday"),
    ("SESSION_LAST_DAY", integer(0, 6), "6", "last day"),
)  # fmt: skip

TIMES = rows(
    ("ALERT_WINDOW", DURATION, "2m", "over which rates and percentiles are taken; at least four exports of metrics"),
    ("ANSWER_WINDOW", DURATION, "30s", "how long no statement of a service may succeed until its database counts as "
     "one that does not respond; at least three exports of metrics"),
    ("FOR_CAUSE", DURATION_OR_0, "15s", "how long a fault must last that is a cause of others, or urgent"),
    ("FOR_HEARTBEAT", DURATION_OR_0, "10s", "how long a service must be silent; an export interval, in which others "
     "that fell silent with it are noticed"),
    ("FOR_DEATH", DURATION_OR_0, "2s", "how long a service must be dead whose end was seen, or be silent for longer: "
     "until the first sign of life of one that was started in its place"),
    ("CANARY_WINDOW", DURATION, "45s", "how long the canary must have come without a gap before silence counts; longer "
     "than the SDK's pause between two attempts"),
    ("FOR_SHORT", DURATION_OR_0, "1m", "how long other faults must last; above `BOTOBS_FOR_CAUSE` and two scrapes"),
    ("FOR_MEDIUM", DURATION_OR_0, "5m", "how long slow faults must last"),
    ("FOR_LONG", DURATION_OR_0, "15m", "how long drifts must last"),
    ("FOR_NO_ORDERS", DURATION_OR_0, "15m", "the longest time without orders that is normal for your strategies"),
    ("KEEP_FIRING", DURATION_OR_0, "2m", "how long an alert on events goes on after the last one"),
    ("KEEP_CAUSE", DURATION_OR_0, "5m", "how long the alert of a cause goes on after its end: until "
     "`BOTOBS_ALERT_WINDOW` and `BOTOBS_SLO_FAST_SHORT` hold nothing of it any more"),
    ("CRASH_WINDOW", DURATION, "15m", "in which crashes of processes are counted"),
    ("RESTART_WINDOW", DURATION, "15m", "in which restarts of a bot are counted"),
    ("RECONNECT_WINDOW", DURATION, "5m", "in which reconnects are counted"),
    ("RESYNC_WINDOW", DURATION, "10m", "in which order books that were thrown away are counted"),
    ("HEARTBEAT_MEMORY", DURATION, "1d", "how long a heartbeat that has stopped is remembered"),
    ("ORPHAN_WINDOW", DURATION, "1h", "how long orders of a process that has died are alerted on"),
    ("UNSETTLED_MEMORY", DURATION, "15d", "how long an order of unknown outcome is remembered after the "
     "last process exported it"),
    ("EVALUATION_INTERVAL", DURATION, "15s", "how often rules are evaluated"),
    ("HEARTBEAT_EVALUATION_INTERVAL", DURATION, "2s", "how often it is looked whether services live"),
    ("CRITICAL_EVALUATION_INTERVAL", DURATION, "5s", "how often those of other critical alerts are evaluated"),
    ("ORDER_EVALUATION_INTERVAL", DURATION, "1s", "how often those of money that is lost meanwhile are evaluated"),
    ("RULE_QUERY_OFFSET", DURATION_OR_0, "10s", "how far back rules look, so that late points have come"),
)  # fmt: skip
