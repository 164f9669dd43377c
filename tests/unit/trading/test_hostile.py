"""Whatever is reported, and however it is called: no report raises, and a service's exception comes out as it is."""

from __future__ import annotations

from typing import Any

import pytest

from botobs import trading
from botobs.testing import Capture
from tests.support.hostile import EXCEPTIONS, NAMES, values


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
@pytest.mark.usefixtures("captured")
def test_reports_take_anything(number: int) -> None:
    hostile: Any = values()[number]
    bot = trading.bot(hostile, exchange=hostile, strategy=hostile, heartbeat_interval=hostile)
    bot.state(hostile)
    bot.failed(hostile)
    with bot.turn(), trading.decision(hostile, strategy=hostile) as decision:
        decision.refused(hostile)
        order = decision.order(hostile, exchange=hostile, symbol=hostile, side=hostile, type=hostile)
        order.filled(hostile, hostile, complete=hostile)
    with trading.order(hostile, exchange=hostile).submission() as order:
        order.acknowledged(hostile)
        order.rejected(hostile)
        order.unknown(hostile)
    feed = trading.feed(hostile, channel=hostile)
    feed.received(hostile, hostile)
    assert len(trading.order_trace_id(hostile, exchange=hostile)) == 32


@pytest.mark.parametrize("kind", EXCEPTIONS)
def test_the_services_own_exception_comes_out(captured: Capture, kind: type[Exception]) -> None:
    given = kind()
    bot = trading.bot("b1")
    caught = None
    try:
        with (
            bot.turn(),
            trading.decision(bot) as decision,
            decision.order("c1", exchange="kraken").submission(),
        ):
            raise given
    except BaseException as error:
        caught = error
    assert caught is given
    assert {"bot turn", "bot decision", "order submit"} <= {span.name for span in captured.spans}
