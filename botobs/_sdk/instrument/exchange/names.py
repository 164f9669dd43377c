"""ccxt's words: the unified methods that are watched, and how they are spelled."""

from __future__ import annotations

import functools

_FETCH = """
accounts all_greeks balance bids_asks borrow_interest borrow_rate borrow_rate_history canceled_and_closed_orders
canceled_orders closed_order closed_orders convert_currencies convert_quote convert_trade cross_borrow_rate
cross_borrow_rates currencies deposit deposit_address deposit_addresses deposit_addresses_by_network
deposit_withdraw_fee deposit_withdraw_fees deposits deposits_withdrawals funding_history funding_interval
funding_intervals funding_rate funding_rate_history funding_rates greeks index_ohlcv isolated_borrow_rate
isolated_borrow_rates l2_order_book l3_order_book last_prices ledger ledger_entry leverage leverage_tiers leverages
liquidations long_short_ratio long_short_ratio_history margin_adjustment_history margin_mode margin_modes
mark_ohlcv mark_price mark_prices market_leverage_tiers markets my_liquidations my_settlement_history my_trades
ohlcv open_interest open_interest_history open_interests open_order open_orders option option_chain order order_book
order_books order_trades orders orders_by_status position position_history position_mode positions
positions_for_symbol positions_history positions_risk premium_index_ohlcv settlement_history status ticker tickers
time trades trading_fee trading_fees trading_limits transaction_fee transaction_fees transactions transfer transfers
underlying_assets volatility_history withdrawal withdrawals
"""
_ACT = """
add_margin borrow_cross_margin borrow_isolated_margin borrow_margin cancel_all_orders cancel_all_orders_after
cancel_order cancel_orders cancel_orders_for_symbols cancel_withdraw close_all_positions close_position
create_convert_trade create_deposit_address create_order create_orders edit_order edit_orders reduce_margin
repay_cross_margin repay_isolated_margin repay_margin set_leverage set_margin set_margin_mode set_position_mode
sign_in transfer withdraw
"""
_OVER_WEBSOCKET = """
cancel_all_orders_ws cancel_order_ws cancel_orders_ws create_order_ws create_orders_ws edit_order_ws fetch_balance_ws
fetch_closed_orders_ws fetch_currencies_ws fetch_deposits_ws fetch_markets_ws fetch_my_trades_ws fetch_ohlcv_ws
fetch_open_orders_ws fetch_order_book_ws fetch_order_ws fetch_orders_ws fetch_position_ws fetch_positions_ws
fetch_ticker_ws fetch_tickers_ws fetch_trades_ws fetch_trading_fees_ws fetch_withdrawals_ws
"""

#: Methods that become one span per call. `load_markets` is not among them, because every call begins with it and it
#: nearly always returns from memory; what it does over the network is `fetch_markets` and `fetch_currencies`.
OPERATIONS: frozenset[str] = frozenset(
    [*(f"fetch_{name}" for name in _FETCH.split()), *_ACT.split(), *_OVER_WEBSOCKET.split()]
)

#: What a call is named that goes to an endpoint directly.
IMPLICIT = "implicit"

#: The call that submits as many orders as there are positions.
CLOSES_ALL = "close_all_positions"

#: Operations by what becomes of an order.
SUBMITS = frozenset(
    {CLOSES_ALL, "close_position", "create_order", "create_order_ws", "create_orders", "create_orders_ws"}
)
EDITS = frozenset({"edit_order", "edit_order_ws", "edit_orders", "edit_orders_ws"})
BATCHES = frozenset({"create_orders", "create_orders_ws", "edit_orders", "edit_orders_ws"})
CANCELS = frozenset({"cancel_order", "cancel_order_ws", "cancel_orders", "cancel_orders_ws"})
ORDER_QUERIES = frozenset({"fetch_order", "fetch_order_ws"})

#: What a request to an endpoint is called that submits one order, by what it does.
ENDPOINTS = {"submit": "create_order", "edit": "edit_order"}

#: How calls begin that submit no order, also when a call that does makes them on the way.
ASIDES = ("fetch_", "set_", "sign_in")

#: Calls with which some clients prepare their first order; not counted as separate calls.
PREPARES = frozenset({"handle_builder_fee_approval", "initialize_client", "is_unified_enabled", "set_ref"})

_UPPER = {"ohlcv": "OHLCV", "le": "LE", "be": "BE", "adl": "ADL"}


@functools.cache
def camel_case(name: str) -> str:
    """The second spelling that ccxt gives a method: `fetch_ohlcv` is also `fetchOHLCV`."""
    first, *rest = name.split("_")
    return first + "".join(_UPPER.get(word, word[:1].upper() + word[1:]) for word in rest)
