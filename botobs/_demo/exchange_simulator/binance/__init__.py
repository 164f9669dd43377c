"""Binance's spot API."""
