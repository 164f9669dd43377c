"""`botobs orders`: what is listed of what the stores answer, where they disagree, and the exit code."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from botobs._ops.errors import UserError
from botobs._ops.orders import Counted, Listing, find, read
from botobs._sdk.orders import order_key

NOW = 1_800_000_000.0
Event = tuple[str, str, float]


def value(of: object) -> dict[str, Any]:
    return {"doubleValue": of} if isinstance(of, float) else {"stringValue": of}


def span(client_order_id: str, at: float, **more: object) -> dict[str, Any]:
    """One span in Tempo's answer to a search."""
    attributes = {
        "service.name": "engine",
        "exchange.name": "binance",
        "exchange.order.client_id": client_order_id,
        "botobs.order.key": order_key("binance", client_order_id),
        **{name.replace("__", "."): each for name, each in more.items()},
    }
    return {
        "traceID": "1" * 32,
        "spanSets": [
            {
                "spans": [
                    {
                        "spanID": "2" * 16,
                        "startTimeUnixNano": str(int(at * 1e9)),
                        "attributes": [
                            {"key": name, "value": value(each)}
                            for name, each in attributes.items()
                            if each != ""
                        ],
                    }
                ]
            }
        ],
    }


class Stores:
    """Tempo and Prometheus, as far as they are asked."""

    def __init__(
        self, events: Sequence[Event] = (), counted: Mapping[tuple[str, str, str], float] | None = None
    ) -> None:
        self.traces = {
            kind: [(at, span(name, at)) for what, name, at in events if what == kind]
            for kind in ("order unknown", "order settled", "order submitted")
        }
        #: Orders whose answer is in another file of Tempo's than their submission.
        self.answered = {name for what, name, _ in events if what == "answered"}
        self.counted = counted or {}
        self.asked = 0

    def tempo(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        asked = request.url.params
        begin, end = int(asked["start"]), int(asked["end"])
        if "=~" in asked["q"] and "!>" not in asked["q"]:
            named = self._named(asked["q"])
            return httpx.Response(200, json={"traces": [span(name, begin) for name in named & self.answered]})
        (kind,) = [kind for kind in self.traces if f'"{kind}"' in asked["q"].partition("|")[0].rpartition(">")[2]
                   or (kind == "order submitted" and "!>" in asked["q"])][:1]  # fmt: skip
        return httpx.Response(
            200, json={"traces": [trace for at, trace in self.traces[kind] if begin <= at < end]}
        )

    @staticmethod
    def _named(query: str) -> set[str]:
        found = re.search(r'client_id =~ "([^"]*)"', query)
        assert found
        return set(found[1].replace("\\\\", "").split("|"))

    def prometheus(self, _: httpx.Request) -> httpx.Response:
        labels = ("service_name", "exchange_name", "botobs_bot_id")
        result = [
            {"metric": dict(zip(labels, who, strict=True)), "value": [NOW, str(count)]}
            for who, count in self.counted.items()
        ]
        return httpx.Response(
            200, json={"status": "success", "data": {"resultType": "vector", "result": result}}
        )

    def read(self, last: float = 3 * 86400.0) -> Listing:
        with client(self.tempo) as tempo, client(self.prometheus) as prometheus:
            return read(tempo, prometheus, last, NOW)


def client(answer: Any) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://store")


def refused(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["order unknown", "order settled"]),
            st.sampled_from("abc"),
            st.integers(1, 250_000).map(lambda ago: NOW - ago),
        ),
        max_size=12,
        unique_by=lambda event: event[2],
    )
)
def test_an_order_is_listed_when_the_last_that_is_told_of_it_is_that_it_is_unknown(
    events: list[Event],
) -> None:
    last: dict[str, Event] = {}
    for event in sorted(events, key=lambda event: event[2]):
        last[event[1]] = event
    expected = {name for name, (what, _, _) in last.items() if what == "order unknown"}
    listing = Stores(events).read()
    assert {order.client_order_id for order in listing.orders or ()} == expected
    assert listing.exit_code == (1 if expected else 0)


def test_one_without_an_answer_is_open_until_it_is_settled_or_known_to_be_unknown() -> None:
    events = [("order submitted", name, NOW - 5) for name in ("waits", "settled", "unknown")]
    events += [("order settled", "settled", NOW - 3), ("order unknown", "unknown", NOW - 3)]
    listing = Stores(events).read()
    assert {order.client_order_id: order.state for order in listing.orders or ()} == {
        "waits": "open",
        "unknown": "unknown",
    }


@pytest.mark.parametrize("orders", [1, 250])
def test_an_answer_that_tempo_has_in_another_file_is_an_answer(orders: int) -> None:
    names = [f"bot-{number}" for number in range(orders)]
    events = [("order submitted", name, NOW - 90) for name in names]
    stores = Stores([*events, *(("answered", name, NOW - 80) for name in names)])
    assert stores.read().orders == []
    stores.answered.remove("bot-0")
    assert [order.client_order_id for order in stores.read().orders or ()] == ["bot-0"]


@pytest.mark.parametrize(("ago", "code"), [(5.0, 0), (61.0, 1)])
def test_one_without_an_answer_for_a_minute_is_of_unknown_outcome(ago: float, code: int) -> None:
    assert Stores([("order submitted", "waits", NOW - ago)]).read().exit_code == code


def test_what_the_two_say_differently_is_said() -> None:
    counted = {("engine", "binance", "b1"): 1.0, ("engine", "binance", "b2"): 1.0, ("desk", "okx", ""): 1.0}
    listing = Stores([("order unknown", "a", NOW - 5)], counted).read()
    assert listing.disagreements == [
        "Prometheus counts 1 of desk on okx, Tempo names 0.",
        "Prometheus counts 2 of engine on binance, Tempo names 1.",
    ]
    assert Stores([], {("desk", "okx", ""): 1.0}).read().exit_code == 1


@pytest.mark.parametrize(
    ("tempo_answers", "prometheus_answers", "unknown", "code"),
    [
        (True, True, False, 0),
        (True, True, True, 1),
        (True, False, False, 2),
        (False, True, False, 2),
        (True, False, True, 1),
        (False, True, True, 1),
        (False, False, True, 2),
    ],
)
def test_the_exit_code_says_what_is_known(
    tempo_answers: bool, prometheus_answers: bool, unknown: bool, code: int
) -> None:
    stores = Stores(
        [("order unknown", "a", NOW - 5)] if unknown else [],
        {("engine", "binance", ""): 1.0} if unknown else {},
    )
    with (
        client(stores.tempo if tempo_answers else refused) as tempo,
        client(stores.prometheus if prometheus_answers else refused) as prometheus,
    ):
        listing = read(tempo, prometheus, 3600.0, NOW)
    assert listing.exit_code == code
    assert len(listing.problems) == (not tempo_answers) + (not prometheus_answers)


def test_tempo_is_asked_day_by_day() -> None:
    stores = Stores()
    done: list[str] = []
    with client(stores.tempo) as tempo:
        read(tempo, None, 2.5 * 86400, NOW, done.append)
    assert stores.asked == 3 * 3
    assert len(done) == 3


def test_an_order_is_found_by_either_id_and_among_services_by_name() -> None:
    listing = Stores([("order unknown", "a", NOW - 5)]).read()
    (order,) = listing.orders or ()
    assert find([order], "a", "binance", None) is order
    assert find([order], "a", "okx", None) is None
    assert find([order], "a", "binance", "desk") is None
    other = type(order)(
        **{name: getattr(order, name) for name in order.__slots__} | {"service": "desk", "order_id": "7"}
    )
    assert find([order, other], "7", "binance", None) is other
    assert find([order, other], "a", "binance", "desk") is other
    with pytest.raises(UserError, match="desk, engine"):
        find([order, other], "a", "binance", None)


def test_counts_are_put_together_by_service_and_exchange() -> None:
    listing = Listing([], [Counted("engine", "okx", "b1", 2), Counted("engine", "okx", "b2", 1)], [], NOW)
    assert listing.disagreements == ["Prometheus counts 3 of engine on okx, Tempo names 0."]
