"""freqtrade, unmodified, under `botobs run`: its exchange calls, statements and streams reach the backends.

The tests run in order: the last one ends the bot.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from testbed.stack import LiveStack
from tests.support.freqtrade import NAME, PAIRS, Freqtrade
from tests.support.simulator import Simulator
from tests.support.waiting import eventually

#: Seconds that a busy machine may take until the bot has traded. A bot that has ended is not waited for.
_PATIENCE = 300
_BINANCE = f'service_name="{NAME}",exchange_name="binance"'
#: freqtrade's own status after Ctrl-C.
_INTERRUPTED = 130


def _series(bot: Freqtrade, live: LiveStack, promql: str) -> list[dict[str, Any]]:
    def found() -> list[dict[str, Any]]:
        bot.assert_running()
        return live.query(promql)

    series = eventually(found, within=_PATIENCE)
    assert series, f"no series for {promql}; the log ends with:\n{bot.log[-4000:]}"
    return series


def _span(bot: Freqtrade, live: LiveStack, conditions: str) -> None:
    def found() -> list[dict[str, Any]]:
        bot.assert_running()
        return live.search(
            f'{{ resource.service.name = "{NAME}" && kind = client && {conditions} }}', limit=1
        )

    assert eventually(found, within=_PATIENCE), f"no span with {conditions}"


@pytest.mark.parametrize(
    ("client", "operation"),
    [
        ("ccxt.sync", "fetch_time"),
        ("ccxt.sync", "fetch_l2_order_book"),
        ("ccxt.pro", "fetch_markets"),
        ("ccxt.pro", "fetch_ohlcv"),
    ],
)
def test_its_exchange_calls_are_seen(bot: Freqtrade, live: LiveStack, client: str, operation: str) -> None:
    who = f'{_BINANCE},exchange_client="{client}"'
    _series(
        bot,
        live,
        f'exchange_client_operation_duration_seconds_count{{{who},exchange_operation="{operation}"}} > 0',
    )
    _series(bot, live, f"exchange_client_request_duration_seconds_count{{{who}}} > 0")
    _span(bot, live, f'name = "{operation} binance" && span.exchange.client = "{client}" && status != error')


def test_what_it_may_still_ask_is_seen(bot: Freqtrade, live: LiveStack) -> None:
    who = f'{_BINANCE},exchange_ratelimit_scope="weight_1m"'
    _series(bot, live, f"exchange_ratelimit_used{{{who}}} > 0 < 6000")
    _series(bot, live, f"exchange_ratelimit_limit{{{who}}} == 6000")


def test_its_streams_are_seen(bot: Freqtrade, live: LiveStack) -> None:
    _series(bot, live, f'exchange_ws_connections{{{_BINANCE},exchange_ws_state="open"}} == 1')
    _series(bot, live, f'exchange_ws_messages_total{{{_BINANCE},exchange_ws_direction="received"}} > 10')
    _series(bot, live, f'exchange_ws_streams{{{_BINANCE},exchange_channel="ohlcv"}} == {len(PAIRS)}')
    _series(bot, live, f'exchange_ws_stream_age_seconds{{{_BINANCE},exchange_channel="ohlcv"}} < 30')
    _series(bot, live, f"exchange_ohlcv_age_seconds{{{_BINANCE}}} < 60")
    # An update that has come and is awaited anew is none that never came.
    old = f"exchange_ws_uptime_seconds{{{_BINANCE}}} > 30"
    _series(bot, live, f"exchange_ws_awaiting_age_seconds{{{_BINANCE}}} < 10 and {old}")
    _span(bot, live, 'name = "ws connect binance"')


@pytest.mark.parametrize("summary", ["INSERT trades", "INSERT orders", "UPDATE trades", "SELECT pairlocks"])
def test_its_database_statements_are_seen(bot: Freqtrade, live: LiveStack, summary: str) -> None:
    where = f'service_name="{NAME}",db_system_name="sqlite",db_query_summary="{summary}"'
    _series(bot, live, f"db_client_operation_duration_seconds_count{{{where}}} > 0")
    _span(bot, live, f'name = "{summary}" && span.db.system.name = "sqlite"')


def test_it_has_asked_what_is_counted(bot: Freqtrade, live: LiveStack, simulator: Simulator) -> None:
    """The exchange counts as many requests as botobs does."""
    calls = simulator.exchanges["binance"].counts.calls

    def agree() -> bool:
        bot.assert_running()
        counted = live.value(f"sum(exchange_client_request_duration_seconds_count{{{_BINANCE}}})")
        return counted == sum(calls.values())

    assert eventually(agree, within=_PATIENCE), dict(calls)


def test_it_ends_as_without_botobs(bot: Freqtrade, live: LiveStack) -> None:
    assert bot.interrupt() == _INTERRUPTED, bot.log[-4000:]
    # Neither a word of botobs' own nor a record of its loggers.
    assert not re.search(r"^botobs| - botobs", bot.log, re.MULTILINE), bot.log[:4000]
    assert "Traceback" not in bot.log
    goodbye = f'botobs_service_goodbye_timestamp_seconds{{service_name="{NAME}"}} > 0'
    assert eventually(lambda: live.query(goodbye), within=60)
    for counter in ("dropped", "export_failures", "instrumentation_errors"):
        assert live.value(f'sum(botobs_sdk_{counter}_total{{service_name="{NAME}"}})') == 0, counter
