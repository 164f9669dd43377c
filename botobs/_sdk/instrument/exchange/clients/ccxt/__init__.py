"""ccxt and ccxt.pro."""
