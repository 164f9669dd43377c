"""Simulated exchanges: real ccxt clients connect to them, and faults can be turned on."""
