"""Binance's spot dialect."""
