"""Credentials of the account that every simulated exchange has. They are valid at the simulator only."""

from __future__ import annotations

API_KEY = "demo-key"
SECRET = "demo-secret"
PASSPHRASE = "demo-passphrase"
